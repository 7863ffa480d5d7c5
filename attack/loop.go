package attack

import (
	"errors"
	"runtime"
	"runtime/debug"
	"time"

	"brunt/attack/http1"
	"brunt/attack/poll"
	"brunt/attack/result"
)

// loop is one event loop: it waits for the next due instant or the next ready
// connection, whichever is first, sends what is due on a free connection, reads what
// has come, counts it, and goes on. It owns its slots, their connections, every n-th
// ticket of the schedule and its tally, and shares none of them with other loops.
//
// All of it is guarded by the tally's lock, which the loop's goroutine holds but while
// it waits: whoever else has something for the loop to do (a connection that was
// opened, a change of the load) takes the lock, does it, and leaves.
type loop struct {
	run    *Run
	tally  *tally
	poller poll.Poller
	// receiver is the poller where that receives and sends; else nil.
	receiver poll.Receiver

	slots    []*slot // nil in holes
	holes    []int   // numbers of slots that were passed on to other loops
	lending  lending
	idle     *slot // free slots of an open loop, last used first: warm connections stay few
	idles    int   // their number
	limit    int   // most slots
	retired  []*slot
	away     int // slots of an open loop that were one too many and were put away: others may come in their place
	present  int // slots of a closed loop that have not left
	leaving  int // of them, those that a change has yet to send away
	claim    claim
	started  uint64 // measured requests begun
	followed uint64 // of them, those that an earlier turn of their session has planned

	tickets tickets // of an open loop
	growth  growth

	timers    timers
	deadlines deadlines
	lookAt    Instant // when to look at the client's own delay next
	stopSeen  bool
	cutSeen   bool

	replies  []*reply // that there are
	spare    []*reply // that no slot has
	header   http1.HeaderReader
	readBuf  []byte // what has come is read into it, whoever it is for
	sendBuf  []byte // requests are made in it
	template []byte // a head before its values are put in

	_ [64]byte // loops share no cache line
}

// readSize is how much is read at a time.
const readSize = 64 << 10

func newLoop(run *Run, p poll.Poller, t *tally, limit int) *loop {
	l := &loop{run: run, poller: p, tally: t, limit: limit, lookAt: never, readBuf: make([]byte, readSize)}
	l.receiver, _ = p.(poll.Receiver)
	l.tickets.lookAt, l.growth.at = never, never
	return l
}

func (l *loop) lock()   { l.tally.mu.Lock() }
func (l *loop) unlock() { l.tally.mu.Unlock() }

// leave is unlock for a goroutine that has had the loop do something: what has become
// due is done, and the loop's own goroutine wakes in time.
func (l *loop) leave() {
	l.turn()
	if l.poller.Waiting() {
		if l.over() {
			l.poller.Wake()
		}
		l.poller.Due(l.wakeAt())
	}
	l.unlock()
}

// work is the loop's goroutine.
func (l *loop) work() {
	defer l.run.workers.Done()
	debug.SetPanicOnFault(true)
	l.lock()
	l.poller.Begin()
	for l.turn(); !l.over(); l.turn() {
		switch {
		case l.growth.waits && (l.poll() || l.growIdle()): // see growth
		case l.tickets.lookAt == 0: // there may be more to send
			l.poll()
		default:
			l.handle(l.poller.Wait(l.wakeAt()))
		}
		opens := l.receiver != nil && l.growth.opening > 0
		l.unlock() // for whoever wants it
		if opens {
			runtime.Gosched() // a receiver waits without leaving its core to those that open connections
		}
		l.lock()
	}
	l.close()
	l.poller.End()
	l.unlock()
}

// turn does what is due.
func (l *loop) turn() {
	run := l.run
	if run.over() {
		l.obeyStop()
	}
	now := run.clock.Now()
	if l.lookAt <= now {
		l.look(now)
	}
	for s := l.deadlines.first; s != nil && s.deadline <= now; s = l.deadlines.first {
		l.deadlines.remove(s)
		s.late(now)
	}
	for len(l.timers) > 0 && l.timers[0].wakeAt <= now {
		s := l.timers[0]
		l.timers.stop(s)
		if s.state == slotWaiting {
			s.then(s)
		} else {
			s.late(now)
		}
	}
	if run.plan.Open() {
		l.sendOrLend()
	}
	l.growth.turned()
}

// sendOrLend sends what is due, and passes on slots that others want more, or wants
// some of theirs.
func (l *loop) sendOrLend() {
	adopts := l.lending.some.Load()
	if adopts {
		l.adopt()
	}
	if !l.tickets.ended {
		l.sendDue()
	}
	switch wants := l.lending.wants.Load(); {
	case l.tickets.wantsSlot && !l.tickets.ended:
		if !wants || adopts {
			l.want()
		}
	case wants:
		l.wantNoMore()
	case l.run.wanting.Load() > 0:
		l.lend()
	}
}

// wakeAt is the instant at which there is something to do again, whatever comes.
func (l *loop) wakeAt() Instant {
	at := min(l.lookAt, l.tickets.lookAt, l.growth.at)
	if s := l.deadlines.first; s != nil {
		at = min(at, s.deadline)
	}
	if len(l.timers) > 0 {
		at = min(at, l.timers[0].wakeAt)
	}
	if l.run.share.waits && l.run.present.Load() == 0 {
		at = min(at, l.run.end.Load())
	}
	return at
}

// poll handles what has come, without waiting, and reports whether there was any.
func (l *loop) poll() bool {
	events, ok := l.poller.Poll()
	l.handle(events)
	return ok
}

func (l *loop) handle(events []poll.Event) {
	if l.receiver != nil {
		l.handleReceived(events)
		return
	}
	for i := range events {
		l.happened(&events[i])
	}
}

func (l *loop) happened(e *poll.Event) {
	s := l.slots[e.Number]
	if s == nil || s.conn == nil || s.conn.generation != e.Generation {
		return // dropped meanwhile
	}
	if e.Writable && s.conn.blocked {
		s.writable()
		if s.conn == nil || s.conn.generation != e.Generation {
			return
		}
	}
	s.readable(e.Ended)
}

// watch has the loop told of what comes on the slot's connection.
func (l *loop) watch(s *slot) error {
	if b := s.conn.blocking; b != nil {
		b.start(s)
		return nil
	}
	if l.receiver != nil {
		return s.conn.watchBy(l.receiver, s.socket())
	}
	return l.poller.Watch(s.socket())
}

// unwatch ends it. It fails where a goroutine reads, or a receiver, which know one loop only.
func (l *loop) unwatch(s *slot) error {
	if s.conn.blocking != nil || l.receiver != nil {
		return errors.ErrUnsupported
	}
	return l.poller.Unwatch(s.socket())
}

// obeyStop does what the stop or the cut asks for.
func (l *loop) obeyStop() {
	if !l.stopSeen {
		l.stopSeen = true
		for _, s := range l.slots {
			if s != nil && s.state == slotWaiting {
				l.timers.stop(s)
				s.then(s)
			}
		}
	}
	if l.run.cutting.Load() && !l.cutSeen {
		l.cutSeen = true
		for _, s := range l.slots {
			if s != nil {
				s.cut()
			}
		}
	}
}

// over reports whether the loop has nothing left to do, and never will have.
func (l *loop) over() bool {
	if l.run.plan.Open() {
		return l.tickets.ended && l.busy() == 0
	}
	return l.run.slotsOver()
}

// look notes how late the client is to act.
func (l *loop) look(now Instant) {
	l.run.watch.record(now.Sub(l.lookAt))
	each := result.DelayEvery * time.Duration(len(l.run.loops))
	if l.lookAt = l.lookAt.Add(each); l.lookAt < now {
		l.lookAt = now.Add(each)
	}
}

// close ends the loop's connections, and its slots' goroutines.
func (l *loop) close() {
	l.endLending()
	for _, s := range l.slots {
		if s == nil {
			continue
		}
		s.drop()
		s.dropParked()
		if s.work != nil {
			close(s.work)
		}
	}
	l.lookAt = never
}

// handedLoop is the goroutine of a slot of HTTP/2: it makes the exchanges that the loop
// hands over.
func (s *slot) handedLoop() {
	defer s.run.helpers.Done()
	debug.SetPanicOnFault(true)
	for range s.work {
		l := s.loop // another one may have passed it on
		if s.asks {
			ok := s.sender.admit(s.run.pacer)
			l.lock()
			s.asks, s.permit = false, ok
			if ok {
				s.take()
			} else {
				l.retire(s)
			}
			l.leave()
			continue
		}
		err := s.senderTo(s.run.kinds[s.item.Variant].host).exchange(s, s.item, s.deadline)
		l.lock()
		if err != nil {
			s.fail(err)
		} else {
			s.conclude()
		}
		l.leave()
	}
}
