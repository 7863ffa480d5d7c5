package capacity

import (
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report/job"
	"brunt/report/reporttest"
	"brunt/report/rules"
)

// A step under way ends early where most requests fail, or far more than may be are
// beyond a limit; not sooner, and not where there are few of them.
func TestLost(t *testing.T) {
	list, err := rules.ParseAll([]string{"failed<1%"})
	if err != nil {
		t.Fatal(err)
	}
	s := &stepper{rules: list, job: &job.Job{}}
	p := plan.Plan{Duration: 10 * time.Second}
	p.Rate, _ = plan.ParseRate("100")
	for _, tt := range []struct {
		name              string
		elapsed           time.Duration
		succeeded, failed uint64
		lost              bool
	}{
		{"few replies", 5 * time.Second, 2, 10, false},
		{"most fail from the first second on", time.Second, 10, 30, false},
		{"most fail", 3 * time.Second, 100, 120, true},
		{"some fail", 3 * time.Second, 170, 40, false},
		{"41 fail of the 10 allowed", 4 * time.Second, 300, 41, true},
	} {
		snapshot := reporttest.Healthy.Snapshot()
		snapshot.State, snapshot.PlanElapsed = result.Running, tt.elapsed
		snapshot.Counts.Succeeded, snapshot.Counts.Failed = tt.succeeded, tt.failed
		if lost := s.lost(&p, snapshot); lost != tt.lost {
			t.Errorf("%s: %v", tt.name, lost)
		}
	}
	snapshot := reporttest.Healthy.Snapshot()
	snapshot.State, snapshot.PlanElapsed = result.Running, 3*time.Second
	snapshot.Counts.Succeeded, snapshot.Counts.Failed = 10, 12
	if p.Rate = (plan.Plan{}).Rate; !s.lost(&p, snapshot) {
		t.Error("12 of 22 failed in a closed loop")
	}
}
