package report_test

import (
	"bytes"
	"testing"

	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/merge"
	"brunt/report/reporttest"
	"brunt/report/text"
)

// TestStreamChecked: a report whose streams contradict each other is refused.
func TestStreamChecked(t *testing.T) {
	for name, spoil := range map[string]func(s *report.Stream){
		"streams":   func(s *report.Stream) { s.Streams++ },
		"silent":    func(s *report.Stream) { s.Silent-- },
		"chunks":    func(s *report.Stream) { s.Chunks++ },
		"by":        func(s *report.Stream) { s.TokensBy.Usage-- },
		"summary":   func(s *report.Stream) { *s.LatencyMS[figure.TTFT].P50 *= 2 },
		"histogram": func(s *report.Stream) { s.Histograms[figure.TPOT] = s.Histograms[figure.InterChunk] },
	} {
		r := reporttest.Streamed()
		spoil(r.Stream)
		var b bytes.Buffer
		reporttest.Must(report.JSON(&b, r))
		if _, err := report.Read(&b, "x"); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// TestUsage: whole replies' tokens add up with those of streams.
func TestUsage(t *testing.T) {
	whole := func(replies uint64) *report.Report {
		sc := reporttest.Healthy
		s := sc.Snapshot()
		s.Counts.Usage = result.UsageCounts{Replies: replies, OutputTokens: 100 * replies, PromptTokens: 10 * replies}
		s.Counts.Window.Tokens.Whole = 90 * replies
		return report.From(sc.Meta(), s)
	}
	r := whole(50)
	if u := r.Usage; u == nil || u.OutputTokensPerS != format.Per(4500, *r.Throughput.WindowS) || r.Check() != nil {
		t.Errorf("%+v, %v", u, r.Check())
	}
	if j := reporttest.Judged(r, "output_tokens_per_s>1").SLO[0]; !j.Met || *j.Value != r.Usage.OutputTokensPerS {
		t.Errorf("%+v", j)
	}
	var b bytes.Buffer
	reporttest.Must(text.Write(&b, r, text.Options{}))
	for _, want := range []string{"tokens     5,000 output", "500 prompt", "50 of "} {
		if !bytes.Contains(b.Bytes(), []byte(want)) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	sum, err := merge.Reports([]*report.Report{r, reporttest.Streamed(), whole(7)})
	reporttest.Must(err)
	if sum.Usage.Replies != 57 || sum.Usage.OutputTokens != 5700 || sum.Check() != nil {
		t.Errorf("%+v, %v", sum.Usage, sum.Check())
	}
	within := float64(90*57 + *sum.Stream.CompletedTokens)
	rate := func() float64 { return *reporttest.Judged(sum, "output_tokens_per_s>1").SLO[0].Value }
	if rate() != format.Per(within, *sum.Throughput.WindowS) {
		t.Errorf("%g", rate())
	}
	// Results and older reports do not say which tokens came within the window.
	sum.ForgetWindow()
	if want := format.Per(float64(5700+sum.Stream.OutputTokens), sum.ElapsedS); rate() != want || sum.Check() != nil {
		t.Errorf("%g, not %g; %v", rate(), want, sum.Check())
	}
	r.Usage.Replies = r.Requests.Succeeded + 1
	if r.Check() == nil {
		t.Error("more replies than successes")
	}
}
