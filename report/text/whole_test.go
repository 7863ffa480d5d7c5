package text_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
	"brunt/report/reporttest"
	"brunt/report/text"
)

// TestNothingUsefulIsCut: whatever the page's width, messages, advice, names,
// payloads, request ids, warnings and rules can be read to their end.
func TestNothingUsefulIsCut(t *testing.T) {
	const (
		message = "the stream ended after 2 chunks, without its [DONE]"
		second  = "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused"
		advice  = "the proxy reaches no server behind it: see whether those are up and healthy"
		payload = "prompts-with-a-long-name-of-2026-11-30.jsonl:1234567"
		id      = "6c1f2a8e-4f0b-4c4e-9a51-0d2f7f9a9f31-and-a-gateway's-own"
		name    = "long prompt with a context of many pages, and a name that nobody has to guess"
		warning = "no connection to 10.0.0.1:443, 10.0.0.2:443, 10.0.0.3:443, 10.0.0.4:443, 10.0.0.5:443, 10.0.0.6:443, 10.0.0.7:443, 10.0.0.8:443, 10.0.0.9:443"
	)
	sc := reporttest.Scene{Seed: 3, Rate: 100, Slots: 50, N: 1000, Median: 10 * time.Millisecond, Spread: 0.3, Statuses: map[int]float64{503: 0.1}, Names: []string{name}}
	s := sc.Snapshot()
	s.Failures[0].Message, s.Failures[0].Advice = setting.Plain(second), setting.Plain(advice)
	s.Failures = append(s.Failures, result.Failure{Kind: result.KindStreamBroken, Message: setting.Plain(message), Count: 3, First: time.Second, Last: 9 * time.Second})
	s.Slowest[0].Payload, s.Slowest[0].RequestID, s.Slowest[0].Response = payload, id, 10*time.Minute
	reporttest.Must(s.Latencies[figure.Response].RecordValue(int64(10 * time.Minute)))
	s.Warnings = append(s.Warnings, setting.Plain(warning))
	r := reporttest.Judged(report.From(sc.Meta(), s), "per_user_tokens_per_s>100/s")
	for _, width := range []int{40, 60, 80, 132} {
		var b bytes.Buffer
		if err := text.Write(&b, r, text.Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{message, second, advice, payload, id, name, warning, "per_user_tokens_per_s>100/s"} {
			if !readable(b.String(), want) {
				t.Errorf("%d columns: %q is cut:\n%s", width, want, b.String())
			}
		}
		if width >= 80 && !strings.Contains(b.String(), "request "+id) {
			t.Errorf("%d columns: the request's id is broken:\n%s", width, b.String())
		}
	}
	var b bytes.Buffer
	if err := text.Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	if !readable(b.String(), second) {
		t.Errorf("markdown: cut:\n%s", b.String())
	}
}

// readable reports whether all pieces of a text stand in order in a report's
// lines, between what stands beside them in a table.
func readable(report, text string) bool {
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if strings.Contains(squeeze(report), squeeze(text)) {
		return true
	}
	for _, word := range strings.Fields(text) { // other cells stand between its lines
		at := strings.Index(report, word)
		if at < 0 {
			return strings.Contains(squeeze(report), squeeze(word))
		}
		report = report[at+len(word):]
	}
	return true
}
