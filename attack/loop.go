package attack

import (
	"runtime/debug"
	"time"
)

// loop is the life of a worker.
func (w *worker) loop() {
	defer w.run.workers.Done()
	debug.SetPanicOnFault(true)
	if w.turn != nil {
		w.openLoop()
	} else {
		w.closedLoop()
	}
	w.opened()
	w.drop()
	w.run.exit(w)
}

// openLoop sends tickets of its turn until there are none. A worker that comes
// free only after the plan's end takes no more: until then no slot was free
// for what is left.
func (w *worker) openLoop() {
	for w.free < w.run.end {
		tk, ok := w.turn.take(w)
		if !ok {
			return
		}
		w.fire(tk)
	}
}

// closedLoop sends whenever the last reply is in.
func (w *worker) closedLoop() {
	run := w.run
	pause := time.Duration(0)
	// Before the start nothing is planned: it would count as warm-up.
	if !run.rest(max(0, time.Duration(run.start-run.clock.now()))) {
		return
	}
	for !run.stopping.Load() {
		if run.leaving.Load() > 0 && run.dismiss(w) {
			return
		}
		if run.pacer != nil && w.wire == nil && !w.admitted() {
			return
		}
		tk, ok := w.claim.take(run)
		if !ok {
			if run.inherit(w) {
				continue
			}
			return
		}
		w.fire(tk)
		// A refused connection costs the client next to nothing: without a pause
		// a dead endpoint would be hammered far beyond the load asked for.
		if w.wire != nil || w.ex.outcome != failed || w.ex.sent != 0 {
			pause = 0
			continue
		}
		pause = min(max(2*pause, 10*time.Millisecond), time.Second)
		if !run.rest(pause) {
			return
		}
	}
}

// admitted waits for the pacer where the next ticket is going to need a new
// connection; false when the run ends first.
func (w *worker) admitted() bool {
	p := w.run.pacer
	switch {
	case w.lane != nil:
		return w.lane.admit(p)
	case w.permit, w.dialed && !p.all:
		return true
	}
	w.permit = p.admit(w.run)
	return w.permit
}
