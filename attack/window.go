package attack

import (
	"math"
	"time"

	"brunt/attack/plan"
)

// countInWindow counts the slot's exchange where its reply came within the window.
// The lock is held.
func (t *tally) countInWindow(w *slot) {
	ex, n := &w.ex, &t.counts.Window
	inside := w.run.inWindow(ex.end)
	if inside && ex.status > 0 {
		n.Completed++
		if ex.outcome == succeeded {
			n.OK++
		}
	}
	if ex.outcome == succeeded {
		w.reply.countTokens(&n.Tokens, inside)
	}
}

// inWindow reports whether the instant lies within the window, as far as its end
// is known by now.
func (r *Run) inWindow(at Instant) bool { return at >= r.measured.Load() && at < r.until.Load() }

// endWindow ends the window at the instant, unless it ends before.
func (r *Run) endWindow(at Instant) {
	for {
		until := r.until.Load()
		if until <= at || r.until.CompareAndSwap(until, at) {
			return
		}
	}
}

// planWindow makes the window as long as the plan, as far as that is known: it
// is for a closed loop that ends with its last request only once that is taken.
func (r *Run) planWindow() {
	end := r.end.Load()
	if n := r.plan.Requests; n > 0 && r.plan.Open() {
		end = min(end, r.measured.Load().Add(r.scheduleLength(n)))
	}
	r.until.Store(end)
	if at := r.stopAt.Load(); at > 0 { // else Stop is yet to do so
		r.endWindow(at)
	}
}

// scheduleLength is how long the schedule takes for so many measured requests: until
// one more would be planned.
func (r *Run) scheduleLength(n uint64) time.Duration {
	if r.plan.Instants != nil {
		d, _ := plan.OffsetOf(r.plan.Rate, n)
		return min(d, math.MaxInt64/2)
	}
	s := r.schedule.Load()
	at := s.Next(s.Warm + n)
	return max(0, min(at, math.MaxInt64/2)-s.Warmup)
}

// windowAt is the window's length as of the instant. A run whose last reply was in
// before the window's end had all of it: nothing else was to come.
func (r *Run) windowAt(at Instant, closed bool) time.Duration {
	until := r.until.Load()
	if !closed || until == never {
		until = min(at, until)
	}
	return max(0, until.Sub(r.measured.Load()))
}
