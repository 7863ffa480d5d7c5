package attack

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"brunt/attack/clock"
	"brunt/attack/endpoint"
)

// errCut ends an exchange whose run was cut.
var errCut = errors.New("cut off by the run's end")

// deadlineShare: a connection's deadline may lie too early by the time-out divided
// by this before it is moved. Moving it costs two timers, so it is not done for
// every request. A deadline that passes too early is moved then.
const deadlineShare = 8

// pollAfter is the time after which a reply is read for although
// the poller has reported nothing (see directConn).
const pollAfter = 100 * time.Millisecond

// connection is one open HTTP/1.1 connection, with the instants of its reads. It
// belongs to one worker.
type connection struct {
	netConn net.Conn
	direct  *directConn // nil where the connection's own methods are used
	idle    *endpoint.Idle
	clock   clock.Clock
	cutting *atomic.Bool
	secure  bool

	firstSend   firstSend // this exchange's first byte
	setDeadline Instant   // the instant set on netConn; may be earlier than deadline
	deadline    Instant   // the exchange's
	lastUse     Instant   // end of the last exchange

	reads       int     // of this reply
	first       Instant // instant of the reply's first bytes
	received    int64   // bytes of this reply
	failure     error   // what ended this reply's reading
	endedBefore bool    // the peer had ended the connection before the request was sent

	replies int64         // complete replies that came on it
	trip    time.Duration // at least a round trip: what opening it took, or its quickest reply

	timed bool          // the reply is a stream: each read is timed
	at    Instant       // instant of its last read
	heard Instant       // instant of the last read that said something
	stall time.Duration // the longest silence of a stream; 0 for no bound
}

// firstSend is the instant at which an exchange's first byte is handed to the
// system. It is taken right before that system call, since the endpoint may have the
// byte, and have answered, before the call returns. Over TLS the first record has
// been made by then.
type firstSend struct {
	clock   clock.Clock
	pending bool    // still to come
	at      Instant // 0 until then
}

// beforeWrite is called before every write; the first one of an exchange counts.
func (h *firstSend) beforeWrite() {
	if h != nil && h.pending {
		h.pending, h.at = false, h.clock.Now()
	}
}

func newConnection(conn net.Conn, connect time.Duration, run *Run) *connection {
	c := &connection{
		netConn: conn,
		direct:  newDirectConn(conn),
		idle:    endpoint.NewIdle(conn),
		clock:   run.clock,
		cutting: &run.cutting,
		secure:  run.target.TLS,
		trip:    connect,
	}
	c.firstSend.clock = run.clock
	if c.direct != nil {
		c.direct.firstSend = &c.firstSend
	}
	return c
}

// begin readies the connection for an exchange that ends at the deadline; timeout is
// its length.
func (c *connection) begin(deadline Instant, timeout time.Duration) error {
	c.deadline, c.reads, c.received, c.failure, c.timed, c.endedBefore = deadline, 0, 0, nil, false, false
	c.firstSend.pending, c.firstSend.at = true, 0
	if c.direct != nil {
		return c.setNear(min(deadline, deadline.Add(pollAfter-timeout)))
	}
	// A stream may have had longer.
	if c.setDeadline <= deadline && c.setDeadline >= deadline.Add(-timeout/deadlineShare) {
		return nil
	}
	return c.extend()
}

// setNear has netConn's deadline lie at that instant, or up to half of pollAfter
// before it.
func (c *connection) setNear(at Instant) error {
	if c.setDeadline <= at && c.setDeadline >= at.Add(-pollAfter/2) {
		return nil
	}
	c.setDeadline = at
	return c.applyDeadline()
}

// follow has every further read of the reply timed, since it is a stream.
func (c *connection) follow() {
	c.at = c.last()
	c.timed, c.stall = true, 0
}

// answering is called at the stream's first output: from now on stall is its longest
// silence, and the exchange has so much longer.
func (c *connection) answering(stall, longer time.Duration) error {
	c.heard, c.stall, c.deadline = c.at, stall, c.deadline.Add(longer)
	if c.limit() >= c.setDeadline {
		return nil
	}
	return c.extend()
}

// limit is the instant at which the exchange fails unless more of the reply comes.
func (c *connection) limit() Instant {
	if c.timed && c.stall > 0 {
		return min(c.deadline, c.heard.Add(c.stall))
	}
	return c.deadline
}

// extend moves netConn's deadline to the instant at which the exchange fails.
func (c *connection) extend() error {
	c.setDeadline = c.limit()
	return c.applyDeadline()
}

// applyDeadline sets setDeadline on netConn.
func (c *connection) applyDeadline() error {
	if err := c.netConn.SetDeadline(c.clock.Time(c.setDeadline)); err != nil {
		return err
	}
	// The cut sets its flag first and the deadline second; this does the
	// reverse, so one of the two always sees the other.
	if c.cutting.Load() {
		return errCut
	}
	return nil
}

// extendIfEarly handles an error of a read or write. It returns nil when netConn's
// deadline was too early and has been moved, so that the call is to be made again.
func (c *connection) extendIfEarly(err error) error {
	if c.cutting.Load() {
		return errCut
	}
	if !endpoint.Timeout(err) {
		return err
	}
	switch now := c.clock.Now(); {
	case now >= c.deadline:
		return err
	case now >= c.limit():
		return errStalled
	}
	return c.extend()
}

// Read implements io.Reader for the reply's parser. It reads the clock once for the
// first bytes of a reply, and for each read of a stream.
func (c *connection) Read(p []byte) (int, error) {
	for struck := false; ; {
		n, err := c.readOnce(p)
		if n > 0 {
			switch {
			case c.reads == 0:
				c.first = c.clock.Now()
			case c.timed:
				c.at = c.clock.Now()
			}
			c.reads++
			c.received += int64(n)
			return n, nil
		}
		if err == nil {
			return 0, nil
		}
		if err != io.EOF {
			due := c.setDeadline
			err = c.extendIfEarly(err)
			struck = err == nil && c.clock.Now().Sub(due) < maxTimerDelay
		} else {
			// Found by the read that the early deadline led to, without news from
			// the poller (see directConn): it was there before.
			c.endedBefore = struck && c.reads == 0 && c.direct != nil && c.direct.steps == 1
		}
		if err != nil {
			c.failure = err
			return 0, err
		}
	}
}

// readOnce is one read, and the write of what is queued.
func (c *connection) readOnce(p []byte) (int, error) {
	if c.direct != nil && !c.secure {
		return c.direct.read(p)
	}
	return c.netConn.Read(p) // of TLS, it comes to the same
}

// queue has the message sent together with the first read of its reply, where that
// is possible; it must not be changed until then. Nothing of an earlier reply may be
// left to read.
func (c *connection) queue(msg []byte) (int, error) {
	switch {
	case c.direct == nil:
		return c.write(msg)
	case c.secure:
		return c.direct.buffer(c.netConn, msg)
	}
	c.direct.out = msg
	return len(msg), nil
}

// unsent is how many bytes of a queued message were not handed to the system, with
// TLS's own bytes where it is used.
func (c *connection) unsent() int {
	if c.direct == nil {
		return 0
	}
	return len(c.direct.out)
}

// more reports whether TLS holds bytes after the reply, which no buffer on this side
// shows.
func (c *connection) more() bool {
	return c.secure && c.direct != nil && c.direct.hasMore(c.netConn, c.received, c.reads)
}

// last is the instant of the reply's last bytes. A reply that came in one read needs
// no second reading of the clock.
func (c *connection) last() Instant {
	switch {
	case c.timed:
		return c.at
	case c.reads == 1:
		return c.first
	}
	return c.clock.Now()
}

// write sends the message, and returns the number of bytes handed to the system.
func (c *connection) write(msg []byte) (int, error) {
	sent := 0
	if !c.secure || c.direct == nil { // else it is for the first record
		c.firstSend.beforeWrite()
	}
	if c.secure {
		return c.writeSecure(msg)
	}
	for {
		n, err := c.netConn.Write(msg[sent:])
		sent += n
		if err == nil {
			return sent, nil
		}
		if err = c.extendIfEarly(err); err != nil {
			return sent, err
		}
	}
}

// writeSecure is write for TLS, which cannot go on after a write that timed out: its
// deadline is the exchange's from the start.
func (c *connection) writeSecure(msg []byte) (int, error) {
	before := c.setDeadline
	if before < c.deadline {
		if err := c.extend(); err != nil {
			return 0, err
		}
	}
	sent, err := c.netConn.Write(msg)
	switch {
	case err != nil && c.cutting.Load():
		return sent, errCut
	case err == nil && c.direct != nil:
		err = c.setNear(before)
	}
	return sent, err
}

// writeBoth sends a head and a large body without copying the body.
func (c *connection) writeBoth(bufs *net.Buffers) (int, error) {
	var sent int64
	c.firstSend.beforeWrite()
	for {
		n, err := bufs.WriteTo(c.netConn)
		sent += n
		if err == nil {
			return int(sent), nil
		}
		if err = c.extendIfEarly(err); err != nil {
			return int(sent), err
		}
	}
}

// stale reports whether the peer has closed the connection since its last use. It
// looks only where that may be: the peer is known to close connections without
// announcing it (unannounced), or the connection was idle for more than a
// millisecond.
func (c *connection) stale(now Instant, unannounced bool) bool {
	return (unannounced || now.Sub(c.lastUse) > time.Millisecond) && !c.idle.Alive()
}
