package capacity

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/rules"
)

// refused is a step at 100/s of which some requests were refused, and some were sent
// late; the endpoint is said to be the limit.
func refused(failed uint64, late int, by time.Duration) *report.Report {
	h := hdrhistogram.NewPacked(1, histogram.Max, histogram.Digits)
	for i := range 1000 {
		d := 50 * time.Microsecond
		if i < late {
			d = by
		}
		if err := h.RecordValue(int64(d)); err != nil {
			panic(err)
		}
	}
	limit, trust, status := result.LimitEndpoint, "none", 429
	rep := &report.Report{PlanElapsedS: 10, Verdict: report.Verdict{LimitedBy: &limit, Trust: &trust, Valid: new(false)}}
	rep.Plan.RatePerS = new(100.)
	rep.Requests = report.Requests{Planned: 1000, Sent: 1000, Succeeded: 1000 - failed, Failed: failed}
	rep.Errors = []report.Failure{{Status: &status, Count: failed}}
	rep.Histograms[figure.Lateness] = report.Histogram{PackedHistogram: h}
	return rep
}

// Requests that were refused since brunt sent many at once, late, say nothing of the
// endpoint; those that were refused beside that do.
func TestBunched(t *testing.T) {
	list, err := rules.ParseAll([]string{"failed<1%"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		failed uint64
		late   int
		by     time.Duration
		truth  Verdict
	}{
		{"none refused", 0, 50, 300 * time.Millisecond, Held},
		{"some refused, none late", 40, 0, 0, Broken},
		{"as many late as refused", 40, 40, 300 * time.Millisecond, Client},
		{"late by less than two requests", 40, 40, 15 * time.Millisecond, Broken},
		{"far more refused than late", 400, 40, 300 * time.Millisecond, Broken},
	} {
		for _, by := range [][]rules.Rule{list, nil} { // of no rule 1 % is allowed as well
			rep := refused(tt.failed, tt.late, tt.by)
			rules.JudgeAll(rep, by)
			if o, why := measured(rep, by).Judge(); o.Verdict != tt.truth {
				t.Errorf("%s: %s (%s), not %s", tt.name, o.Verdict, why, tt.truth)
			}
		}
	}
}

// Times that are mostly beyond a limit are the endpoint's doing on a busy machine,
// too, but not where brunt sent most requests late.
func TestBlameOfSlowTimes(t *testing.T) {
	list, err := rules.ParseAll([]string{"p99<20ms"})
	if err != nil {
		t.Fatal(err)
	}
	for late, truth := range map[int]Verdict{0: Broken, 100: Broken, 900: Client} {
		rep := refused(0, late, 400*time.Millisecond)
		rep.Verdict.LimitedBy = new(result.LimitClient)
		slow := refused(0, 1000, 500*time.Millisecond).Histograms[figure.Lateness]
		rep.Histograms[figure.Response], rep.LatencyMS[figure.Response] = slow, slow.Summary()
		rep.LatenessMS = rep.Histograms[figure.Lateness].Summary()
		rules.JudgeAll(rep, list)
		if o, why := measured(rep, list).Judge(); o.Verdict != truth {
			t.Errorf("%d of 1,000 late: %s (%s), not %s", late, o.Verdict, why, truth)
		}
	}
}
