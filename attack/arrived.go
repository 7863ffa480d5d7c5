package attack

import (
	"brunt/attack/poll"
)

// maxQueued is how long a request is at most that is left to a receiver to be sent with
// others: a longer one is sent at once, as much as the system takes.
const maxQueued = 2 * maxCopied

// received is what a connection has besides where its loop's poller receives and sends for
// it. The zero value is for other connections.
type received struct {
	by      poll.Receiver // nil for other connections
	socket  poll.Socket
	message poll.Message // the request, where it was left to the receiver

	pieces  []poll.Event // that have come, while they are handled
	part    []byte       // the rest of one
	end     error        // nothing comes after it
	spoiled bool         // something came that nobody has read, or will
}

// watchBy has the receiver receive for the connection.
func (c *connection) watchBy(r poll.Receiver, s poll.Socket) error {
	c.by, c.socket = r, s
	return r.Watch(s)
}

// next returns the next bytes that have come, so many at most, errWouldBlock where there
// are none, or what ended the connection.
func (r *received) next(most int) ([]byte, error) {
	if !r.any() {
		return nil, errWouldBlock
	}
	if len(r.part) == 0 {
		return nil, r.end
	}
	p := r.part[:min(most, len(r.part))]
	r.part = r.part[len(p):]
	return p, nil
}

// any reports whether next has something to say.
func (r *received) any() bool {
	for len(r.part) == 0 && len(r.pieces) > 0 {
		e := &r.pieces[0]
		r.part, r.pieces = e.Data, r.pieces[1:]
		if e.End != nil {
			r.end = e.End
		}
	}
	return len(r.part) > 0 || r.end != nil
}

// keepRest copies what has come and was not read: its memory is used again.
func (r *received) keepRest() {
	if !r.any() || len(r.part) == 0 {
		return
	}
	rest := append([]byte(nil), r.part...)
	r.part = nil
	for r.any() && len(r.part) > 0 {
		rest = append(rest, r.part...)
		r.part = nil
	}
	r.part = rest
}

// news reports whether something has come that was not read, as far as the receiver knows.
func (r *received) news() bool {
	return r.spoiled || r.any() || r.by.News(r.socket)
}

// queue leaves a request's only piece to the receiver, and reports whether it takes it.
// The request begins when the system gets it, which is when the receiver sends it
// with others: its instant is right before that call.
func (c *connection) queue(p []byte) bool {
	if c.by == nil || !c.unsentYet || len(p) > maxQueued || !c.by.Send(c.socket, p, &c.message) {
		return false
	}
	c.unsentYet = false
	return true
}

// settle notes what became of a request that was left to the receiver.
func (c *connection) settle() {
	m := &c.message
	if m.State != poll.MessageSent {
		return
	}
	m.State, c.sent = poll.MessageIdle, m.Sent
	c.wrote(m.Taken)
	if c.wire == nil && len(m.Left) > 0 {
		c.out = m.Left
	}
	if m.Left = nil; m.Err != nil {
		c.writeErr = m.Err
	}
}

// forget has the receiver do no more for the connection, which is about to be closed.
func (c *connection) forget() {
	if c.by != nil {
		_ = c.by.Unwatch(c.socket)
		c.by, c.pieces, c.part = nil, nil, nil
	}
}

// handleReceived is handle for the events of a receiver: those of one connection that
// follow each other are one piece of news, as a read of several pieces is.
func (l *loop) handleReceived(events []poll.Event) {
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].Number == events[0].Number && events[n].Generation == events[0].Generation {
			n++
		}
		l.cameFor(events[:n])
		events = events[n:]
	}
}

// cameFor handles what has come on one connection.
func (l *loop) cameFor(events []poll.Event) {
	number, generation := events[0].Number, events[0].Generation
	goesOn, news := false, false
	for i := range events {
		e := &events[i]
		e.Number = -1 // handled, for News
		goesOn = goesOn || e.Unfinished || e.Writable
		news = news || len(e.Data) > 0 || e.End != nil
	}
	s := l.slots[number]
	if s == nil {
		return
	}
	c := s.conn
	if c == nil || c.generation != generation {
		if news {
			s.spoilParked(generation)
		}
		return
	}
	if c.message.State == poll.MessageQueued {
		l.receiver.Flush() // no reply is read before its request has been sent
	}
	c.settle()
	if goesOn && s.state == slotExchanging && (c.blocked || c.unsent() > 0 || c.writeErr != nil) {
		s.writeOn()
	}
	if s.conn != c || !news {
		return
	}
	c.pieces = events
	s.readable(len(events) > 1 || events[0].End != nil)
	if s.conn == c {
		c.keepRest()
	}
}

// spoilParked has a connection to another host be used no more, on which something came.
func (s *slot) spoilParked(generation int32) {
	for _, p := range s.parked {
		if p.conn.generation == generation {
			p.conn.spoiled = true
		}
	}
}
