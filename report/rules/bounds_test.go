package rules_test

import (
	"strings"
	"testing"
	"time"

	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/merge"
	"brunt/report/reporttest"
	"brunt/report/rules"
	"brunt/report/text"
)

func TestGoodput(t *testing.T) {
	// Each rule on a time of one request is a bound; the others are said.
	slos, err := rules.ParseAll([]string{"p50<100ms", "p99<=300ms", "service.max<2s", "ttft.p99<500ms", "tpot.mean<50ms", "inter_chunk.p99<1s", "response_ttft.p99>1s", "failed<1%",
		"first_byte.p95<3s", "first_chunk.p99<4s", "end_to_end.p99<5s", "lateness.p99<0ms", "connect.p99<1s", "failed.p99<1s", "goodput_per_s>1"})
	reporttest.Must(err)
	want := plan.Bounds{figure.Response: 300 * time.Millisecond, figure.Service: 2 * time.Second, figure.TTFT: 500 * time.Millisecond, figure.TPOT: 50 * time.Millisecond,
		figure.InterChunk: time.Second, figure.FirstByte: 3 * time.Second, figure.FirstChunk: 4 * time.Second, figure.EndToEnd: 5 * time.Second, figure.Lateness: 1}
	if got := rules.Bounds(slos); got != want {
		t.Errorf("%+v", got)
	}
	for _, name := range rules.TimeFigures {
		rule, err := rules.Parse(name + ".p99<1s")
		reporttest.Must(err)
		bounds := rules.Bounds([]rules.Rule{rule}) != (plan.Bounds{})
		if unbound := rules.UnboundBy([]rules.Rule{rule}); bounds == (len(unbound) > 0) {
			t.Errorf("%s: bounds a request (%v), and %q", rule, bounds, unbound)
		}
	}
	sc, s := reporttest.StreamSnapshot(13)
	meta := sc.Meta()
	meta.Plan.Good = want
	whole := report.From(meta, s)
	rules.JudgeAll(whole, slos)
	reporttest.ThroughJSON(t, whole)
	text := reporttest.TextOf(t, whole, text.Options{Width: 200})
	for _, words := range []string{"first byte 3.00 s", "first chunk 4.00 s", "end to end 5.00 s", "inter chunk 1.00 s", "not bound by connect.p99<1s: a time of connections", "not bound by failed.p99<1s", "not bound by response_ttft.p99>1s"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), words) {
			t.Errorf("%q is not said:\n%s", words, text)
		}
	}
	r := reporttest.Streamed()
	g := r.Goodput
	if g.Requests != 401 || g.PerS != format.Per(401, r.ElapsedS) || g.Percent != format.Per(40100, 1203) || *g.BoundsMS[figure.TTFT] != 500 || g.BoundsMS[figure.Service] != nil {
		t.Errorf("%+v", g)
	}
	if j := reporttest.Judged(r, "goodput_per_s>6").SLO[0]; !j.Met {
		t.Errorf("%+v", j)
	}
	if j := reporttest.Judged(reporttest.Healthy.Report(), "goodput_per_s>6").SLO[0]; j.Met || j.Value != nil {
		t.Errorf("without bounds: %+v", j)
	}
	same, err := merge.Reports([]*report.Report{reporttest.Streamed(), reporttest.Streamed()})
	reporttest.Must(err)
	if same.Goodput == nil || same.Goodput.Requests != 802 {
		t.Errorf("merged: %+v", same.Goodput)
	}
	other := reporttest.Streamed()
	other.Goodput.BoundsMS[figure.TPOT] = nil
	if mixed, err := merge.Reports([]*report.Report{reporttest.Streamed(), other}); err != nil || mixed.Goodput != nil {
		t.Errorf("merged with other bounds: %+v, %v", mixed.Goodput, err)
	}
	other.Goodput.Requests = 1e6
	if other.Check() == nil {
		t.Error("more good requests than successes")
	}
}
