package report

import (
	"strings"
	"testing"

	"brunt/payloads"
)

// TestShortAnswers: told where it is known for every answer, and only there.
func TestShortAnswers(t *testing.T) {
	stream := func(answers, tokens, byUsage, choices uint64) *Report {
		return &Report{Requests: Requests{Succeeded: answers}, Stream: &Stream{Streams: answers, OutputTokens: tokens, Choices: choices,
			TokensBy: TokensBy{Usage: byUsage, Chunks: answers - byUsage}}}
	}
	asked := payloads.Asked{Bodies: 4, Least: 50, Mean: 100}
	for _, c := range []struct {
		why   string
		r     *Report
		asked payloads.Asked
		want  string
	}{
		{"short", stream(10, 600, 10, 10), asked, "60 output tokens on average (10 answers), and the bodies' limit is 100; a model may end"},
		{"short, though forced", stream(10, 605, 10, 10), payloads.Asked{Bodies: 4, Least: 50, Mean: 100, Forced: true},
			"60.5 output tokens on average (10 answers), and the bodies' limit is 100, although they set ignore_eos"},
		{"long enough", stream(10, 960, 10, 10), asked, ""},
		{"some of the bodies were not sent", stream(3, 180, 3, 3), asked, ""},
		{"shorter than any of these", stream(3, 120, 3, 3), asked, "40 output tokens on average (3 answers), and the bodies' limit is 50"},
		{"chunks are no tokens", stream(10, 600, 9, 10), asked, ""},
		{"several choices", stream(10, 600, 10, 20), asked, ""},
		{"no limit known", stream(10, 600, 10, 10), payloads.Asked{}, ""},
		{"whole replies", &Report{Requests: Requests{Succeeded: 4}, Usage: &Usage{Replies: 4, OutputTokens: 40}}, asked, "10 output tokens on average (4 answers)"},
		{"not all replies stated their tokens", &Report{Requests: Requests{Succeeded: 5}, Usage: &Usage{Replies: 4, OutputTokens: 40}}, asked, ""},
		{"no language model", &Report{Requests: Requests{Succeeded: 5}}, asked, ""},
	} {
		if got := c.r.shortAnswers(c.asked); c.want == "" != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.why, got)
		}
	}
}
