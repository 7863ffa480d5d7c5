//go:build !windows

package attack

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"brunt/attack/arrivals"
	"brunt/attack/quiet"
	"brunt/payloads/needs"
)

// TestStagesSend goes through stages of a rate: each has as many requests as the
// rate says, however many connections and turns there are, and as they arrived.
func TestStagesSend(t *testing.T) {
	needs.Time(t)
	for _, law := range []arrivals.Law{arrivals.Constant, {Shape: 0.5}} {
		const words = "200ms@500, 400ms@500..2500, 200ms@0, 300ms@3000, 100ms@3000..0"
		o := startOracle(t, 20_000)
		p := testPlan(0)
		p.Concurrency, p.Law, p.Seed = 200, law, 7
		p.SetStages(mustStages(t, words))
		s := attackWith(t, o.url(), p, Request{}, indexedBodies(t, 20_000, 0), nil)
		arrived := o.summary()
		if arrived.Distinct != s.Counts.Sent || s.Counts.Sent != s.Counts.Planned {
			t.Errorf("%v: %d planned, %d sent, %d arrived", law, s.Counts.Planned, s.Counts.Sent, arrived.Distinct)
		}
		want := []uint64{100, 600, 0, 900, 150}
		for i, g := range s.Stages {
			if law == arrivals.Constant && g.Planned != want[i] {
				t.Errorf("stage %d: %d planned, the rate makes %d", i+1, g.Planned, want[i])
			}
			if n := float64(want[i]); law.Random() && math.Abs(float64(g.Planned)-n) > 6*math.Sqrt(2*n) {
				t.Errorf("stage %d: %d planned, around %g expected", i+1, g.Planned, n)
			}
		}
	}
}

// TestArrivalsFollowTheLaw: the gaps between arrivals, by the server's own clock,
// are those of the law (Kolmogorov and Smirnov).
func TestArrivalsFollowTheLaw(t *testing.T) {
	for law, cdf := range map[arrivals.Law]func(float64) float64{
		arrivals.Poisson: func(x float64) float64 { return -math.Expm1(-x) },
		{Shape: 0.5}:     func(x float64) float64 { return math.Erf(math.Sqrt(x / 2)) },
	} {
		quiet.Repeat(t, func() error {
			const n, rate = 2000, 500
			o := startOracle(t, 2*n)
			p := testPlan(n)
			p.Rate, p.Concurrency, p.Law, p.Seed = perSecond(rate), 200, law, 3
			run := startWith(t, o.url(), p, Request{}, indexedBodies(t, n, 0), nil)
			<-run.Done()
			checkBooks(t, run.Snapshot())
			at := o.instants(n)
			if sum := o.summary(); sum.Distinct != n {
				t.Fatalf("%+v", sum)
			}
			slices.Sort(at)
			gaps := make([]float64, n-1)
			for i := range gaps {
				gaps[i] = float64(at[i+1]-at[i]) * rate / 1e9
			}
			slices.Sort(gaps)
			d := 0.0
			for i, x := range gaps {
				d = max(d, math.Abs(cdf(x)-float64(i)/float64(len(gaps))), math.Abs(cdf(x)-float64(i+1)/float64(len(gaps))))
			}
			// By chance one in a thousand; 0.1 ms that the machine adds here or
			// there are 5 % of a mean gap.
			if limit := 1.95/math.Sqrt(n) + 0.05; d > limit {
				return fmt.Errorf("%v: the distribution of gaps is off by %.3f (at most %.3f)", law, d, limit)
			}
			return nil
		})
	}
}
