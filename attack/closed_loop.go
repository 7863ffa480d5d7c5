package attack

import (
	"time"

	"brunt/attack/result"
)

const (
	minPause = 10 * time.Millisecond
	maxPause = time.Second
)

// backOff has a slot of a closed loop pause where the endpoint gives it no usable
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
	case ex.outcome == failed && ex.sent == 0 && ex.kind != result.KindNoStream, useless && b.once:
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
	case result.KindReset, result.KindClosedEarly, result.KindGoAway, result.KindOther: // such as an alert of TLS
		return ex.in == 0
	}
	return ex.kind == result.KindBadReply
}

// pauseOrTake has the slot take the next ticket, after a pause where one is due.
func (s *slot) pauseOrTake() {
	if pause := s.back.after(&s.ex); pause > 0 {
		s.wait(min(s.run.clock.Now().Add(pause), s.run.end.Load()), (*slot).take)
		return
	}
	// The end of the exchange that the slot comes from was read just now, by this loop.
	// Where that may be otherwise, the clock is read: a lease may have run out meanwhile.
	now := Instant(-1)
	if s.sender == nil && !s.run.sessions {
		now = s.free
	}
	s.takeAt(now)
}

// take has a slot of a closed loop send the next ticket's request, or leave where there
// is none for it.
func (s *slot) take() { s.takeAt(-1) }

// takeAt is take at an instant; negative where that is not known.
func (s *slot) takeAt(now Instant) {
	run, l := s.run, s.loop
	s.state = slotFree
	if run.stopping() || l.surplus() {
		l.retire(s)
		return
	}
	if run.lease.Load() != 0 && s.waitsForLease(now) {
		return
	}
	if s.conn == nil {
		if run.pacer != nil && !s.admitted() {
			return
		}
		s.free = -1 // the slot may have waited
	}
	tk, ok := l.claim.take(run, s.free)
	for !ok && run.takeLeftClaim(&l.claim) {
		tk, ok = l.claim.take(run, s.free)
	}
	if !ok {
		l.retire(s)
		return
	}
	if s.sender != nil {
		s.permit = false
	}
	s.carryOut(tk)
}

// admitted reports whether the pacer lets the slot begin a request that needs a new
// connection. Otherwise it sees to it that the slot goes on later.
func (s *slot) admitted() bool {
	run := s.run
	p := run.pacer
	if s.permit || s.sender == nil && s.dialed && !p.all {
		return true
	}
	if s.sender != nil {
		if s.sender.admitted && !p.all {
			return true
		}
		s.asks, s.state = true, slotHanded
		s.work <- struct{}{}
		return false
	}
	at, ok := p.reserve(run.end.Load())
	if !ok {
		at = never
	}
	if at <= run.clock.Now() {
		s.permit = true
		return true
	}
	s.wait(min(at, run.end.Load()), (*slot).permitted)
	return false
}

// permitted goes on once the pacer's instant has come, or the run's end.
func (s *slot) permitted() {
	s.permit = !s.run.over() && s.run.clock.Now() < s.run.end.Load()
	if !s.permit {
		s.loop.retire(s)
		return
	}
	s.take()
}

// retire ends a slot's part in a closed loop. Another change may call it back.
func (l *loop) retire(s *slot) {
	s.state = slotLeft
	l.present--
	l.retired = append(l.retired, s)
	if l.present == 0 && l.claim.from < l.claim.end {
		l.run.leaveClaim(&l.claim)
	}
	l.run.slotLeft()
}

// surplus lets a slot go that is one too many after a change.
func (l *loop) surplus() bool {
	if l.leaving == 0 || l.run.present.Load() <= 1 && !l.run.share.waits {
		return false
	}
	l.leaving--
	return true
}

// join starts a slot of a closed loop.
func (l *loop) join() {
	l.present++
	l.run.present.Add(1)
	var s *slot
	if n := len(l.retired); n > 0 {
		s, l.retired = l.retired[n-1], l.retired[:n-1]
	} else {
		s = l.newSlot()
	}
	s.free = -1
	if now := l.run.clock.Now(); now < l.run.start {
		s.wait(l.run.start, (*slot).take) // before the start nothing is planned: it would count as warm-up
		return
	}
	s.take()
}

// claimSize is how many tickets of a closed loop a loop takes at once: the
// counter that all share is then touched once in so many requests.
const claimSize = 16

// claim is a loop's stock of tickets of a closed loop.
type claim struct {
	from, end uint64
	stage     int // of the last one
}

// take gives the next ticket, planned for the instant since which a slot has been
// free, or for now where that is negative; ok is false when the run has none left.
// Where records are kept, a later ticket is never planned for an earlier instant, but
// for now: readers of results count on that (vegeta's plot refuses others). The lock
// that it takes is little beside writing the record.
func (c *claim) take(run *Run, free Instant) (tk ticket, ok bool) {
	if run.recorder != nil {
		run.orderMu.Lock()
		defer run.orderMu.Unlock()
	}
	now := free
	if free < 0 || run.recorder != nil {
		now = run.clock.Now()
	}
	if now >= run.end.Load() {
		return tk, false
	}
	tk = ticket{planned: now, begin: now, warm: now < run.measured.Load()}
	if tk.warm {
		tk.index, ok = run.share.portions[0].share.Number(run.warming.Add(1)-1), true
	} else {
		tk.index, ok = c.next(run)
		if run.borders != nil {
			c.stage = run.stageOf(c.stage, now)
			tk.stage = uint8(c.stage)
		}
	}
	return tk, ok
}

// next gives the next ticket's index; ok is false when all are taken.
func (c *claim) next(run *Run) (index uint64, ok bool) {
	limit := run.share.limit
	if c.from == c.end {
		size := uint64(claimSize)
		if most := run.share.most; run.recorder != nil || most <= 1 || run.share.inOrder {
			size = 1
		} else if limit != unlimited {
			// Near the end, and for short runs, single tickets: no loop shall sit on
			// tickets that others have time for.
			left := limit - min(limit, run.claimed.Load())
			size = min(max(left/uint64(8*most), 1), claimSize)
		}
		c.end = run.claimed.Add(size)
		c.from = c.end - size
		if len(run.share.voids) > 0 {
			c.skipVoids(run)
		}
		// Where the last ticket is a session, slots run empty once none is left.
		if limit != unlimited && (c.from < limit && c.end >= limit && !run.sessions || c.from == limit) {
			run.endWindow(run.clock.Now() + 1) // the last one: from now on slots run empty
		}
	}
	if c.from >= limit {
		return 0, false
	}
	index = run.share.number(c.from)
	c.from++
	return index, true
}

// skipVoids claims another request where the one that was claimed is given up.
func (c *claim) skipVoids(run *Run) {
	for past := run.share.pastVoids(c.from); past > c.from; past = run.share.pastVoids(c.from) {
		for now := run.claimed.Load(); now < past && !run.claimed.CompareAndSwap(now, past); now = run.claimed.Load() {
		}
		c.end = run.claimed.Add(1)
		c.from = c.end - 1
	}
}

// leaveClaim keeps tickets that a loop without slots has left over, for the others.
func (r *Run) leaveClaim(c *claim) {
	r.claimsMu.Lock()
	r.leftClaims = append(r.leftClaims, *c)
	r.claimsMu.Unlock()
	*c = claim{}
}

// takeLeftClaim gives a loop that finds no more tickets those that another one has
// left over.
func (r *Run) takeLeftClaim(c *claim) bool {
	r.claimsMu.Lock()
	defer r.claimsMu.Unlock()
	n := len(r.leftClaims)
	if n == 0 || r.clock.Now() >= r.end.Load() {
		return false
	}
	*c, r.leftClaims = r.leftClaims[n-1], r.leftClaims[:n-1]
	return true
}
