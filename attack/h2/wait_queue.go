package h2

import "brunt/attack/clock"

// waitQueue is those who wait for a place on a connection, in the order in which
// their requests began.
type waitQueue struct{ first, last *Stream }

// add puts the stream behind those that began before it. Most come last.
func (l *waitQueue) add(s *Stream) {
	ahead := l.last
	for ahead != nil && ahead.Began > s.Began {
		ahead = ahead.prev
	}
	s.prev, s.queued = ahead, true
	if ahead == nil {
		s.next, l.first = l.first, s
	} else {
		s.next, ahead.next = ahead.next, s
	}
	if s.next == nil {
		l.last = s
	} else {
		s.next.prev = s
	}
}

func (l *waitQueue) remove(s *Stream) {
	if s.prev == nil {
		l.first = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next == nil {
		l.last = s.prev
	} else {
		s.next.prev = s.prev
	}
	s.prev, s.next, s.queued = nil, nil, false
}

// Reserve gives the stream a place on the connection, which its Do takes up
// and gives back. usable is false where the connection takes no more streams
// at all; without a place on a usable one the stream is in line for it, and
// Await is to follow.
func (c *Conn) Reserve(s *Stream) (ok, usable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.noMoreStreams {
		return false, false
	}
	if c.active == 0 && c.nextID > 1 {
		c.answeredSinceIdle = false
		if (c.config.CheckIdle.Load() || c.config.Now().Sub(c.idleFrom) > minIdle) && !c.refresh() {
			return false, false
		}
	}
	s.conn = c
	if c.queue.first != nil || c.active >= c.limit {
		c.queue.add(s)
		c.hadQueue = c.hadQueue || c.active >= c.limit
		return false, true
	}
	s.ConnIdled = !c.answeredSinceIdle
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
		if c.err != nil || c.noMoreStreams {
			s.wakeOwner()
			continue
		}
		c.queue.add(s)
	}
	c.assignPlaces()
}

// Await waits for the place that the stream is in line for. ok is false
// without an error where the connection takes no more streams. The error is
// ErrNoStream where the instant want came because all places were taken, or
// ErrTimeout where no connection was opened in time.
func (s *Stream) Await(deadline clock.Instant) (ok bool, err error) {
	c := s.conn
	for {
		late := s.wait(deadline)
		c.mu.Lock()
		s.HadQueue = c.hadQueue
		switch {
		case s.hasPlace && late == nil:
			c.mu.Unlock()
			return true, nil
		case s.hasPlace: // too late for this one
			if c.placeUsed(s); c.hadQueue {
				late = ErrNoStream
			}
			c.mu.Unlock()
			c.release()
			return false, late
		case s.queued && late == nil: // a call from before
			c.mu.Unlock()
			continue
		case s.queued:
			if c.queue.remove(s); c.hadQueue {
				late = ErrNoStream
			}
			c.assignPlaces()
			c.mu.Unlock()
			return false, late
		}
		c.mu.Unlock()
		return false, nil
	}
}

// assignPlaces gives free places to those who wait, who began first being first. On a
// connection that has not answered yet one of them opens its stream after the
// other, in the same order: a peer that takes only so many requests on a
// connection (GOAWAY) takes those with the lowest numbers. c.mu is held.
func (c *Conn) assignPlaces() {
	for c.queue.first != nil && c.active < c.limit && (c.answered || c.unusedPlaces == 0) {
		s := c.queue.first
		c.queue.remove(s)
		s.hasPlace, s.ConnIdled = true, !c.answeredSinceIdle
		c.unusedPlaces++
		c.active++
		s.wakeOwner()
	}
	c.hadQueue = c.hadQueue || c.queue.first != nil && c.active >= c.limit
}

// placeUsed notes that a stream which was called has taken its place up. c.mu is
// held.
func (c *Conn) placeUsed(s *Stream) {
	if s.hasPlace {
		s.hasPlace = false
		c.unusedPlaces--
		c.assignPlaces()
	}
}

// emptyQueue has all who wait look for another connection. c.mu is held.
func (c *Conn) emptyQueue() {
	for c.queue.first != nil {
		s := c.queue.first
		c.queue.remove(s)
		s.wakeOwner()
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
	c.assignPlaces()
	return c.active == 0 && c.noMoreStreams
}
