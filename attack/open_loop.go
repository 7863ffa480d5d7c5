package attack

import (
	"time"

	"brunt/attack/plan"
)

// ticket is one planned request that a slot took.
type ticket struct {
	index   uint64  // payload index
	planned Instant // planned instant
	begin   Instant // when it was taken
	warm    bool    // within the warm-up
	noSlot  bool    // it waited for a slot
	stage   uint8   // of the plan's
	turn    uint32  // of a session
}

// tickets are a loop's part of the schedule: one class of tickets, and others where the
// run has taken over shares of other runs.
type tickets struct {
	class              // whose next ticket is the first to come
	others     []class // whose next ones come later
	stage      int     // of the last ticket
	ended      bool    // there is none left
	lookAt     Instant // when to look for the next one
	slotsTaken bool    // all slots were taken when the last one fell due
	freedLate  bool    // a slot came free after the plan's end
	wantsSlot  bool    // one is due for which all slots are taken

	skipped       uint64 // tickets dropped for being late
	skippedNoSlot uint64 // of them, those for which no slot was free
}

// maxSends is how many requests are sent before what has come is read.
const maxSends = 16

// sendDue sends what is due, as far as there are slots.
func (l *loop) sendDue() {
	t := &l.tickets
	l.growth.waits, t.wantsSlot = false, false
	for range maxSends {
		s, tk, ok := l.takeDue()
		if !ok {
			return
		}
		if s == nil {
			l.ticketWaits()
			return
		}
		s.carryOut(tk)
	}
	t.lookAt = 0 // there may be more
}

// takeDue takes the next ticket, if its instant has come, and a slot for it; s is nil
// where there is no slot.
func (l *loop) takeDue() (s *slot, tk ticket, ok bool) {
	run, t := l.run, &l.tickets
	for {
		schedule := run.schedule.Load()
		due, planned := schedule.At(t.next)
		if t.stride == 0 {
			planned = false
		} else if until := t.of.Until; until > 0 && due >= until {
			t.drop()
			continue
		}
		at := run.start.Add(due)
		if !planned {
			at = run.lastLook(schedule)
		}
		now := run.clock.Now()
		switch {
		case run.over(), !planned && now >= at:
			t.ended, t.lookAt = true, never
			return nil, tk, false
		case now < at:
			if t.slotsTaken = false; !planned {
				t.lookAt = at
				return nil, tk, false
			}
			t.lookAt = at.Add(schedule.Slack(at.Sub(run.start), t.spacing()))
			return nil, tk, false
		case run.unleased(now):
			l.endTickets()
			return nil, tk, false
		}
		if run.plan.CatchUp == plan.CatchUpSkip && now.Sub(at) > plan.SkipAfter {
			t.skip(t.next >= schedule.Warm)
			continue
		}
		if s = l.slotFor(now); s == nil {
			t.lookAt = never
			return nil, tk, true
		}
		tk = ticket{planned: at, begin: now, noSlot: t.slotsTaken}
		if tk.warm = t.next < schedule.Warm; tk.warm {
			tk.index = t.next
		} else {
			tk.index = t.next - schedule.Warm
			if run.borders != nil {
				t.stage = run.stageOf(t.stage, at)
				tk.stage = uint8(t.stage)
			}
		}
		t.advance()
		return s, tk, true
	}
}

// skip drops the next ticket.
func (t *tickets) skip(measured bool) {
	if measured {
		t.skipped++
		if t.slotsTaken {
			t.skippedNoSlot++
		}
	}
	t.advance()
}

// slotFor gives a slot for a ticket that is due: a free one, or a new one where none
// has to be opened for it.
func (l *loop) slotFor(now Instant) *slot {
	if s := l.idle; s != nil {
		l.idle, s.next = s.next, nil
		l.idles--
		return s
	}
	switch {
	case l.size() >= l.limit:
		l.tickets.slotsTaken = true
		return nil
	case l.run.mux != nil: // its connections are shared
		return l.newSlot()
	case l.growth.allowed > 0:
		l.growth.allowed--
		l.growth.opening++
		return l.newSlot()
	}
	return nil
}

// release frees a slot. One that comes free only after the plan's end takes no more
// tickets: until then no slot was free for those that are left. The exception are the
// last few, which wait for a slot although there may be more of them.
func (l *loop) release(s *slot) {
	s.state = slotFree
	l.growth.freed = true
	if l.size() > l.limit {
		l.putAway(s)
		return
	}
	if end := l.run.end.Load(); s.free >= end && (l.size() >= l.limit || l.overdue(end) > maxOpening) {
		l.tickets.freedLate = true
		l.retired = append(l.retired, s)
		return
	}
	s.next, l.idle = l.idle, s
	l.idles++
}

// overdue is the number of tickets before the instant that have not been taken.
func (l *loop) overdue(at Instant) uint64 {
	t, schedule, since := &l.tickets, l.run.schedule.Load(), at.Sub(l.run.start)
	by := schedule.Before(since)
	n := t.until(schedule, since, by)
	for i := range t.others {
		n += t.others[i].until(schedule, since, by)
	}
	return n
}

// until is the number of the class's tickets that are left before an instant since the
// schedule's start, before which there are so many.
func (c *class) until(s *plan.Schedule, at time.Duration, by uint64) uint64 {
	if c.of.Until > 0 && c.of.Until < at {
		by = s.Before(c.of.Until)
	}
	return c.before(by)
}

// busy is the number of slots of an open loop that are at something.
func (l *loop) busy() int { return l.size() - len(l.retired) - l.idles }

const (
	// maxOpening is how many new slots' connections may be on their way before a
	// ticket waits for one of them, or for a slot to come free.
	maxOpening = 16
	// growthInterval is the time after which a ticket that still waits has more
	// connections opened. quietIntervals is the number of intervals in which no slot
	// came free, after which their number doubles with each interval.
	growthInterval = time.Millisecond
	quietIntervals = 5
	// openingPause is the least time between two that are opened: the loop waits, so that
	// one is opened and what has come is read before the next.
	openingPause = 20 * time.Microsecond
)

// growth bounds how many connections an open loop opens at a time. Opening one costs
// the client ten times as much as a request. If each ticket that finds no free slot
// opened one at once, a client that has just begun, or was held up, would spend its
// time on that and read no replies, though their slots could take the next tickets: it
// would fall behind until every slot has a connection. So one is opened only when
// there is nothing to read: a loop that always has something has no time for more
// connections. And while many are being opened, a ticket waits for one of them or for
// a slot to come free. Where none came free for some time, the endpoint is what is
// waited for, and the bound doubles each millisecond.
type growth struct {
	opening int     // new slots whose first connection is on its way
	allowed int     // slots that may be added now
	waits   bool    // a ticket waits for a slot
	lookAt  Instant // when the bound is looked at again
	at      Instant // when something may be added; never while no ticket waits
	freed   bool    // a slot came free since the last look
	quiet   int     // looks since a slot came free
	grants  int     // slots that may be added beyond the bound before the next look
	next    Instant // when another one may be added
}

// ticketWaits notes that a ticket is due for which there is no slot.
func (l *loop) ticketWaits() {
	g := &l.growth
	if l.tickets.slotsTaken {
		l.endTickets()
		l.tickets.wantsSlot = !l.tickets.ended
		return
	}
	g.waits = true
	if g.at == never {
		g.freed, g.quiet = false, 0
		g.lookAt = l.run.clock.Now().Add(growthInterval)
		g.at = g.lookAt
	}
}

// endTickets gives up the tickets that are left at the plan's end, for which no slot
// was free until then.
func (l *loop) endTickets() {
	if l.run.clock.Now() >= l.run.end.Load() {
		l.tickets.ended, l.tickets.lookAt = true, never
	} else {
		l.tickets.lookAt = l.run.end.Load()
	}
}

// growIdle adds a slot where a ticket waits for one and there was nothing to read. It
// reports whether there is something to do.
func (l *loop) growIdle() bool {
	g := &l.growth
	now := l.run.clock.Now()
	if g.lookAt <= now {
		g.look(now)
	}
	g.at = g.lookAt
	switch {
	case l.tickets.freedLate:
		l.tickets.ended, g.waits, g.at = true, false, never
		return true
	case g.quiet > quietIntervals && g.grants > 0: // the endpoint is what is waited for
		g.grants--
	case now < g.next:
		g.at = min(g.at, g.next)
		return false
	case g.opening < maxOpening:
	case g.grants > 0:
		g.grants--
	default:
		return false
	}
	g.allowed, g.next = 1, now.Add(openingPause)
	return true
}

// turned ends a turn of the loop.
func (g *growth) turned() {
	if g.allowed = 0; !g.waits {
		g.at = never
	}
}

// look decides how many slots may be added beyond the bound.
func (g *growth) look(now Instant) {
	if g.quiet++; g.freed {
		g.quiet, g.freed = 0, false
	}
	g.grants = 1 << min(max(0, g.quiet-quietIntervals), 20)
	g.lookAt = now.Add(growthInterval)
}

// opened notes that a slot's first connection is no longer on its way.
func (l *loop) opened(s *slot) {
	if !s.dialed && l.run.plan.Open() && l.run.mux == nil {
		l.growth.opening--
	}
	s.dialed = true
}
