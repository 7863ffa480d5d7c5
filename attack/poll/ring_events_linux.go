package poll

import (
	"io"
	"sync/atomic"
	"syscall"
)

// told are the events that have come, so many of them at a time.
func (r *ring) told() []Event {
	if r.unsettled > 0 {
		r.scan() // the queue was full when they were sent
	}
	r.events = append(r.events, r.late...)
	r.late = r.late[:0]
	head, tail := *r.cqHead, atomic.LoadUint32(r.cqTail)
	for ; head != tail && len(r.events) < maxEvents; head++ {
		c := r.completions[head&r.cqMask]
		switch c.user >> 62 {
		case forReceive:
			r.arrived(&c)
		case forWritable:
			r.writable(&c)
		case forRing:
			if c.user == wakeName && c.flags&hasMore == 0 {
				r.tellOfWakes()
			}
		}
	}
	atomic.StoreUint32(r.cqHead, head)
	if int32(r.scanned-head) < 0 {
		r.scanned = head
	}
	return r.events
}

// arrived tells of what one completion says of a connection that receives.
func (r *ring) arrived(c *completion) {
	key := c.user & keyMask
	var data []byte
	if c.flags&hasBuffer != 0 {
		number := uint16(c.flags >> bufferShift)
		r.lent = append(r.lent, number)
		data = r.buffer(number)[:max(0, c.result)]
	}
	w, known := r.watched[key]
	if !known {
		return // dropped meanwhile
	}
	e := Event{Number: int(key >> 32), Generation: int32(uint32(key)), Data: data}
	again := false
	switch fault := syscall.Errno(-c.result); {
	case c.result > 0:
		again = c.flags&hasMore == 0
	case c.result == 0:
		e.End = io.EOF
	case fault == syscall.ENOBUFS || fault == syscall.EINTR || fault == syscall.EAGAIN || fault == syscall.ECANCELED:
		again = c.flags&hasMore == 0
	default:
		e.End = fault
	}
	if again || e.End != nil && c.flags&hasMore == 0 {
		w.receiving = false
		r.watched[key] = w
	}
	if again {
		r.again = append(r.again, key)
	}
	if len(data) > 0 || e.End != nil {
		r.events = append(r.events, e)
	}
}

// writable tells that a connection takes more bytes.
func (r *ring) writable(c *completion) {
	key := c.user & keyMask
	w, known := r.watched[key]
	if !known || !w.telling {
		return
	}
	if c.flags&hasMore == 0 {
		r.tellOfRoom(key, w.fd)
	}
	r.events = append(r.events, Event{Number: int(key >> 32), Generation: int32(uint32(key)), Writable: true})
}

func (r *ring) News(s Socket) bool {
	for i := range r.events {
		if e := &r.events[i]; e.Number == s.Number && e.Generation == s.Generation {
			return true
		}
	}
	user := forReceive<<62 | keyOf(s)
	for head, tail := *r.cqHead, atomic.LoadUint32(r.cqTail); head != tail; head++ {
		if c := &r.completions[head&r.cqMask]; c.user == user && c.result >= 0 {
			return true
		}
	}
	return false
}
