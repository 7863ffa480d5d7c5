package attack

import (
	"runtime/debug"
	"time"
)

// loop sends requests until there are no more tickets for the worker.
func (w *worker) loop() {
	defer w.run.workers.Done()
	debug.SetPanicOnFault(true)
	if w.dispatcher != nil {
		w.openLoop()
	} else {
		w.closedLoop()
	}
	w.opened()
	w.drop()
	w.run.exit(w)
}

// openLoop sends tickets of its dispatcher until there are none. A worker that comes
// free only after the plan's end takes no more: until then no slot was free for the
// tickets that are left.
func (w *worker) openLoop() {
	if w.ahead {
		w.connectAhead()
	}
	for w.free < w.run.end.Load() {
		tk, ok := w.dispatcher.take(w)
		if !ok {
			return
		}
		w.carryOut(tk)
	}
}

// closedLoop sends a request whenever the last reply is in.
func (w *worker) closedLoop() {
	run := w.run
	var back backOff
	w.free = -1
	// Before the start nothing is planned: it would count as warm-up.
	if !run.rest(max(0, run.start.Sub(run.clock.Now()))) {
		return
	}
	for !run.stopping() {
		if run.leaving.Load() > 0 && run.leaveIfSurplus(w) {
			return
		}
		if w.conn == nil {
			if run.pacer != nil && !w.admitted() {
				return
			}
			w.free = -1 // the worker may have waited
		}
		tk, ok := w.claim.take(run, w.free)
		if !ok {
			if run.takeLeftClaim(w) {
				continue
			}
			return
		}
		w.carryOut(tk)
		if pause := back.after(&w.ex); pause > 0 && !run.rest(pause) {
			return
		}
	}
}

const (
	minPause = 10 * time.Millisecond
	maxPause = time.Second
)

// backOff has a worker of a closed loop pause where the endpoint gives it no usable
// connection. Without a pause a dead endpoint would be sent far more connection
// attempts than the load asked for, since a failed one costs the client next to
// nothing.
type backOff struct {
	pause time.Duration // the last one
	once  bool          // the last connection was useless
}

// after is the pause that follows an exchange. One connection may break off at once
// and the next be fine, so that only the second in a row is followed by a pause.
func (b *backOff) after(ex *exchange) time.Duration {
	useless := ex.connUseless()
	switch {
	case ex.outcome == failed && ex.sent == 0 && ex.kind != KindNoStream, useless && b.once:
		b.pause = min(max(2*b.pause, minPause), maxPause)
		return b.pause
	case useless:
		b.once = true
	case !ex.connUnanswered:
		*b = backOff{}
	}
	return 0
}

// connUseless reports whether the exchange's connection broke off, or brought
// something that is not HTTP, within minPause and before any reply. One that takes
// longer limits the rate by itself.
func (ex *exchange) connUseless() bool {
	if ex.outcome != failed || !ex.connUnanswered || ex.end.Sub(ex.sent)-ex.trip > minPause {
		return false
	}
	switch ex.kind {
	case KindReset, KindClosedEarly, KindGoAway, KindOther: // such as an alert of TLS
		return ex.in == 0
	}
	return ex.kind == KindBadReply
}

// admitted waits for the pacer where the next ticket is going to need a new
// connection. It returns false when the run ends first.
func (w *worker) admitted() bool {
	p := w.run.pacer
	switch {
	case w.sender != nil:
		return w.sender.admit(p)
	case w.permit, w.dialed && !p.all:
		return true
	}
	w.permit = p.admit(w.run)
	return w.permit
}
