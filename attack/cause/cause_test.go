package cause

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"brunt/attack/cause/causetest"
)

func TestCauses(t *testing.T) {
	for _, c := range causetest.Refusals {
		sample := []byte(c.Body[:min(len(c.Body), SampleSize)])
		if got, _ := causeOf(c.Status, sample, true); string(got) != c.Cause {
			t.Errorf("%d %s: %q, expected %q", c.Status, c.Body, got, c.Cause)
		}
		if got := DescribeBody(sample); got != c.Message {
			t.Errorf("%d %s:\n%q, expected\n%q", c.Status, c.Body, got, c.Message)
		}
	}
	for _, r := range rules {
		for _, w := range r.words {
			for _, part := range [][]byte{w.first, w.second} {
				if string(part) != strings.ToLower(string(part)) {
					t.Errorf("%q is not in lower case", part)
				}
			}
		}
	}
	sample := []byte(causetest.Refusals[0].Body)
	if n := testing.AllocsPerRun(100, func() { causeOf(429, sample, false) }); n != 0 {
		t.Errorf("%g allocations for a cause", n)
	}
}

// Whatever an endpoint answers, its message is one line of text that ends.
func FuzzFailedReply(f *testing.F) {
	for _, c := range causetest.Refusals {
		f.Add(c.Status, []byte(c.Body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		body = body[:min(len(body), SampleSize)]
		before := bytes.Clone(body)
		message := DescribeBody(body)
		for _, theirs := range []bool{false, true} {
			cause, known := causeOf(status, body, theirs)
			if theirs && !known {
				t.Error("an endpoint of Databricks is none")
			}
			if said := AdviceOn(cause, &Answered{Databricks: known, Method: "POST", Payload: "x"}); !known && causetest.DatabricksWords.MatchString(said) {
				t.Errorf("%d %s: %s", status, body, said)
			}
		}
		if !utf8.ValidString(message) || len(message) > 300 || message != strings.Join(strings.Fields(message), " ") {
			t.Errorf("%q", message)
		}
		if !bytes.Equal(before, body) {
			t.Error("the body was changed")
		}
	})
}

// TestRulesElsewhere goes through the whole table: whatever a server that is none
// of Databricks' says, in any status, with a body and without, it is told
// nothing that only an endpoint of theirs has.
func TestRulesElsewhere(t *testing.T) {
	texts := []string{"", "?", "{}", causetest.NginxPage("an error")}
	for i := range rules {
		for _, w := range rules[i].words {
			texts = append(texts, string(w.first)+" x "+string(w.second), `{"error":{"message":"`+string(w.first)+" x "+string(w.second)+`"}}`)
		}
	}
	for status := 100; status < 1000; status++ {
		for _, text := range texts {
			cause, known := causeOf(status, []byte(text), false)
			if known {
				t.Fatalf("%q is taken for a reply of Databricks'", text)
			}
			for _, payload := range []string{"", "x"} {
				if said := AdviceOn(cause, &Answered{Method: "POST", Payload: payload}); causetest.DatabricksWords.MatchString(said) {
					t.Errorf("%d %q: %s", status, text, said)
				}
			}
			if cause == Workspace || cause == Gateway {
				t.Errorf("%d %q: %s", status, text, cause)
			}
		}
	}
}

// TestRecognisedReplies: a reply of Databricks' own shape is one
// wherever it comes from; what only looks alike is not.
func TestRecognisedReplies(t *testing.T) {
	for text, want := range map[string]bool{
		`{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"x"}`:                                     true,
		`{ "error_code" : "403", "message" : "Invalid access token." }`:                              true,
		`{"message":"x","error_code":"PERMISSION_DENIED"}`:                                           true,
		"REQUEST_LIMIT_EXCEEDED: Exceeded max number":                                                true,
		`{"error":{"message":"Too Many Requests","type":"rate_limit_exceeded","limit_type":"ITPM"}}`: true,
		`{"error_code":404,"message":"x"}`:                                                           false,
		`{"error_code":"E1234","message":"x"}`:                                                       false,
		`{"error_code":"NOT_FOUND"}`:                                                                 false,
		`{"ok":false,"error_code":"400","description":"Bad Request"}`:                                false,
		`{"error_code":110,"error_msg":"Access token invalid"}`:                                      false,
		`{"error":{"code":403,"message":"x","status":"PERMISSION_DENIED"}}`:                          false,
		"unknown: x": false, "aborted: x": false, "": false, `{"error_code":`: false, `{"error_code":"`: false,
		"The model `databricks/dbrx-instruct` does not exist.": false, `{"limit_type":"minute","message":"x"}`: false,
	} {
		if _, got := causeOf(400, []byte(text), false); got != want {
			t.Errorf("%s: %t, expected %t", text, got, want)
		}
	}
}

func BenchmarkCause(b *testing.B) {
	sample := []byte(causetest.Refusals[0].Body)
	b.Run("cause", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			causeOf(429, sample, true)
		}
	})
	b.Run("same cause", func(b *testing.B) {
		b.ReportAllocs()
		var r Refusal
		for b.Loop() {
			r.Explain(429, sample, true)
		}
	})
}
