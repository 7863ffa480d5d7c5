package h2

// line is those who wait for a place on a connection, in the order in which
// their requests began.
type line struct{ first, last *Stream }

// add puts the stream behind those that began before it. Most come last.
func (l *line) add(s *Stream) {
	ahead := l.last
	for ahead != nil && ahead.Began > s.Began {
		ahead = ahead.ahead
	}
	s.ahead, s.waiting = ahead, true
	if ahead == nil {
		s.behind, l.first = l.first, s
	} else {
		s.behind, ahead.behind = ahead.behind, s
	}
	if s.behind == nil {
		l.last = s
	} else {
		s.behind.ahead = s
	}
}

func (l *line) remove(s *Stream) {
	if s.ahead == nil {
		l.first = s.behind
	} else {
		s.ahead.behind = s.behind
	}
	if s.behind == nil {
		l.last = s.ahead
	} else {
		s.behind.ahead = s.ahead
	}
	s.ahead, s.behind, s.waiting = nil, nil, false
}

// Reserve gives the stream a place on the connection, which its Do takes up
// and gives back. usable is false where the connection takes no more streams
// at all; without a place on a usable one the stream is in line for it, and
// Await is to follow.
func (c *Conn) Reserve(s *Stream) (ok, usable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.retired {
		return false, false
	}
	if c.active == 0 && c.nextID > 1 {
		c.fresh = false
		if (c.config.Wary.Load() || c.config.Now()-c.idleFrom > idleEnough) && !c.catchUp() {
			return false, false
		}
	}
	s.conn = c
	if c.line.first != nil || c.active >= c.limit {
		c.line.add(s)
		c.crowded = c.crowded || c.active >= c.limit
		return false, true
	}
	s.Idled = !c.fresh
	c.active++
	return true, true
}

// Join puts streams, whose owners do nothing meanwhile, in line for a place on
// a new connection. Await is to follow for each of them.
func (c *Conn) Join(streams []*Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range streams {
		s.conn = c
		if c.err != nil || c.retired {
			s.call()
			continue
		}
		c.line.add(s)
	}
	c.serve()
}

// Await waits for the place that the stream is in line for. ok is false
// without an error where the connection takes no more streams. The error is
// ErrNoStream where the instant want came because all places were taken, or
// ErrTimeout where nobody came to open streams.
func (s *Stream) Await(want int64) (ok bool, err error) {
	c := s.conn
	for {
		late := s.wait(want)
		c.mu.Lock()
		s.Crowded = c.crowded
		switch {
		case s.called && late == nil:
			c.mu.Unlock()
			return true, nil
		case s.called: // too late for this one
			if c.begun(s); c.crowded {
				late = ErrNoStream
			}
			c.mu.Unlock()
			c.release()
			return false, late
		case s.waiting && late == nil: // a call from before
			c.mu.Unlock()
			continue
		case s.waiting:
			if c.line.remove(s); c.crowded {
				late = ErrNoStream
			}
			c.serve()
			c.mu.Unlock()
			return false, late
		}
		c.mu.Unlock()
		return false, nil
	}
}

// serve gives free places to those who wait, who began first being first. On a
// connection that has not answered yet one of them opens its stream after the
// other, in the same order: a peer that takes only so many requests on a
// connection (GOAWAY) takes those with the lowest numbers. c.mu is held.
func (c *Conn) serve() {
	for c.line.first != nil && c.active < c.limit && (c.fruitful || c.calling == 0) {
		s := c.line.first
		c.line.remove(s)
		s.called, s.Idled = true, !c.fresh
		c.calling++
		c.active++
		s.call()
	}
	c.crowded = c.crowded || c.line.first != nil && c.active >= c.limit
}

// begun notes that a stream which was called has taken its place up. c.mu is
// held.
func (c *Conn) begun(s *Stream) {
	if s.called {
		s.called = false
		c.calling--
		c.serve()
	}
}

// dismiss has all who wait look for another connection. c.mu is held.
func (c *Conn) dismiss() {
	for c.line.first != nil {
		s := c.line.first
		c.line.remove(s)
		s.call()
	}
}

// release gives a stream's place back.
func (c *Conn) release() {
	if c.free(1) {
		c.fail(errClosed)
	}
}

// free gives places back; over says that the connection is to be closed, for
// they were the last ones on it.
func (c *Conn) free(places int) (over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.active -= places; c.active == 0 {
		c.idleFrom = c.config.Now()
	}
	c.serve()
	return c.active == 0 && c.retired
}
