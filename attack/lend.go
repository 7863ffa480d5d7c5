package attack

import (
	"sync"
	"sync/atomic"
)

// lending has the loops of an open loop pass free slots, with their connections, to one
// that has a ticket due and no slot left. Each loop begins with an equal share of the
// slots, which is what it needs but for chance. A loop that wants none pays for it with
// a look at two words of memory.
type lending struct {
	wants atomic.Bool // the loop waits for slots of others
	some  atomic.Bool // others have passed some on

	mu   sync.Mutex // the last one taken: nothing else is locked under it
	got  []*slot
	over bool // the loop has ended
}

// want has other loops pass slots on.
func (l *loop) want() {
	if len(l.run.loops) == 1 {
		return
	}
	if !l.lending.wants.Swap(true) {
		l.run.wanting.Add(1)
	}
	for _, o := range l.run.loops {
		if o != l {
			o.poller.Wake()
		}
	}
}

// wantNoMore ends it.
func (l *loop) wantNoMore() {
	if l.lending.wants.Swap(false) {
		l.run.wanting.Add(-1)
	}
}

// lend passes a free slot to each loop that wants one.
func (l *loop) lend() {
	for _, o := range l.run.loops {
		if l.idle == nil {
			return
		}
		if o != l && o.lending.wants.Load() && o.give(l.idle) {
			o.poller.Wake()
		}
	}
}

// give takes over a free slot of another loop, whose lock is held. It returns false
// where the loop has ended.
func (l *loop) give(s *slot) bool {
	l.lending.mu.Lock()
	defer l.lending.mu.Unlock()
	if l.lending.over {
		return false
	}
	from := s.loop
	from.idle, s.next = s.next, nil
	from.idles--
	from.limit--
	from.slots[s.number] = nil
	from.holes = append(from.holes, s.number)
	if s.conn != nil && from.unwatch(s) != nil {
		s.drop()
	}
	s.dropParked()
	l.lending.got = append(l.lending.got, s)
	l.lending.some.Store(true)
	return true
}

// adopt makes slots that others have passed on the loop's own.
func (l *loop) adopt() {
	l.lending.mu.Lock()
	got := l.lending.got
	l.lending.got = nil
	l.lending.some.Store(false)
	l.lending.mu.Unlock()
	for _, s := range got {
		l.limit++
		l.add(s)
		if s.conn != nil && (s.conn.address.Gone() || l.watch(s) != nil) {
			s.drop()
		}
		l.release(s)
	}
}

// add gives the slot a number.
func (l *loop) add(s *slot) {
	s.loop = l
	if n := len(l.holes); n > 0 {
		s.number, l.holes = l.holes[n-1], l.holes[:n-1]
		l.slots[s.number] = s
		return
	}
	s.number = len(l.slots)
	l.slots = append(l.slots, s)
}

// size is the number of the loop's slots that have not been put away.
func (l *loop) size() int { return len(l.slots) - len(l.holes) - l.away }

// endLending closes what others have passed on last, and takes no more.
func (l *loop) endLending() {
	l.wantNoMore()
	l.lending.mu.Lock()
	defer l.lending.mu.Unlock()
	l.lending.over = true
	for _, s := range l.lending.got {
		l.add(s)
	}
	l.lending.got = nil
}
