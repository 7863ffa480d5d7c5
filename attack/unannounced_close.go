package attack

import (
	"io"
	"sync/atomic"
	"time"

	"brunt/attack/endpoint"
)

const (
	// schedulingDelay is what the schedulers of both machines may add to a round
	// trip.
	schedulingDelay = 2 * time.Millisecond
	// maxLinger is the longest wait for the endpoint to close a connection when
	// that is due.
	maxLinger = 10 * time.Millisecond
	// maxTimerDelay is how late a timer may fire at most for what was found then to
	// have been there when it was due.
	maxTimerDelay = 5 * time.Millisecond
)

// unannouncedCloses is what a run knows of connections that the endpoint closed
// between two requests without having announced it. A client learns of such a close
// half a round trip later, and what it sends until then is lost. That is not the
// endpoint's answer to the request, which it has not read: it is chance.
type unannouncedCloses struct {
	seen  atomic.Bool  // there was one: connections are checked before each request
	last  atomic.Int64 // replies on the connection that was closed last
	after atomic.Int64 // replies after which connections are closed, as two in a row were; 0 while not known
}

// note learns from the close of a connection, nil for one that was shared.
func (u *unannouncedCloses) note(w *connection) {
	u.seen.Store(true)
	if w != nil && u.last.Swap(w.replies) == w.replies {
		u.after.Store(w.replies)
	}
}

// answered forgets a number of replies that a connection with so many of them
// disproves.
func (u *unannouncedCloses) answered(replies int64) {
	if after := u.after.Load(); after > 0 && replies > after && u.after.CompareAndSwap(after, 0) {
		u.last.Store(0)
	}
}

// closedUnread reports whether the exchange's connection was closed before the
// endpoint can have read the request: the connection had been idle, not a byte of a
// reply came, and it was closed before the request was sent, or the news of that
// came within one round trip of sending it (as long as opening the connection took,
// plus what schedulers may add), which is when the news of an earlier close arrives.
// A later one counts only where the endpoint is known to close connections after so
// many replies.
func (w *worker) closedUnread(err error) bool {
	ex := &w.ex
	if !ex.connIdled || ex.in > 0 || err != io.EOF && !endpoint.Reset(err) {
		return false
	}
	took := ex.end.Sub(ex.sent) - ex.trip
	due := w.conn != nil && w.conn.replies == w.run.unannounced.after.Load()
	return took <= schedulingDelay || due && took <= maxLinger || w.conn != nil && w.conn.endedBefore
}

// awaitDueClose waits for the endpoint to close the connection where that is due
// after so many replies, so that no request is sent into it.
func (w *worker) awaitDueClose() {
	if w.conn == nil || w.conn.replies != w.run.unannounced.after.Load() {
		return
	}
	if w.conn.closesWithin(maxLinger) {
		w.drop()
		w.lost = true
	}
	w.free = w.run.clock.Now()
}

// closesWithin waits up to the timeout for the peer to close the connection,
// and reports whether it did.
func (c *connection) closesWithin(timeout time.Duration) bool {
	c.setDeadline = c.clock.Now().Add(timeout)
	return c.applyDeadline() == nil && c.idle.Ends()
}
