//go:build !windows && !race

package attack

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"brunt/attack/figure"
	"brunt/attack/quiet"
	"brunt/payloads/needs"
)

// closedFormWithin is how far response times may be above the closed form.
const closedFormWithin = 0.01

// pauses of the oracle's process: so many times, in the middle of each stretch.
type pauses struct {
	times         int
	length, every time.Duration
}

// TestPausedServer stops the endpoint's process. Response times must agree
// with the closed form: the tickets planned in a pause wait for its end and
// then for the backlog to drain, as the endpoint's own log of arrivals has it;
// service times may hide it. They may never be below it. A neighbour who takes
// the cores just then can only make them longer, so each percentile's best of
// the runs that it took must agree.
func TestPausedServer(t *testing.T) {
	needs.Time(t)
	for _, c := range []struct {
		pauses
		slots int
	}{
		{pauses{1, 2 * time.Second, 4 * time.Second}, 0},
		{pauses{1, 2 * time.Second, 4 * time.Second}, 16},
		{pauses{scale(4, 30), 200 * time.Millisecond, time.Second}, 0},
	} {
		t.Run(fmt.Sprintf("%dx%v slots=%d", c.times, c.length, c.slots), func(t *testing.T) {
			best := []float64{1, 1, 1, 1}
			quiet.Repeat(t, func() error {
				for i, excess := range pausedRun(t, c.pauses, c.slots) {
					best[i] = min(best[i], excess)
				}
				if slices.Max(best) > closedFormWithin {
					return fmt.Errorf("percentiles %v exceed the closed form by %.4f at best, more than %v", quantiles, best, closedFormWithin)
				}
				return nil
			})
		})
	}
}

// quantiles lie within the pauses, so that their closed form is far above what
// a reply takes.
var quantiles = []float64{90, 95, 99, 99.9}

// pausedRun returns by which part of it each percentile exceeds the closed
// form.
func pausedRun(t *testing.T, c pauses, slots int) (excesses []float64) {
	n := 1000 * c.times * int(c.every/time.Second)
	o := startOracle(t, 2*n, "-cores", "1", "-work", "100us", "-expect", fmt.Sprint(n))
	p := testPlan(uint64(n))
	p.Rate, p.Concurrency, p.Timeout = mustRate(t, "1000"), slots, time.Minute
	run := startWith(t, o.url(), p, Request{}, indexedBodies(t, n, 0), nil)
	stretches := pause(o, run, c)
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	arrivals, since := o.instants(n), sinceStart(run.clock.Time(0))
	if sum := o.summary(); sum.Distinct != uint64(n) || s.Counts.Succeeded != uint64(n) {
		t.Fatalf("%d succeeded, %+v", s.Counts.Succeeded, sum)
	}
	var least, model []int64 // without the drain, and with it
	for k := range uint64(n) {
		due, _ := run.schedule.Load().At(k)
		at := run.start.Add(due)
		wait := int64(0)
		for _, stretch := range stretches {
			if at >= stretch[0] && at < stretch[1] {
				wait = int64(stretch[1].Sub(at))
			}
		}
		least = append(least, wait)
		model = append(model, max(0, int64(since(arrivals[k]))-int64(at)))
	}
	slices.Sort(least)
	slices.Sort(model)
	for _, q := range quantiles {
		rank := int(q/100*float64(n)+0.5) - 1
		got := s.Latencies[figure.Response].ValueAtPercentile(q)
		excess := float64(got)/float64(model[rank]) - 1
		t.Logf("p%v: response %v, closed form %v (%+.2f %%), pause alone %v, service %v", q, time.Duration(got), time.Duration(model[rank]), 100*excess,
			time.Duration(least[rank]), time.Duration(s.Latencies[figure.Service].ValueAtPercentile(q)))
		// A histogram's own error is 0.1 %.
		if got < least[rank] || excess < -0.001 {
			t.Errorf("p%v of the response time is %v, less than the closed form's %v", q, time.Duration(got), time.Duration(max(least[rank], model[rank])))
		}
		excesses = append(excesses, excess)
	}
	// With few slots only the requests in flight at the pause show it in their
	// service time.
	if service := s.Latencies[figure.Service].ValueAtPercentile(95); slots > 0 && service > int64(c.length/2) {
		t.Errorf("p95 of the service time is %v with %d slots", service, slots)
	}
	return excesses
}

// pause stops the oracle again and again, and returns from when to when it
// certainly stood still, by the run's clock.
func pause(o *oracle, run *Run, c pauses) (stretches [][2]Instant) {
	for i := range c.times {
		run.rest(run.start.Sub(run.clock.Now()) + time.Duration(i)*c.every + (c.every-c.length)/2)
		o.pause()
		from := run.clock.Now()
		run.rest(c.length)
		stretches = append(stretches, [2]Instant{from, run.clock.Now()})
		o.signal(syscall.SIGCONT)
	}
	return stretches
}
