package report_test

import (
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report"
)

// TestAskedNow: the rate asked for follows the stages, also of one ramp alone, and
// after the end it is the last one's.
func TestAskedNow(t *testing.T) {
	stages, err := plan.ParseStages("10s@100..200")
	if err != nil {
		t.Fatal(err)
	}
	var plan plan.Plan
	plan.SetStages(stages)
	for at, want := range map[time.Duration]float64{0: 100, 5 * time.Second: 150, 10 * time.Second: 200, 12 * time.Second: 200} {
		if got := report.AskedNow(&plan, &result.Snapshot{PlanElapsed: at}); got < want-0.001 || got > want+0.001 {
			t.Errorf("after %v %g/s are asked for, want %g", at, got, want)
		}
	}
}
