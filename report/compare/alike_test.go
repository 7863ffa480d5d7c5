package compare

import (
	"strings"
	"testing"

	"brunt/attack/result"
	"brunt/report"
)

// TestUnlike: each way in which runs differ is named, is not compared, and is a note
// where it is compared all the same.
func TestUnlike(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *report.Report)
		says   string
	}{
		"bodies":  {func(r *report.Report) { r.Plan.Payloads[0].SHA256 = "other" }, "other bodies"},
		"weights": {func(r *report.Report) { r.Plan.Payloads[0].Weight = 2 }, "other bodies"},
		"rate":    {func(r *report.Report) { *r.Plan.RatePerS = 100 }, "other load: 200/s in BASE, 100/s in NEW"},
		"loop":    {func(r *report.Report) { r.Plan.RatePerS, r.Plan.Concurrency = nil, new(8) }, "other load: 200/s in BASE, 8 in flight in NEW"},
		"stages": {func(r *report.Report) {
			r.Plan.Stages = []report.Stage{{DurationS: 5, RatePerS: new(5.0), ToRatePerS: new(9.0)}}
		}, "other stages: none in BASE, 5 s@5..9 in NEW"},
		"arrivals":     {func(r *report.Report) { r.Plan.Arrivals = "gamma(0.5)" }, "other arrivals: constant in BASE, gamma(0.5) in NEW"},
		"order":        {func(r *report.Report) { r.Plan.Order = "shuffle" }, "other order of the bodies"},
		"cap":          {func(r *report.Report) { r.Plan.MaxInFlight = 5 }, "other cap on requests in flight"},
		"time-out":     {func(r *report.Report) { r.Plan.TimeoutS = 5 }, "other time-out: 1 min in BASE, 5 s in NEW"},
		"keep-alive":   {func(r *report.Report) { r.Plan.KeepAlive = false }, "other use of connections"},
		"success":      {func(r *report.Report) { *r.Plan.Success = "200-299,404" }, "other rule of success: 200-299 in BASE, 200-299,404 in NEW"},
		"changes":      {func(r *report.Report) { r.Changes = []report.Change{{TS: 3, RatePerS: new(5.0)}} }, "other changes of the load"},
		"trust":        {func(r *report.Report) { *r.Verdict.Trust = result.TrustNone; r.Verdict.Reasons = []string{"busy"} }, "NEW's figures are not to be trusted: busy"},
		"under way":    {func(r *report.Report) { r.State = string(result.Running) }, "NEW had not ended"},
		"no success":   {func(r *report.Report) { r.Requests.Succeeded = 0 }, "NEW has no successful request"},
		"no stretches": {func(r *report.Report) { r.IntervalHistograms = nil }, "no distributions of its intervals"},
	} {
		w := world{seconds: 12, rate: 50}
		base, next := w.run(1), w.run(2)
		next.Plan.RatePerS = new(200.0)
		base.Plan.RatePerS = new(200.0)
		c.change(next)
		found := Reports([]*report.Report{base}, []*report.Report{next}, Options{Tolerance: 0.05})
		if found.Verdict != NotComparable || len(found.Reasons) != 1 || !strings.Contains(found.Reasons[0], c.says) || len(found.Figures) > 0 || found.Worse {
			t.Errorf("%s: %s, %q", name, found.Verdict, found.Reasons)
		}
		if name == "no stretches" || name == "no success" {
			continue
		}
		forced := Reports([]*report.Report{base}, []*report.Report{next}, Options{Force: true})
		if forced.Verdict == NotComparable || !strings.Contains(strings.Join(forced.Notes, "\n"), c.says) {
			t.Errorf("%s, forced: %s, %q", name, forced.Verdict, forced.Notes)
		}
	}
}

// TestTolerance: NEW is worse only where the interval's near end lies beyond it.
func TestTolerance(t *testing.T) {
	base, next := world{}.run(1), world{median: 24}.run(2)
	for _, c := range []struct {
		tolerance float64
		worse     bool
	}{{0, true}, {0.05, true}, {0.10, true}, {0.30, false}} {
		found := Reports([]*report.Report{base}, []*report.Report{next}, Options{Tolerance: c.tolerance})
		if found.Verdict != Slower || found.Worse != c.worse {
			t.Errorf("tolerance %g: %s, worse %v: %s", c.tolerance, found.Verdict, found.Worse, found.Headline)
		}
	}
	if c := Reports([]*report.Report{next}, []*report.Report{base}, Options{}); c.Verdict != Faster || c.Worse {
		t.Errorf("the other way round: %s", c.Headline)
	}
}

// TestSameAnswer: the same reports get the same answer, to the last digit.
func TestSameAnswer(t *testing.T) {
	w := world{seconds: 15}
	a, b := w.run(1), w.run(2)
	x, y := Reports([]*report.Report{a}, []*report.Report{b}, Options{}), Reports([]*report.Report{a}, []*report.Report{b}, Options{})
	for i := range x.Figures {
		if *x.Figures[i].Low != *y.Figures[i].Low || *x.Figures[i].High != *y.Figures[i].High {
			t.Errorf("%s differs", x.Figures[i].Name)
		}
	}
}

// TestFewRequests: a percentile with too few requests is not compared, and says so.
func TestFewRequests(t *testing.T) {
	w := world{seconds: 10, rate: 5}
	c := Reports([]*report.Report{w.run(1)}, []*report.Report{w.run(2)}, Options{})
	f := c.figure("p99")
	if f == nil || f.Verdict != nil || !strings.Contains(f.Reason, "too few requests: 50 and 50, of 100 needed") {
		t.Errorf("%+v", f)
	}
	if p50 := c.figure("p50"); p50 == nil || p50.Verdict == nil {
		t.Errorf("p50: %+v", p50)
	}
}
