package attack

import "brunt/attack/endpoint"

// open has a goroutine open the slot's connection.
func (s *slot) open() {
	s.state = slotOpening
	permit := s.permit
	s.permit = false
	s.run.helpers.Add(1)
	go s.openNow(s.deadline, permit)
}

func (s *slot) openNow(deadline Instant, permit bool) {
	run, l := s.run, s.loop
	defer run.helpers.Done()
	ctx, cancel := run.dialContext(deadline)
	defer cancel()
	opened, err := run.dial(ctx, s.host, deadline, permit)
	var c *connection
	if err == nil {
		c, err = newConnection(&opened, run)
	}
	l.lock()
	defer l.leave()
	l.opened(s)
	if err == nil {
		s.conn = c
		c.leaving = c.address.Gone()
		err = l.watch(s)
	}
	if err == nil && run.cutting.Load() {
		err = errCut
	}
	s.openEnded(&opened, err)
}

// openEnded goes on once the slot's connection is open, or could not be opened.
func (s *slot) openEnded(opened *endpoint.Opened, err error) {
	switch {
	case err != nil && s.run.cutting.Load():
		err = errCut
	case err != nil:
		err = &dialError{err}
	default:
		s.connected(opened)
	}
	switch {
	case s.ahead:
		s.openedAhead(err)
	case err != nil:
		s.drop()
		s.fail(err)
	default:
		s.send()
	}
}

// openedAhead frees the slot whose connection was opened before it had a request. One
// that cannot be opened fails no request: the next ticket is going to open its own.
func (s *slot) openedAhead(err error) {
	s.ahead = false
	if err != nil {
		s.drop()
	} else {
		s.loop.tally.countConnection(&s.ex)
		s.conn.lastUse = s.run.clock.Now()
	}
	s.loop.release(s)
}

// connected notes a connection that was opened for the exchange. There may be
// several: a stream moves on when its connection takes no more.
func (s *slot) connected(o *endpoint.Opened) {
	if s.ex.opened {
		s.loop.tally.countConnection(&s.ex)
	}
	s.ex.opened, s.ex.connect, s.ex.tls, s.ex.resumed = true, o.Connect, o.Handshake, o.Resumed
}

// drop closes the connection; the next request opens another.
func (s *slot) drop() {
	if s.conn == nil {
		return
	}
	s.conn.close()
	if s.conn.blocking != nil && s.conn.blocking.writing {
		s.buf = nil // the goroutine still has it
	}
	s.conn = nil
}
