package attack

import (
	"fmt"
	"testing"
	"time"

	"brunt/attack/quiet"
)

// TestWarmupUntilSettled has a server that is ten times as slow for its first second:
// the measured part begins after that, is as long as the plan says, and its counts are
// the server's own.
func TestWarmupUntilSettled(t *testing.T) {
	for _, rate := range []string{"", "400"} {
		t.Run("rate "+rate, func(t *testing.T) {
			t.Parallel()
			quiet.Repeat(t, func() error {
				p := testPlan(0)
				p.Duration, p.Warmup, p.WarmupUntilSettled, p.Interval = time.Second, 20*time.Second, true, 100*time.Millisecond
				if rate != "" {
					p.Rate, p.Concurrency = mustRate(t, rate), 64
				}
				began := time.Now()
				s, c := windowRun(t, p, func(int) time.Duration {
					if time.Since(began) < time.Second {
						return 50 * time.Millisecond
					}
					return 5 * time.Millisecond
				}, 0)
				n := &s.Counts
				if total := uint64(len(c.ended)); n.Warmup+n.Sent != total || n.Failed+n.CutOff > 0 {
					t.Fatalf("%d in the warm-up and %d measured, but the server answered %d", n.Warmup, n.Sent, total)
				}
				if rate != "" && n.Planned != 400 || n.Window.Length != time.Second || s.PlanElapsed != time.Second {
					t.Fatalf("%d planned within %v, a window of %v", n.Planned, s.PlanElapsed, n.Window.Length)
				}
				theirs := c.within(s.Started, s.Started.Add(time.Second))
				off := max(n.Window.Completed, theirs) - min(n.Window.Completed, theirs)
				if off > max(1, theirs/100) || !s.Settled || s.Started.Sub(began) < time.Second || s.Warmup < time.Second {
					return fmt.Errorf("settled %t, %v after a warm-up of %v; %d in the window, the server counted %d",
						s.Settled, s.Started.Sub(began), s.Warmup, n.Window.Completed, theirs)
				}
				return nil
			})
		})
	}
}

// TestWarmupNeverSettles: the longest warm-up ends it, which is said; a stop ends it
// sooner.
func TestWarmupNeverSettles(t *testing.T) {
	p := testPlan(0)
	p.Duration, p.Warmup, p.WarmupUntilSettled, p.Interval = 200*time.Millisecond, 500*time.Millisecond, true, 100*time.Millisecond
	takes := func(int) time.Duration { return time.Millisecond }
	s, c := windowRun(t, p, takes, 0)
	if s.Settled || s.Warmup != p.Warmup || len(s.Warnings) == 0 || s.Counts.Warmup+s.Counts.Sent != uint64(len(c.ended)) {
		t.Errorf("settled %t after %v: %q", s.Settled, s.Warmup, s.Warnings)
	}
	p.Warmup = time.Minute
	s, c = windowRun(t, p, takes, 300*time.Millisecond)
	if s.Settled || s.Counts.Sent > 0 || s.Counts.Warmup != uint64(len(c.ended)) || !s.Interrupted {
		t.Errorf("stopped: %+v", s.Counts)
	}
}

// TestWarmupEndsAtItsBound: latency that settles when the longest warm-up is over anyway
// moves nothing: tickets of the measured part may have been sent.
func TestWarmupEndsAtItsBound(t *testing.T) {
	p := testPlan(0)
	p.Rate, p.Duration, p.Warmup, p.WarmupUntilSettled = mustRate(t, "100"), time.Second, time.Minute, true
	run := ticketRun(p, 2)
	for _, l := range run.loops {
		l.tickets.ended = true // nothing is to be sent
	}
	run.timeline = &timeline{}
	run.start = run.clock.Now().Add(-time.Minute + settleLead/2)
	run.measured.Store(run.start.Add(time.Minute))
	before, schedule := run.measured.Load(), run.schedule.Load()
	_ = run.endWarmup(nil)
	if run.measured.Load() != before || run.schedule.Load() != schedule || !run.settled.Load() {
		t.Errorf("the measured start moved by %v", run.measured.Load().Sub(before))
	}
}
