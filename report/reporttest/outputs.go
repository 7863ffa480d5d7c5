package reporttest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"brunt/report"
	"brunt/report/merge"
	"brunt/report/text"
)

// Must panics on an error that no test expects.
func Must(err error) {
	if err != nil {
		panic(err)
	}
}

// Compiled is the schema of JSON reports.
func Compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// JSONOf is the report as JSON.
func JSONOf(t *testing.T, r *report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Document is JSON text as the schema's library takes it.
func Document(t *testing.T, text string) any {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// MarkdownOf is the report as markdown.
func MarkdownOf(t *testing.T, r *report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := text.Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// MergedOf is the report of several, whose identities hold.
func MergedOf(t *testing.T, reports ...*report.Report) *report.Report {
	t.Helper()
	m, err := merge.Reports(reports)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	if err := Compiled(t).Validate(Document(t, JSONOf(t, m))); err != nil {
		t.Error(err)
	}
	return m
}

// Statistic is a value of the statistics library, which has no error for what it is
// given here.
func Statistic(value float64, err error) float64 {
	Must(err)
	return value
}

// PlainSummary is a summary in one line, for comparing.
func PlainSummary(s report.Summary) string {
	text, err := json.Marshal(s)
	Must(err)
	return string(text)
}

// TextOf is the report as text.
func TextOf(t *testing.T, r *report.Report, o text.Options) string {
	t.Helper()
	var b strings.Builder
	if err := text.Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// ThroughJSON is the report written to JSON and read again.
func ThroughJSON(t *testing.T, r *report.Report) *report.Report {
	t.Helper()
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	again, err := report.Read(&b, "r.json")
	if err != nil {
		t.Fatal(err)
	}
	return again
}
