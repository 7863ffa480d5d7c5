package attack

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"brunt/attack/endpoint"
)

// errCut ends an exchange whose run was cut.
var errCut = errors.New("cut off by the run's end")

// deadlineShare is the part of the time-out by which a connection's deadline
// may lie too early before it is moved: moving it costs two timers, so it is
// not done for every request. A deadline that strikes too early is moved then.
const deadlineShare = 8

// lookAfter is the time after which a reply is looked for though nothing was
// heard of it (see direct).
const lookAfter = int64(100 * time.Millisecond)

// wire is one open connection with the instants of its reads. It belongs to
// one worker.
type wire struct {
	conn    net.Conn
	direct  *direct // nil where the connection's own methods are used
	idle    *endpoint.Idle
	clock   clock
	cutting *atomic.Bool
	secure  bool

	handed   handOver // of this exchange
	deadline int64    // set on the connection
	want     int64    // the exchange's own
	used     int64    // last use

	reads    int   // of this reply
	first    int64 // instant of the reply's first bytes
	received int64 // bytes of this reply
	failure  error // what ended this reply's reading
	missed   bool  // an end that was there before the request was sent

	replies int64 // whole ones that the connection has brought
	trip    int64 // no less than a round trip: what opening the connection took, or its quickest reply

	timed bool  // the reply is a stream: each read is timed
	at    int64 // instant of its last read
	stall int64 // the longest that it may say nothing, 0 for no bound
}

// handOver is the instant at which an exchange's first byte is handed to the system.
// It is noted right before the call that does so: an endpoint may have it, and
// have answered, before the call returns. Over TLS its first record is made by
// then.
type handOver struct {
	clock clock
	due   bool  // still to come
	at    int64 // 0 until then
}

// mark is called before every write.
func (h *handOver) mark() {
	if h != nil && h.due {
		h.due, h.at = false, h.clock.now()
	}
}

func newWire(conn net.Conn, connect time.Duration, run *Run) *wire {
	w := &wire{conn: conn, direct: newDirect(conn), idle: endpoint.NewIdle(conn), clock: run.clock, cutting: &run.cutting, secure: run.target.TLS, trip: int64(connect)}
	w.handed.clock = run.clock
	if w.direct != nil {
		w.direct.handed = &w.handed
	}
	return w
}

// begin readies the wire for an exchange that has until want.
func (w *wire) begin(want, timeout int64) error {
	w.want, w.reads, w.received, w.failure, w.timed, w.missed = want, 0, 0, nil, false, false
	w.handed.due, w.handed.at = true, 0
	if w.direct != nil {
		return w.near(min(want, want-timeout+lookAfter))
	}
	if w.deadline >= want-timeout/deadlineShare {
		return nil
	}
	return w.extend()
}

// near has the deadline strike at that instant or up to half of lookAfter before.
func (w *wire) near(at int64) error {
	if w.deadline <= at && w.deadline >= at-lookAfter/2 {
		return nil
	}
	w.deadline = at
	return w.set()
}

// follow has the rest of the reply's reads timed.
func (w *wire) follow(stall int64) error {
	w.at = w.last()
	w.timed, w.stall = true, stall
	if w.limit() >= w.deadline {
		return nil
	}
	return w.extend()
}

// limit is the instant at which the reading is given up unless more comes.
func (w *wire) limit() int64 {
	if w.timed && w.stall > 0 {
		return min(w.want, w.at+w.stall)
	}
	return w.want
}

// extend moves the connection's deadline to the exchange's.
func (w *wire) extend() error {
	w.deadline = w.limit()
	return w.set()
}

// set moves the connection's deadline to the wire's.
func (w *wire) set() error {
	if err := w.conn.SetDeadline(w.clock.time(w.deadline)); err != nil {
		return err
	}
	// The cut sets its flag first and the deadline second; this does the
	// reverse, so one of the two always sees the other.
	if w.cutting.Load() {
		return errCut
	}
	return nil
}

// early handles an error of a read or write: nil means that the deadline
// struck too early and was moved, so that the call is to be made again.
func (w *wire) early(err error) error {
	if w.cutting.Load() {
		return errCut
	}
	if !endpoint.Timeout(err) {
		return err
	}
	switch now := w.clock.now(); {
	case now >= w.want:
		return err
	case now >= w.limit():
		return errStalled
	}
	return w.extend()
}

// Read implements io.Reader for the reply's parser, with one clock read for
// the first bytes of a reply, and one for each read of a stream.
func (w *wire) Read(p []byte) (int, error) {
	for struck := false; ; {
		n, err := w.take(p)
		if n > 0 {
			switch {
			case w.reads == 0:
				w.first = w.clock.now()
			case w.timed:
				w.at = w.clock.now()
			}
			w.reads++
			w.received += int64(n)
			return n, nil
		}
		if err == nil {
			return 0, nil
		}
		if err != io.EOF {
			due := w.deadline
			err = w.early(err)
			struck = err == nil && w.clock.now()-due < struckInTime
		} else {
			// Found by the first look, which no news of it led to: see direct.
			w.missed = struck && w.reads == 0 && w.direct != nil && w.direct.steps == 1
		}
		if err != nil {
			w.failure = err
			return 0, err
		}
	}
}

// take is one read, and the write of what is queued.
func (w *wire) take(p []byte) (int, error) {
	if w.direct != nil && !w.secure {
		return w.direct.read(p)
	}
	return w.conn.Read(p) // of TLS, it comes to the same
}

// queue has the message sent together with the first look for its reply, where
// that can be; it must stay as it is until then. Nothing of an earlier reply may
// be left to read.
func (w *wire) queue(msg []byte) (int, error) {
	switch {
	case w.direct == nil:
		return w.write(msg)
	case w.secure:
		return w.direct.hold(w.conn, msg)
	}
	w.direct.out = msg
	return len(msg), nil
}

// unsent is how much of a queued message was not handed over, of TLS with what
// its records add.
func (w *wire) unsent() int {
	if w.direct == nil {
		return 0
	}
	return len(w.direct.out)
}

// more reports whether something was received after the reply, beneath TLS,
// where no buffer of this side's shows it.
func (w *wire) more() bool {
	return w.secure && w.direct != nil && w.direct.more(w.conn, w.received, w.reads)
}

// last is the instant of the reply's last bytes. A reply that came in one read
// needs no second look at the clock.
func (w *wire) last() int64 {
	switch {
	case w.timed:
		return w.at
	case w.reads == 1:
		return w.first
	}
	return w.clock.now()
}

// write sends the buffers in one system call where the system can (plain TCP),
// and returns the number of bytes handed over.
func (w *wire) write(msg []byte) (int, error) {
	sent := 0
	if !w.secure || w.direct == nil { // else it is for the first record
		w.handed.mark()
	}
	if w.secure {
		return w.writeSecure(msg)
	}
	for {
		n, err := w.conn.Write(msg[sent:])
		sent += n
		if err == nil {
			return sent, nil
		}
		if err = w.early(err); err != nil {
			return sent, err
		}
	}
}

// writeSecure is write for TLS, which cannot go on after a write that timed out:
// it has all the exchange's time from the beginning.
func (w *wire) writeSecure(msg []byte) (int, error) {
	look := w.deadline
	if look < w.want {
		if err := w.extend(); err != nil {
			return 0, err
		}
	}
	sent, err := w.conn.Write(msg)
	switch {
	case err != nil && w.cutting.Load():
		return sent, errCut
	case err == nil && w.direct != nil:
		err = w.near(look)
	}
	return sent, err
}

// writeBoth sends a head and a large body without copying the body.
func (w *wire) writeBoth(bufs *net.Buffers) (int, error) {
	var sent int64
	w.handed.mark()
	for {
		n, err := bufs.WriteTo(w.conn)
		sent += n
		if err == nil {
			return int(sent), nil
		}
		if err = w.early(err); err != nil {
			return int(sent), err
		}
	}
}

// stale reports whether the peer has closed the connection, where it may have:
// it does so without a word, or the connection lay unused for long enough.
func (w *wire) stale(now int64, unsaid bool) bool {
	return (unsaid || now-w.used > int64(time.Millisecond)) && !w.idle.Alive()
}
