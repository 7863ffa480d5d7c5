package attack

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"brunt/attack/clock"
	"brunt/attack/endpoint"
)

// errCut ends an exchange whose run was cut.
var errCut = errors.New("cut off by the run's end")

// errWouldBlock is that a connection has nothing to read, or no room to write, now.
// It answers TLS in place of a read that would wait: TLS can go on after it, since it is
// temporary.
var errWouldBlock net.Error = wouldBlock{}

type wouldBlock struct{}

func (wouldBlock) Error() string   { return "nothing more has come" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true }

const (
	// maxCopied is the body size up to which head and body are joined in one buffer;
	// larger ones are handed to the system as two pieces.
	maxCopied = 16 << 10
	// maxPlain is how much TLS is given to write at a time, so that no more than that
	// is kept in records when the peer takes no more.
	maxPlain = 16 << 10
)

// connection is one open HTTP/1.1 connection, with the instants of its reads and
// writes. None of its methods waits. It belongs to one slot.
type connection struct {
	fd         int           // -1 where blocking is used
	blocking   *blockingConn // where the loop does not make the system calls
	tls        *tls.Conn     // nil without TLS, and where blocking does it
	wire       *wire         // under tls
	clock      clock.Clock
	generation int32 // tells it from the slot's other ones

	// What is left of the request to write.
	out       []byte // the head and the body's beginning; with TLS its wire has them
	rest      []byte // more of the body
	tail      []byte // what ends it, where it is long and sent as a chunk
	written   int    // bytes of the request that were handed over, to the system or to TLS
	blocked   bool   // the system takes no more for now
	writeErr  error
	unsentYet bool    // this exchange's first byte is still to come
	sent      Instant // when it was handed to the system; 0 until then

	reads   int     // of this reply
	first   Instant // instant of the reply's first bytes
	at      Instant // instant of the last read
	bytesIn int64   // bytes of this reply
	lastUse Instant // end of the last exchange

	deadline Instant       // the exchange's
	heard    Instant       // instant of the last read that said something
	stall    time.Duration // the longest silence of a stream; 0 for no bound

	received // where the poller receives

	address *endpoint.Address // that it goes to
	leaving bool              // to be closed after its reply, since the target's name has moved
	replies int64             // complete replies that came on it
	trip    time.Duration     // at least a round trip: what opening it took, or its quickest reply
}

// generations numbers connections.
var generations atomic.Int32

// newConnection takes over what was dialled.
func newConnection(o *endpoint.Opened, run *Run) (*connection, error) {
	conn := o.Conn
	c := &connection{fd: -1, clock: run.clock, address: o.At, trip: o.Connect, generation: generations.Add(1)}
	if run.blocking {
		c.blocking = newBlockingConn(conn, c)
		return c, nil
	}
	under := conn
	if t, ok := conn.(*tls.Conn); ok {
		if c.wire = takeWire(t); c.wire == nil {
			c.blocking = newBlockingConn(conn, c)
			return c, nil
		}
		c.tls, under = t, c.wire.Conn
	}
	var err error
	if c.fd, err = socketOf(under); err != nil {
		return nil, err
	}
	if c.wire != nil {
		c.wire.conn = c
	}
	return c, nil
}

// begin readies the connection for an exchange that ends at the deadline: a head, with
// the body's beginning, the rest of the body, and what ends that.
func (c *connection) begin(deadline Instant, head, rest, tail []byte) {
	c.deadline, c.reads, c.bytesIn, c.first, c.stall = deadline, 0, 0, 0, 0
	c.out, c.rest, c.written, c.unsentYet, c.sent, c.writeErr = nil, nil, 0, true, 0, nil
	if c.tail = tail; c.tls == nil {
		c.out, c.rest, c.written = head, rest, len(head)+len(rest)+len(tail)
		return
	}
	c.wire.received, c.rest = 0, rest
	c.encrypt(head)
}

// encrypt has TLS make records of p.
func (c *connection) encrypt(p []byte) {
	n, err := c.tls.Write(p)
	c.written += n
	c.writeErr = err
}

// write hands over what is left of the request, as far as the system takes it. done is
// that nothing is left.
func (c *connection) write() (done bool, err error) {
	c.blocked = false
	for c.writeErr == nil {
		first, second := c.out, c.rest
		if c.wire != nil {
			if len(c.rest) == 0 && len(c.tail) > 0 {
				c.rest, c.tail = c.tail, nil
			}
			if first, second = c.wire.unwritten(), nil; len(first) == 0 && len(c.rest) > 0 {
				piece := c.rest[:min(len(c.rest), maxPlain)]
				c.rest = c.rest[len(piece):]
				c.encrypt(piece)
				continue
			}
		}
		if len(first) == 0 && len(second) == 0 {
			if len(c.tail) == 0 {
				return true, nil
			}
			c.rest, c.tail = c.tail, nil
			continue
		}
		if len(second) == 0 && len(c.rest) == 0 && len(c.tail) == 0 && c.queue(first) {
			return true, nil
		}
		n, err := c.writeNow(first, second)
		c.wrote(n)
		switch {
		case err == errWouldBlock:
			c.blocked = true
			return false, nil
		case err != nil:
			c.writeErr = err
		}
	}
	return false, c.writeErr
}

// wrote takes n bytes off what is left to write.
func (c *connection) wrote(n int) {
	if c.wire != nil {
		c.wire.wrote(n)
		return
	}
	of := min(n, len(c.out))
	c.out, c.rest = c.out[of:], c.rest[n-of:]
}

// keep copies what is left of the head into a buffer of the caller's, which the
// connection has until the exchange's end: the head's own is to be used again.
func (c *connection) keep(buf []byte) []byte {
	buf = append(buf[:0], c.out...)
	c.out = buf
	return buf
}

// writeNow is one write. The clock is read right before the first one of an exchange,
// since the endpoint may have the byte, and have answered, before the call returns. Over
// TLS the first record has been made by then.
func (c *connection) writeNow(first, second []byte) (int, error) {
	if c.unsentYet {
		c.unsentYet, c.sent = false, c.clock.Now()
	}
	if c.blocking != nil {
		return c.blocking.write(first, second)
	}
	return writeSocket(c.fd, first, second)
}

// unsent is how many bytes of the request were not handed to the system, with TLS's
// own bytes where it is used.
func (c *connection) unsent() int {
	if c.wire != nil {
		return len(c.wire.unwritten()) + len(c.rest) + len(c.tail)
	}
	return len(c.out) + len(c.rest) + len(c.tail)
}

// handed is how many bytes of the request were handed to the system.
func (c *connection) handed() int {
	if c.wire != nil {
		return max(0, c.written-len(c.wire.unwritten()))
	}
	return c.written - c.unsent()
}

// read reads the reply's next bytes, into buf unless they are in memory already, and the
// clock; errWouldBlock is that there are none now.
func (c *connection) read(buf []byte) (p []byte, err error) {
	n := 0
	switch {
	case c.blocking != nil:
		n, err = c.blocking.read(buf)
	case c.tls != nil:
		n, err = c.tls.Read(buf)
	case c.by != nil:
		buf, err = c.next(len(buf))
		n = len(buf)
	default:
		n, err = readSocket(c.fd, buf)
	}
	if n > 0 {
		c.at = c.clock.Now()
		if c.reads == 0 {
			c.first = c.at
		}
		c.reads++
		c.bytesIn += int64(n)
	}
	return buf[:n], err
}

// drained reports whether, after a read that gave n of size bytes, another one is known
// to give nothing.
func (c *connection) drained(n, size int) bool {
	if c.by != nil {
		return c.tls == nil && !c.any()
	}
	return c.fd >= 0 && c.tls == nil && n < size
}

// more reports whether TLS holds bytes after the reply, which no buffer on this side
// shows.
func (c *connection) more() bool {
	return c.tls != nil && c.wire.hasMore(c.tls, c.bytesIn, c.reads)
}

// stale reports whether the peer has closed the connection since its last use. It
// looks only where that may be: the peer is known to close connections without
// announcing it (unannounced), or the connection was idle for more than a
// millisecond.
func (c *connection) stale(now Instant, unannounced bool) bool {
	if c.by != nil && (c.spoiled || c.tls == nil && c.news()) {
		return true
	}
	return (unannounced || now.Sub(c.lastUse) > time.Millisecond) && !c.open()
}

// open reports whether the peer keeps the idle connection open, as far as this side can
// know without sending anything.
func (c *connection) open() bool {
	switch {
	case c.blocking != nil:
		return c.blocking.open()
	case c.by != nil && c.news():
		return false
	}
	return openSocket(c.fd)
}

// openAfterNews is open, once something has come on the idle connection: TLS has news
// of its own, such as session tickets.
func (c *connection) openAfterNews() bool {
	if c.tls == nil {
		return c.open()
	}
	var b [1]byte
	n, err := c.tls.Read(b[:])
	return n == 0 && err == errWouldBlock
}

// limit is the instant at which the exchange fails unless more of the reply comes.
func (c *connection) limit() Instant {
	if c.stall > 0 {
		return min(c.deadline, c.heard.Add(c.stall))
	}
	return c.deadline
}

// answering is called at the stream's first output: from now on stall is its longest
// silence, and the exchange has so much longer.
func (c *connection) answering(stall, longer time.Duration) {
	c.heard, c.stall, c.deadline = c.at, stall, c.deadline.Add(longer)
}

func (c *connection) close() {
	switch {
	case c.blocking != nil:
		c.blocking.close()
	case c.tls != nil:
		if len(c.wire.unwritten()) == 0 {
			_ = c.tls.Close() // which leaves its goodbye to the wire
			if bye := c.wire.unwritten(); len(bye) > 0 {
				_, _ = writeSocket(c.fd, bye, nil)
			}
		}
		c.forget()
		closeSocket(c.fd)
	default:
		c.forget()
		closeSocket(c.fd)
	}
}
