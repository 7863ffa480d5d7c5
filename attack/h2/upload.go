package h2

import (
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/net/http2"
)

// clogTime is how long, beyond two round trips, a write may take after a reply that ended
// an upload until the peer is taken for one that reads no more on the connection.
const clogTime = 10 * time.Millisecond

// upload has the rest of a body sent by the pump, so that the stream's owner, who waits
// for the reply, is not held up by a peer that replies and reads no more. c.wmu is held.
func (c *Conn) upload(s *Stream, rest []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.unsent = rest
	c.queueUpload(s)
	c.startPump() // it writes the header, too
}

// queueUpload gives the stream a turn if it may send more of its body. c.mu is held.
func (c *Conn) queueUpload(s *Stream) (queued bool) {
	if len(s.unsent) == 0 || s.window <= 0 || s.done || s.inTurn {
		return false
	}
	s.inTurn = true
	c.uploads = append(c.uploads, s)
	return true
}

// startPump has one goroutine write bodies for as long as there are some that may be
// sent. c.mu is held.
func (c *Conn) startPump() {
	if !c.pumping {
		c.pumping = true
		c.spawn(c.pump)
	}
}

// pump writes what was gathered, and a piece of each body in turn.
func (c *Conn) pump() {
	debug.SetPanicOnFault(true) // bodies may lie in mapped files
	for more := true; more; {
		c.wmu.Lock()
		var s *Stream
		var p piece
		if s, p, more = c.nextPiece(); more {
			err := c.appendBody(s, p.body, p.last)
			s.copying.Unlock()
			if err != nil {
				c.bodyFailed(p.id, err)
			}
		}
		c.flushAfterOthers()
	}
}

// piece is a part of a body that is to be sent.
type piece struct {
	id   uint32
	body []byte
	last bool
}

// nextPiece takes a piece of the body whose turn it is, which its owner leaves alone while
// the stream's copying is locked. Without one, and once writes lead nowhere, the pump ends.
func (c *Conn) nextPiece() (s *Stream, p piece, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.uploads) > 0 && c.window > 0 && c.err == nil && !c.broken {
		s = c.uploads[0]
		c.uploads = slices.Delete(c.uploads, 0, 1)
		s.inTurn = false
		n := 0
		if !s.done {
			n = c.takeWindow(s, len(s.unsent))
		}
		if n == 0 { // its window was made smaller, or its reply is here
			continue
		}
		p = piece{s.id, s.unsent[:n], n == len(s.unsent)}
		s.unsent = s.unsent[n:]
		c.queueUpload(s)
		s.copying.Lock()
		return s, p, true
	}
	c.pumping = false
	return nil, piece{}, false
}

// bodyFailed ends a stream whose body cannot be read: nothing more of it is sent.
func (c *Conn) bodyFailed(id uint32, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.streams[id]; s != nil {
		c.takeBody(s)
		s.bodyErr = err
		s.wakeOwner()
	}
}

// takeBody takes the rest of a body back from the pump, and reports whether there was
// any. c.mu is held.
func (c *Conn) takeBody(s *Stream) (unsent bool) {
	unsent = len(s.unsent) > 0
	s.unsent = nil
	if s.inTurn {
		at := slices.Index(c.uploads, s)
		c.uploads = slices.Delete(c.uploads, at, at+1)
		s.inTurn = false
	}
	return unsent
}

// awaitCopy returns when the pump has read the piece that it is at, if any.
func (s *Stream) awaitCopy() {
	s.copying.Lock()
	defer s.copying.Unlock()
}

// replied ends a stream whose reply is complete. Where the body is not, the peer may still
// reset the stream [RFC 9113 §8.1]. c.mu is held.
func (c *Conn) replied(s *Stream) {
	delete(c.streams, s.id)
	if len(s.unsent) > 0 {
		c.ending[s.id] = s
	}
	s.complete(c.readAt, nil)
}

// peerReset notes that the peer does not want the rest of a body, or any more of a
// stream. c.mu is held.
func (c *Conn) peerReset(f *http2.RSTStreamFrame) error {
	if s := c.ending[f.StreamID]; s != nil {
		delete(c.ending, f.StreamID)
		s.resetByPeer = true
	}
	s := c.streams[f.StreamID]
	if s == nil {
		return c.checkID(f.StreamID)
	}
	delete(c.streams, f.StreamID)
	s.In += 9 + int64(f.Length)
	s.complete(c.readAt, &ResetError{f.ErrCode})
	return nil
}

// watchWrite is called after a reply that ended an upload. A peer that still does not
// read what is being written will read nothing else on this connection soon: others are
// to take what comes next.
func (c *Conn) watchWrite(trip time.Duration) {
	write := c.writes.Load()
	if write%2 == 0 {
		return
	}
	c.spawn(func() {
		time.Sleep(clogTime + 2*trip)
		if c.writes.Load() != write {
			return
		}
		c.mu.Lock()
		c.clogged = true
		c.stopAccepting()
		useless := c.useless()
		c.mu.Unlock()
		if useless {
			c.fail(errClosed)
		}
	})
}

// useless reports whether no reply is waited for on a connection whose peer reads nothing:
// neither resets nor what waits behind them can be sent. c.mu is held.
func (c *Conn) useless() bool { return c.clogged && len(c.streams) == 0 }
