package job

import (
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/attack/result"
)

// The rates that workers' own reports say add up to the run's, also where one has ended
// early and another one has joined in its place.
func TestOwnPlans(t *testing.T) {
	whole := plan.Plan{Rate: vegeta.Rate{Freq: 200, Per: time.Second}, Duration: 20 * time.Second, Concurrency: 10, Timeout: time.Second}
	own := func(share plan.Share, joined, planned uint64, elapsed time.Duration, early bool) float64 {
		p := whole
		p.Shares, p.Joined = []plan.Share{share}, joined
		one := ownPlan(&p, &result.Snapshot{Counts: result.Counts{Planned: planned}, PlanElapsed: elapsed}, early)
		return plan.PerSecond(one.Rate)
	}
	first, second, all := plan.Share{Of: 2}, plan.Share{Index: 1, Of: 2}, whole.Duration
	if a, b := own(first, 0, 2000, all, false), own(second, 0, 2000, all, false); a != 100 || b != 100 {
		t.Errorf("%v/s and %v/s of 200/s", a, b)
	}
	sum := own(first, 0, 583, 5830*time.Millisecond, true) + own(second, 0, 2147, all, false) + own(first, 1, 1270, all, false)
	if sum < 199.999 || sum > 200.001 {
		t.Errorf("one left, and one joined: %v/s of 200/s", sum)
	}
	if got := own(first, 0, 1000, all/2, false); got != 100 {
		t.Errorf("a run that was stopped was to be sent at %v/s", got)
	}
}
