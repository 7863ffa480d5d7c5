package attack

import (
	"math"
	"os"
	"syscall"
	"time"

	"brunt/attack/plan"
)

// rest waits, and returns false when the run ends first.
func (r *Run) rest(d time.Duration) bool {
	if end := r.end.Load(); end != never {
		d = min(d, max(0, end.Sub(r.clock.Now())))
	}
	select {
	case <-time.After(d):
		return true
	case <-r.ending:
		return false
	}
}

// cutAtEnd cuts what is in flight at the plan's end.
func (r *Run) cutAtEnd() {
	for {
		left := time.Duration(math.MaxInt64)
		if end := r.end.Load(); end != never {
			left = end.Sub(r.clock.Now())
		}
		if left <= 0 {
			r.cut()
			return
		}
		select {
		case <-time.After(left):
		case <-r.endMoved:
		case <-r.ending:
			return
		}
	}
}

// Stop ends the run before its plan does: no more tickets are sent, and those
// in flight are waited for (Drain) or cut off (Cut). A stopped run may be cut
// by a second Stop.
func (r *Run) Stop(how plan.AtEnd) {
	r.endOnce.Do(func() {
		// The clock is read after the stop can be seen: no ticket taken without
		// seeing it has a later instant.
		r.stopAt.Store(beginsToStop)
		r.stopAt.Store(r.clock.Now() + 1)
		r.endWindow(r.stopAt.Load())
		close(r.ending)
		r.wakeLoops()
	})
	if how == plan.Cut || r.plan.AtEnd == plan.Cut {
		r.cut()
	}
}

// Obey waits for the run's end and takes interrupts meanwhile: the first
// drains the run, the second and every SIGQUIT cuts it, the third calls die.
func (r *Run) Obey(interrupts <-chan os.Signal, die func()) { Obey(r.done, r.Stop, interrupts, die) }

// Obey waits until a run is done and takes interrupts meanwhile: the first has stop drain
// it, the second and every SIGQUIT has it cut, the third calls die.
func Obey(done <-chan struct{}, stop func(plan.AtEnd), interrupts <-chan os.Signal, die func()) {
	for seen := 0; ; {
		select {
		case <-done:
			return
		case signal := <-interrupts:
			if signal == syscall.SIGQUIT {
				seen = max(seen, 1)
			}
			switch seen++; seen {
			case 1:
				stop(plan.Drain)
			case 2:
				stop(plan.Cut)
			default:
				die()
			}
		}
	}
}

// beginsToStop is a stop whose instant is about to be known.
const beginsToStop = -1

// stopping reports whether the run was stopped before its plan's end.
func (r *Run) stopping() bool { return r.stopAt.Load() != 0 }

// stopInstant is when the run was stopped; stopped is false where it was not.
func (r *Run) stopInstant() (at Instant, stopped bool) {
	switch at = r.stopAt.Load(); at {
	case 0:
		return 0, false
	case beginsToStop:
		return r.clock.Now(), true
	}
	return at, true
}

// over reports whether no more tickets are to be sent, whatever the schedule
// says.
func (r *Run) over() bool { return r.stopping() || r.cutting.Load() }

// cut ends everything in flight.
func (r *Run) cut() {
	if r.cutting.Swap(true) {
		return
	}
	r.cancelDials()
	r.wakeLoops()
	r.muxes((*mux).cut)
}

// wakeLoops has the loops look at once at what has changed. It takes no lock: loops call
// it too.
func (r *Run) wakeLoops() {
	for _, l := range r.loops {
		l.poller.Wake()
	}
}

// holdLoops stops all loops until release is called.
func (r *Run) holdLoops() (release func()) {
	for _, l := range r.loops {
		l.lock()
	}
	return func() {
		for _, l := range r.loops {
			l.leave()
		}
	}
}

// abort stops the run for a reason of its own, which its snapshot then tells.
func (r *Run) abort(err error) {
	r.errMu.Lock()
	if r.err == nil {
		r.err = err
	}
	r.errMu.Unlock()
	r.Stop(plan.Drain)
}
