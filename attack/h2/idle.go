package h2

import "time"

// unread is what the kernel has received on a connection and its reader has not.
type unread uint8

const (
	nothing unread = iota
	something
	theEnd
)

const (
	// readerPause is how long the reader is waited for at a time, and
	// readerPauses how often: after a pause of the machine both it and the
	// sender wake late, in any order.
	readerPause  = 50 * time.Microsecond
	readerPauses = 100
)

// refresh lets the reader read what came while the connection was idle, before
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
