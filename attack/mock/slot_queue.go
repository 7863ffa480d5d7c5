package mock

import "slices"

// slotQueue is the model's slots and the queue before them, computed ahead. Requests
// are served in the order of arrival and the k-th service time is known, so the
// instant at which a request leaves the model is known when it arrives, and its
// handler only waits for that instant. A late wake-up therefore delays one reply, and
// never the next request in that slot.
//
// A client that disconnects changes nothing: as in a real server the model works to
// the end, and its slot is freed at the instant planned.
//
// Instants are nanoseconds and never decrease from call to call. A slotQueue has no
// clock and no lock of its own.
type slotQueue struct {
	free  []int64 // min-heap: when each slot comes free of all that is planned on it
	queue []int64 // when the service of each waiting request begins; ascending, from head on
	head  int
	bound int // most waiting; 0 for no bound

	autoscale int64 // for how long no slot must be free; 0 for never, or when it has been
	taken     int64 // since when none has been, 0 where one was at the last arrival

	coldStart int64
	asleep    bool  // scaled to zero, and no request has come yet
	wake      int64 // when the endpoint is up
}

func newSlotQueue(c Config) slotQueue {
	return slotQueue{
		free:      make([]int64, c.Concurrency),
		bound:     c.Queue,
		autoscale: int64(c.Autoscale),
		coldStart: int64(c.ColdStart),
		asleep:    c.ColdStart > 0,
	}
}

// full reports whether a request that arrives now has to be refused. While the
// endpoint wakes all wait in the queue and only there, within its bound: the
// slots that will take them do not exist yet.
func (l *slotQueue) full(now int64) bool {
	return l.bound > 0 && l.waiting(now) >= l.bound
}

// plan plans the service of a request that arrives now and holds a slot for
// latency; it returns when it leaves the model.
func (l *slotQueue) plan(now, latency int64) int64 {
	if l.asleep {
		l.wakeUp(now)
	}
	l.scale(now)
	start := max(now, l.free[0])
	if start > now {
		l.waiting(now)
		i := len(l.queue)
		for i > l.head && l.queue[i-1] > start { // what waits since before there were more slots
			i--
		}
		l.queue = slices.Insert(l.queue, i, start)
	}
	l.free[0] = start + latency
	l.siftDown()
	return start + latency
}

// scale notes whether a slot is free now, and doubles the slots once none has been
// for long enough.
func (l *slotQueue) scale(now int64) {
	switch {
	case l.autoscale == 0:
	case l.free[0] <= now:
		l.taken = 0
	case l.taken == 0:
		l.taken = now
	case now-l.taken >= l.autoscale:
		for range len(l.free) {
			l.free = append(l.free, now)
		}
		slices.Sort(l.free) // which is a heap, too
		l.autoscale = 0
	}
}

func (l *slotQueue) wakeUp(now int64) {
	l.asleep = false
	l.wake = now + l.coldStart
	for i := range l.free {
		l.free[i] = l.wake
	}
}

// siftDown restores the heap after its least element has grown.
func (l *slotQueue) siftDown() {
	for i := 0; ; {
		least := 2*i + 1
		if least >= len(l.free) {
			return
		}
		if right := least + 1; right < len(l.free) && l.free[right] < l.free[least] {
			least = right
		}
		if l.free[i] <= l.free[least] {
			return
		}
		l.free[i], l.free[least] = l.free[least], l.free[i]
		i = least
	}
}

// waiting is the number of requests in the queue now.
func (l *slotQueue) waiting(now int64) int {
	for l.head < len(l.queue) && l.queue[l.head] <= now {
		l.head++
	}
	if l.head > 64 && l.head > len(l.queue)/2 {
		l.queue = append(l.queue[:0], l.queue[l.head:]...)
		l.head = 0
	}
	return len(l.queue) - l.head
}

// serving is the number of slots taken now. A slot with work planned later has
// work now as well, for a request waits only while every slot is taken; waking
// is the exception.
func (l *slotQueue) serving(now int64) int {
	if now < l.wake {
		return 0
	}
	taken := 0
	for _, at := range l.free {
		if at > now {
			taken++
		}
	}
	return taken
}

// clear drops all that is planned; the endpoint is closing.
func (l *slotQueue) clear() {
	clear(l.free)
	l.queue, l.head, l.wake, l.asleep = nil, 0, 0, false
}
