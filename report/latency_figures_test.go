package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/reporttest"
)

// TestFiguresInJSON: the JSON has each figure's histogram and summary under its
// name, and reads both back.
func TestFiguresInJSON(t *testing.T) {
	r := reporttest.Streamed()
	var b bytes.Buffer
	reporttest.Must(report.JSON(&b, r))
	text := b.Bytes()
	var doc struct {
		Histograms map[string]json.RawMessage
		LatencyMS  map[string]json.RawMessage `json:"latency_ms"`
		LatenessMS json.RawMessage            `json:"lateness_ms"`
		Stream     map[string]json.RawMessage
	}
	reporttest.Must(json.Unmarshal(text, &doc))
	var streamed map[string]json.RawMessage
	reporttest.Must(json.Unmarshal(doc.Stream["histograms"], &streamed))
	maps.Copy(doc.Histograms, streamed)
	doc.LatencyMS["lateness"] = doc.LatenessMS
	for _, f := range figure.Streamed() {
		doc.LatencyMS[f.String()] = doc.Stream[f.String()+"_ms"]
	}
	var names []string
	for _, f := range figure.All() {
		names = append(names, f.String())
	}
	slices.Sort(names)
	if have := slices.Sorted(maps.Keys(doc.Histograms)); !slices.Equal(have, names) {
		t.Errorf("histograms of %v, not of %v", have, names)
	}
	if have := slices.Sorted(maps.Keys(doc.LatencyMS)); !slices.Equal(have, names) {
		t.Errorf("summaries of %v, not of %v", have, names)
	}
	again, err := report.Read(bytes.NewReader(text), "x")
	reporttest.Must(err)
	for _, f := range figure.All() {
		if h, sum := again.Histogram(f), again.Summary(f); h.Count() != r.Histogram(f).Count() || sum.Count != r.Summary(f).Count {
			t.Errorf("%s: read back as %d and %d samples, not %d", f, h.Count(), sum.Count, r.Histogram(f).Count())
		}
	}
}

// TestFigureMistyped: a value of another type is named by its whole path.
func TestFigureMistyped(t *testing.T) {
	var b bytes.Buffer
	reporttest.Must(report.JSON(&b, reporttest.Streamed()))
	for path, spoil := range map[string][2]string{
		"latency_ms.response.count": {`"latency_ms":{"response":{"count":`, `"latency_ms":{"response":{"count":[],"z":`},
		"latency_ms":                {`"latency_ms":{`, `"latency_ms":5,"z":{`},
		"stream.streams":            {`"stream":{"streams":`, `"stream":{"streams":[],"z":`},
		"stream.ttft_ms.p50":        {`"ttft_ms":{`, `"ttft_ms":{"p50":"x",`},
		"goodput.bounds_ms.ttft":    {`"ttft":500`, `"ttft":"x"`},
	} {
		text := bytes.Replace(b.Bytes(), []byte(spoil[0]), []byte(spoil[1]), 1)
		if bytes.Equal(text, b.Bytes()) {
			t.Fatalf("%s: not in the report", path)
		}
		_, err := report.Read(bytes.NewReader(text), "x")
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte("x: "+path+" is ")) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
