package payloads

import (
	"strings"
	"testing"

	"brunt/payloads/filetest"
)

// TestAsked: what bodies ask of a language model, as far as each says so.
func TestAsked(t *testing.T) {
	for _, c := range []struct {
		lines  string
		format Format
		want   Asked
	}{
		{`{"max_tokens":100}|{"a":[{"max_tokens":1}],"max_completion_tokens":50}`, BodyFormat, Asked{2, 50, 75, false}},
		{` {"max_tokens":100,"ignore_eos":true}|{"max_tokens":30,"min_tokens":30}`, BodyFormat, Asked{2, 30, 65, true}},
		{`{"max_tokens":100,"ignore_eos":true}|{"max_tokens":30,"min_tokens":20}`, BodyFormat, Asked{2, 30, 65, false}},
		{`{"max_tokens":100}|{"messages":[]}`, BodyFormat, Asked{}},
		{`{"max_tokens":null}`, BodyFormat, Asked{}}, {`[1]`, BodyFormat, Asked{}}, {`{"max_tokens":"x"}`, BodyFormat, Asked{}},
		{`{"timestamp_ms":1,"body":{"max_tokens":7}}`, AutoFormat, Asked{1, 7, 7, false}},
		{strings.Repeat(`{"max_tokens":2}|`, maxAskedBodies+1), BodyFormat, Asked{maxAskedBodies, 2, 2, false}},
	} {
		path := filetest.Write(t, "a.jsonl", strings.ReplaceAll(c.lines, "|", "\n"))
		if got := mustOpen(t, Options{Format: c.format}, Spec{path, 1}).Asked(); got != c.want {
			t.Errorf("%.60s: %+v", c.lines, got)
		}
	}
	if got := Single("x", []byte(`{"max_tokens":7}`)).Asked(); got.Bodies != 1 || got.Least != 7 {
		t.Error(got)
	}
	if got := Single("x", nil).Asked(); got != (Asked{}) {
		t.Error(got)
	}
}
