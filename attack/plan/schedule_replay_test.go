package plan

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// replayPlan is a replay of the instants.
func replayPlan(list []int64) Plan {
	p := testPlan(uint64(len(list)))
	p.Instants, p.Concurrency = list, 16
	p.Rate = vegeta.Rate{Freq: len(list) - 1, Per: time.Duration(list[len(list)-1])}
	return p
}

// TestReplaySchedule: ticket i has instant i, and what lies before an instant
// is what a count of the list says, whatever the bounds.
func TestReplaySchedule(t *testing.T) {
	list := make([]int64, 500)
	for i := range list {
		list[i] = rand.Int64N(int64(time.Second)) / 1e6 * 1e6 // many at the same instant
	}
	list[0] = 0
	slices.Sort(list)
	for name, bound := range map[string]func(*Plan){
		"whole": func(*Plan) {}, "requests": func(p *Plan) { p.Requests = 77 }, "duration": func(p *Plan) { p.Duration = 300 * time.Millisecond },
	} {
		p := replayPlan(list)
		bound(&p)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		s := NewSchedule(&p)
		planned := uint64(0)
		for i, want := range list {
			at, ok := s.At(uint64(i))
			if inside := uint64(i) < p.Requests && (p.Duration == 0 || want < int64(p.Duration)); ok != inside || ok && int64(at) != want {
				t.Fatalf("%s: ticket %d at %d (%v), not %d (%v)", name, i, at, ok, want, inside)
			}
			if ok {
				planned++
			}
		}
		if _, ok := s.At(500); ok || s.Measured != planned {
			t.Errorf("%s: %d planned, not %d", name, s.Measured, planned)
		}
		for _, at := range []int64{math.MinInt64, 0, 1, list[250], list[250] + 1, list[499], list[499] + 1, math.MaxInt64} {
			want := uint64(0)
			for _, x := range list {
				if x < at && want < s.Measured {
					want++
				}
			}
			if got := s.PlannedBefore(time.Duration(at)); got != want {
				t.Errorf("%s: %d before %d, not %d", name, got, at, want)
			}
		}
	}
	p := replayPlan(list)
	p.Warmup = time.Second
	if p.Validate() == nil {
		t.Error("a replay has no warm-up")
	}
}
