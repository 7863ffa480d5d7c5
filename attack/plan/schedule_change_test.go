package plan

import (
	"math/rand/v2"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Whatever changes of the rate come, tickets keep their order, those of the
// past their instants, and each has one number.
func TestChangedScheduleIsOneSchedule(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		rate := func() vegeta.Rate { return vegeta.Rate{Freq: 1 + rnd.IntN(400), Per: time.Second} }
		plan := Plan{Rate: rate(), Duration: 3 * time.Second, Warmup: time.Duration(rnd.IntN(2)) * time.Second}
		s := NewSchedule(&plan)
		for at := time.Duration(1); ; {
			at += time.Duration(rnd.IntN(int(time.Second)))
			if at >= s.end {
				break
			}
			next := rate()
			n := s.Changed(at, next)
			past := s.Before(at)
			if n.Before(at) != past {
				t.Fatalf("seed %d: %d tickets before the change, %d by the new schedule", seed, past, n.Before(at))
			}
			for k := range past {
				was, ok := s.At(k)
				is, still := n.At(k)
				if was != is || ok != still {
					t.Fatalf("seed %d: ticket %d moved from %d to %d", seed, k, was, is)
				}
			}
			// Neither a burst nor a hole: the next ticket is at most one of the
			// new rate's intervals away.
			if first, ok := n.At(past); ok && past != n.Warm && (first < at || float64(first-at) > 1e9/PerSecond(next)+2) {
				t.Fatalf("seed %d: first ticket %v after a change to %v/s", seed, first-at, PerSecond(next))
			}
			s = n
		}
		last, k := time.Duration(-1), uint64(0)
		for ; ; k++ {
			at, ok := s.At(k)
			if !ok {
				break
			}
			if at < last || at >= s.end || at < plan.Warmup != (k < s.Warm) || s.Before(at+1) <= k || s.Before(at) > k {
				t.Fatalf("seed %d: ticket %d at %d after one at %d; %d before it", seed, k, at, last, s.Before(at))
			}
			last = at
		}
		if k != s.Warm+s.Measured || s.PlannedBefore(s.end) != s.Measured {
			t.Fatalf("seed %d: %d tickets, %d + %d counted", seed, k, s.Warm, s.Measured)
		}
	}
}
