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

func Must(err error) {
	if err != nil {
		panic(err)
	}
}

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

func JSONOf(t *testing.T, r *report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func Document(t *testing.T, text string) any {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func MarkdownOf(t *testing.T, r *report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := text.Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

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

func Statistic(value float64, err error) float64 {
	Must(err)
	return value
}

func PlainSummary(s report.Summary) string {
	text, err := json.Marshal(s)
	Must(err)
	return string(text)
}

func TextOf(t *testing.T, r *report.Report, o text.Options) string {
	t.Helper()
	var b strings.Builder
	if err := text.Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

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
