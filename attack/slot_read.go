package attack

import (
	"errors"
	"os"
)

// readable takes what has come on the slot's connection; ended says that its end may
// have come.
func (s *slot) readable(ended bool) {
	switch {
	case s.conn == nil:
	case s.state == slotExchanging:
		s.readReply(ended)
	case s.state != slotOpening:
		s.newsWhileIdle()
	}
}

// newsWhileIdle drops a connection on which something came that is no reply.
func (s *slot) newsWhileIdle() {
	if s.conn.openAfterNews() {
		return
	}
	s.drop()
	s.lost = true
	if s.lingers {
		s.loop.timers.stop(s)
		s.lingered()
	}
}

// readReply reads as long as there is something to read.
func (s *slot) readReply(ended bool) {
	c, buf := s.conn, s.loop.readBuf
	for {
		p, err := c.read(buf)
		switch {
		case len(p) > 0:
			before := c.stall
			done, fault := s.takeReply().take(p, c.at)
			switch {
			case fault != nil:
				s.broken(fault)
				return
			case done:
				s.complete(ended)
				return
			case c.stall != before:
				s.watchSilence()
			}
			if !ended && c.drained(len(p), len(buf)) {
				return
			}
		case err == errWouldBlock:
			if c.writeErr != nil && c.by == nil { // it came first
				s.broken(goneIfFault(c.writeErr))
			} else if c.wire != nil && !c.blocked && len(c.wire.unwritten()) > 0 {
				s.writeOn() // TLS has something to say
			}
			return
		case err != nil:
			if done, fault := s.takeReply().End(err); done {
				s.complete(false)
			} else {
				s.broken(fault)
			}
			return
		}
	}
}

// watchSilence has the stream fail when it says nothing for too long: from its first
// output on.
func (s *slot) watchSilence() {
	s.loop.deadlines.remove(s)
	s.loop.timers.set(s, s.conn.limit())
}

// late is called when the exchange's time may be over.
func (s *slot) late(now Instant) {
	switch c := s.conn; {
	case s.state != slotExchanging: // the goroutine that opens knows by itself
	case now >= c.deadline:
		s.broken(os.ErrDeadlineExceeded)
	case now >= c.limit():
		s.broken(errStalled)
	default:
		s.loop.timers.set(s, c.limit())
	}
}

// cut ends what the slot is at.
func (s *slot) cut() {
	if s.state == slotExchanging {
		s.broken(errCut)
	}
}

// complete records a reply that came to its end; ended says that the connection's end
// may have come with it.
func (s *slot) complete(ended bool) {
	run, c, r := s.run, s.conn, s.reply
	var fault error
	if r.streaming {
		fault = r.fault(nil, c.at)
	} else {
		fault = r.wholeFault()
	}
	if fault == nil && run.plan.Success[r.Status] {
		fault = r.checkFault(s.ex.index)
	}
	ex := &s.ex
	ex.out = c.handed()
	ex.sent, ex.first, ex.end, ex.in, ex.status = c.sent, c.first, c.at, c.bytesIn, r.Status
	switch {
	case fault != nil: // the reply is whole, the answer in it is not
		s.failStream(fault)
	case !run.plan.Success[r.Status]:
		ex.outcome = failed
	}
	c.replies++
	c.trip = min(c.trip, ex.first.Sub(ex.sent))
	run.unannounced.answered(c.replies)
	switch {
	case r.Close || c.more() || c.unsent() > 0 || !run.plan.KeepAlive || c.leaving:
		s.drop()
	case (ended || c.any()) && !c.openAfterNews():
		s.drop()
		s.lost = true
	}
	s.conclude()
}

// failStream records a whole reply whose stream is none.
func (s *slot) failStream(fault error) {
	s.ex.outcome, s.ex.status, s.ex.err, s.ex.kind = failed, 0, fault, kindOf(fault, false)
}

// broken records an exchange whose reply did not come to its end.
func (s *slot) broken(err error) {
	if s.reply != nil && s.reply.streaming {
		err = s.reply.fault(err, s.conn.at)
	}
	s.fail(err)
}

// fail records an exchange without a complete reply.
func (s *slot) fail(err error) {
	s.noteFailure(err)
	s.drop()
	s.conclude()
}

func (s *slot) noteFailure(err error) {
	ex := &s.ex
	err = s.run.refusal(s.run.kinds[ex.variant].host, err)
	ex.end, ex.err = s.run.clock.Now(), err
	if c := s.conn; c != nil {
		c.settle()
		ex.sent, ex.in, ex.trip = c.sent, c.bytesIn, c.trip
		ex.connIdled, ex.connUnanswered = c.replies > 0, c.replies == 0
		ex.out = c.handed()
	}
	ex.outcome = failed
	var gone *payloadError
	switch {
	case err == errCut:
		ex.outcome = cutOff
	case errors.As(err, &gone):
		s.run.abort(gone.err)
	}
	stale := s.closedUnread(err)
	if stale {
		s.run.unannounced.note(s.conn)
	}
	ex.kind = kindOf(err, stale)
}
