package result

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"brunt/attack/figure"
)

// TestDelayQuantile holds the estimate from looks against requests that were
// really delayed: replies come at random instants, the client is held up now and
// then, and each reply waits until it runs again.
func TestDelayQuantile(t *testing.T) {
	for name, c := range map[string]struct {
		often time.Duration // from one hold-up to the next, on average
		long  func(*rand.Rand) time.Duration
	}{
		"short ones":         {50 * time.Millisecond, func(r *rand.Rand) time.Duration { return time.Duration(1+r.IntN(15)) * time.Millisecond }},
		"long ones":          {2 * time.Second, func(r *rand.Rand) time.Duration { return time.Duration(100+r.IntN(400)) * time.Millisecond }},
		"one after another":  {30 * time.Millisecond, func(r *rand.Rand) time.Duration { return time.Duration(5+r.IntN(60)) * time.Millisecond }},
		"very long and rare": {100 * time.Second, func(r *rand.Rand) time.Duration { return 3 * time.Second }},
	} {
		const run, replies = 600 * time.Second, 60_000
		r := rand.New(rand.NewPCG(1, 2))
		var held [][2]time.Duration
		for at := time.Duration(0); at < run; {
			at += time.Duration(r.ExpFloat64() * float64(c.often))
			until := at + c.long(r)
			held = append(held, [2]time.Duration{at, until})
			at = until
		}
		// until is when whoever wants to run at that instant does.
		until := func(at time.Duration) time.Duration {
			i, _ := slices.BinarySearchFunc(held, at, func(h [2]time.Duration, at time.Duration) int { return int(h[1] - at) })
			if i < len(held) && held[i][0] <= at {
				return held[i][1]
			}
			return at
		}
		var d Delays
		for at := DelayEvery; at < run; {
			now := until(at)
			d.Record(now - at)
			if at += DelayEvery; at < now {
				at = now + DelayEvery
			}
		}
		var waits []time.Duration
		for range replies {
			at := time.Duration(r.Int64N(int64(run)))
			waits = append(waits, until(at)-at)
		}
		slices.Sort(waits)
		e := events{count: replies, rate: replies / float64(run), pending: replies}
		for _, q := range []float64{0.5, 0.9, 0.95, 0.99} {
			truth, told := float64(waits[int(q*replies)]), d.quantile(q, e)
			// A class is an eighth wide and told by its upper bound.
			if told < 0.8*truth-float64(100*time.Microsecond) || told > 1.3*truth+float64(time.Millisecond) {
				t.Errorf("%s: p%g is told as %v, and is %v", name, 100*q, time.Duration(told), time.Duration(truth))
			}
		}
	}
}

// TestDelayOfFew: a stop delays no more requests than were in flight.
func TestDelayOfFew(t *testing.T) {
	var d Delays
	for range 500 {
		d.Record(60 * time.Microsecond)
	}
	d.Record(1500 * time.Millisecond)
	few := events{count: 10_000, rate: 10_000 / float64(10*time.Second), pending: 8}
	if got := d.quantile(0.99, few); got > float64(time.Millisecond) {
		t.Errorf("p99 of 10,000 requests, 8 of which were in flight: %v", time.Duration(got))
	}
	few.pending = 10_000
	if got := d.quantile(0.99, few); got < float64(time.Second) {
		t.Errorf("p99 of requests that all came in the meantime: %v", time.Duration(got))
	}
	if d.Max() != 1500*time.Millisecond || d.stopped() != 1500*time.Millisecond {
		t.Errorf("longest %v, halted %v", d.Max(), d.stopped())
	}
}

func TestOwnLateness(t *testing.T) {
	l := NewLatencies()
	for i := range int64(100) {
		record(t, l[figure.Lateness], time.Duration(i+1)*time.Millisecond)
	}
	for range 400 {
		record(t, l[figure.Lateness], time.Second)
		record(t, l[figure.SlotWait], time.Second)
	}
	if got := time.Duration(l.ownLateness(0.99)); got < 98*time.Millisecond || got > 100*time.Millisecond {
		t.Errorf("p99 of those that found a slot: %v", got)
	}
	l[figure.SlotWait].Reset()
	if got := time.Duration(l.ownLateness(0.99)); got < time.Second {
		t.Errorf("p99 of all: %v", got)
	}
}
