package report_test

import (
	"math"
	"strings"
	"testing"

	"brunt/report"
)

// TestStationarity: a run whose latency changed says when, by how much and, where it
// settled late, how many requests that is about; a load that changed is not judged.
func TestStationarity(t *testing.T) {
	run := func(level func(second int) float64) *report.Report {
		r := &report.Report{}
		for s := range 100 {
			p50 := level(s) * math.Exp(0.02*math.Sin(float64(s*s)))
			r.Intervals = append(r.Intervals, report.Interval{TS: float64(s), WidthS: 1, Succeeded: 50, P50: &p50})
		}
		return r
	}
	from := func(second int, before, after float64) func(int) float64 {
		return func(s int) float64 {
			if s < second {
				return before
			}
			return after
		}
	}
	for name, c := range map[string]struct {
		level      func(int) float64
		kind, says string
		requests   uint64
	}{
		"steady": {from(0, 20, 20), "steady", "", 0},
		"step":   {from(61, 40, 90), "step", " to 90", 0},
		"drift":  {func(s int) float64 { return 40 * math.Exp(0.005*float64(s)) }, "drift", "latency drifted from ", 0},
		"late":   {from(15, 90, 40), "settled_late", "latency settled only after 15 s, from ", 750},
	} {
		r := run(c.level)
		r.JudgeStationarity()
		s := r.Stationarity
		if s == nil || s.Kind != c.kind || !strings.Contains(s.Text, c.says) || s.Requests != c.requests {
			t.Errorf("%s: %+v", name, s)
			continue
		}
		if noted := len(r.Verdict.Notes) == 1 && r.Verdict.Notes[0] == s.Text; noted != (c.kind != "steady") {
			t.Errorf("%s: the notes are %q", name, r.Verdict.Notes)
		}
		if c.kind == "step" && (*s.AtS < 59 || *s.AtS > 63 || !strings.Contains(s.Text, "at 1 min")) {
			t.Errorf("the step is %q", s.Text)
		}
	}
	r := run(from(61, 40, 90))
	r.Changes = []report.Change{{TS: 60, RatePerS: new(5.0)}}
	if r.JudgeStationarity(); r.Stationarity != nil {
		t.Error("a load that was changed was judged")
	}
	r = run(from(61, 40, 90))
	r.Plan.Stages = make([]report.Stage, 2)
	if r.JudgeStationarity(); r.Stationarity != nil {
		t.Error("stages were judged")
	}
}
