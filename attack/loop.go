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
	if w.ahead {
		w.connectAhead()
	}
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
	var back backOff
	w.free = -1
	// Before the start nothing is planned: it would count as warm-up.
	if !run.rest(max(0, time.Duration(run.start-run.clock.now()))) {
		return
	}
	for !run.stopping() {
		if run.leaving.Load() > 0 && run.dismiss(w) {
			return
		}
		if w.wire == nil {
			if run.pacer != nil && !w.admitted() {
				return
			}
			w.free = -1 // it may have waited
		}
		tk, ok := w.claim.take(run, w.free)
		if !ok {
			if run.inherit(w) {
				continue
			}
			return
		}
		w.fire(tk)
		if pause := back.after(&w.ex); pause > 0 && !run.rest(pause) {
			return
		}
	}
}

const (
	leastPause = 10 * time.Millisecond
	mostPause  = time.Second
)

// backOff has a worker of a closed loop pause where the endpoint gives it no
// connection of any use. That costs the client next to nothing: without a pause
// a dead endpoint would be hammered far beyond the load asked for.
type backOff struct {
	pause time.Duration // the last one
	once  bool          // the last connection was useless
}

// after is the pause that follows an exchange. One connection may break off at
// once and the next be fine, so that only a second one in a row is paused after.
func (b *backOff) after(ex *exchange) time.Duration {
	useless := ex.useless()
	switch {
	case ex.outcome == failed && ex.sent == 0 && ex.kind != KindNoStream, useless && b.once:
		b.pause = min(max(2*b.pause, leastPause), mostPause)
		return b.pause
	case useless:
		b.once = true
	case !ex.barren:
		*b = backOff{}
	}
	return 0
}

// useless reports whether the exchange's connection was opened in vain: it broke
// off, or brought what is no HTTP, at once and before it had brought any reply.
// One that takes longer paces itself.
func (ex *exchange) useless() bool {
	if ex.outcome != failed || !ex.barren || ex.end-ex.sent-ex.trip > int64(leastPause) {
		return false
	}
	switch ex.kind {
	case KindReset, KindClosedEarly, KindGoAway, KindOther: // such as TLS's alerts
		return ex.in == 0
	}
	return ex.kind == KindBadReply
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
