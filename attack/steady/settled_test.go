package steady

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSettled looks at growing series as a warm-up does, and asks when each was first
// said to have settled: nearly never before it had, and soon after.
func TestSettled(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		name        string
		level       func(int) float64
		phi, spread float64
		from, by    int // may settle from here on, has settled by there in nine of ten
	}{
		{"from the start", flat, 0, 0.05, 50, 60},
		{"from the start, noisy", flat, 0, 0.4, 50, 120},
		{"from the start, autocorrelated", flat, 0.6, 0.1, 50, 80},
		{"constant", flat, 0, 0, 50, 50},
		{"cold for 8 s", func(i int) float64 { return pick(i < 40, 5, 1) }, 0, 0.05, 80, 120},
		{"cold for a moment", func(i int) float64 { return pick(i < 5, 20, 1) }, 0, 0.1, 50, 70},
		{"approaches its level", func(i int) float64 { return 1 + 4*math.Exp(-float64(i)/20) }, 0, 0.03, 80, 200},
		{"fills a queue", func(i int) float64 { return 1 + float64(i)/10 }, 0, 0.05, 500, 0},
	} {
		const runs = 200
		early, late := 0, 0
		var when []int
		for range runs {
			x := series(rng, 500, c.phi, c.spread, c.level)
			at := 500
			for n := range 500 {
				if Settled(x[:n]) {
					at = n
					break
				}
			}
			when = append(when, at)
			if at < c.from {
				early++
			}
			if c.by > 0 && at > c.by {
				late++
			}
		}
		slices.Sort(when)
		t.Logf("%s: settled after %d, %d, %d values (least, median, most)", c.name, when[0], when[runs/2], when[runs-1])
		if early > runs/20 || late > runs/10 {
			t.Errorf("%s: %d of %d settled too early, %d too late", c.name, early, runs, late)
		}
	}
}
