package h2

import "time"

// unread is what lies at a connection that its reader has not been given yet.
type unread uint8

const (
	nothing unread = iota
	something
	theEnd
)

const (
	// readerPause is how long the reader is waited for at a time, and
	// readerPauses how often: on a machine that has stood still, both it and
	// whoever wants to send wake up late, and in any order.
	readerPause  = 50 * time.Microsecond
	readerPauses = 100
)

// refresh has the reader learn what came while the connection lay idle, before
// anything is sent: a peer may have closed it, or asked for another (GOAWAY).
// It reports whether the connection still takes streams. c.mu is held, but not
// all the time.
func (c *Conn) refresh() (usable bool) {
	for range readerPauses {
		switch c.peek.unread() {
		case nothing:
			return c.err == nil && !c.noMoreStreams
		case theEnd:
			c.stopAccepting()
			return false
		}
		c.mu.Unlock()
		time.Sleep(readerPause)
		c.mu.Lock()
		if c.err != nil || c.noMoreStreams || c.active > 0 {
			break
		}
	}
	return c.err == nil && !c.noMoreStreams
}
