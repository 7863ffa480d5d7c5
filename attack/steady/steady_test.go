package steady

import (
	"math"
	"math/rand/v2"
	"testing"
)

// series is one of medians: log-normal about 20 ms, autocorrelated by phi.
func series(rng *rand.Rand, n int, phi, spread float64, level func(i int) float64) []float64 {
	out, off := make([]float64, n), rng.NormFloat64()
	for i := range out {
		off = phi*off + math.Sqrt(1-phi*phi)*rng.NormFloat64()
		out[i] = 20 * level(i) * math.Exp(spread*off)
	}
	return out
}

func flat(int) float64 { return 1 }

// after is 1 before an index and factor from it on.
func after(at int, factor float64) func(int) float64 {
	return func(i int) float64 {
		if i < at {
			return 1
		}
		return factor
	}
}

// TestSteadySeriesAreCalledSo: at most 5 % of series of one level get a note, be they
// short or long, calm or autocorrelated, with tails or without.
func TestSteadySeriesAreCalledSo(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct {
		name        string
		n           int
		phi, spread float64
		tails       bool
	}{
		{"calm", 60, 0, 0.03, false}, {"noisy", 60, 0, 0.3, false}, {"short", 20, 0, 0.3, false},
		{"long", 600, 0, 0.3, false}, {"autocorrelated", 60, 0.5, 0.15, false}, {"strongly", 120, 0.8, 0.15, false},
		{"strongly, long", 600, 0.8, 0.3, false}, {"tails", 60, 0, 0.1, true},
	} {
		const runs = 1000
		alarms := 0
		for range runs {
			x := series(rng, c.n, c.phi, c.spread, flat)
			for i := range x {
				if c.tails && rng.Float64() < 0.05 {
					x[i] *= 1 + 10*rng.Float64()
				}
			}
			if f, ok := Judge(x); !ok || f.Kind != Steady {
				alarms++
			}
		}
		t.Logf("%s: %.1f %% false alarms", c.name, 100*float64(alarms)/runs)
		if alarms > runs/20 {
			t.Errorf("%s: %d of %d steady series got a note", c.name, alarms, runs)
		}
	}
}

// TestChangesAreFound: what changed is found in 19 of 20 series, of its kind, at its
// place and with its levels.
func TestChangesAreFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 9))
	for _, c := range []struct {
		name          string
		n             int
		phi           float64
		level         func(int) float64
		kind          Kind
		at            int
		before, after float64
	}{
		{"step", 120, 0, after(61, 2.25), Step, 61, 20, 45},
		{"step down", 120, 0, after(40, 0.5), Step, 40, 20, 10},
		{"step of a fifth", 120, 0.3, after(60, 1.2), Step, 60, 20, 24},
		{"late step", 120, 0, after(100, 2), Step, 100, 20, 40},
		{"drift", 120, 0, func(i int) float64 { return 1 + float64(i)/120 }, Drift, 0, 20, 40},
		{"slow start", 120, 0, func(i int) float64 { return pick(i < 15, 3, 1) }, Late, 15, 60, 20},
	} {
		const runs = 200
		missed := 0
		for range runs {
			f, _ := Judge(series(rng, c.n, c.phi, 0.05, c.level))
			near := func(got, want float64) bool { return math.Abs(got/want-1) < 0.12 }
			if f.Kind != c.kind || f.At < c.at-3 || f.At > c.at+3 || !near(f.Before, c.before) || !near(f.After, c.after) {
				missed++
			}
		}
		if missed > runs/20 {
			f, _ := Judge(series(rng, c.n, c.phi, 0.05, c.level))
			t.Errorf("%s: missed in %d of %d; one is %+v", c.name, missed, runs, f)
		}
	}
}

func pick(first bool, a, b float64) float64 {
	if first {
		return a
	}
	return b
}

// TestTruncation is MSER-5 by hand.
func TestTruncation(t *testing.T) {
	x := make([]float64, 50)
	for i := range x {
		x[i] = 1 + 0.001*float64(i%2)
		if i < 10 {
			x[i] = 5
		}
	}
	if got := truncation(x); got != 10 {
		t.Errorf("cut at %d, expected 10", got)
	}
	for i := range x { // never settles: each half differs
		x[i] = math.Exp(0.02*float64(i) + 0.001*float64(i%3))
	}
	if f, _ := Judge(x); f.Kind != Drift {
		t.Errorf("a line is %+v", f)
	}
	if _, judged := Judge(x[:19]); judged {
		t.Error("19 values were judged")
	}
}
