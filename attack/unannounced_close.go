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
// reply came, and the news of the close came within one round trip of sending (as long
// as opening the connection took, plus what schedulers may add), which is when the news
// of an earlier close arrives. A later one counts only where the endpoint is known to
// close connections after so many replies.
func (s *slot) closedUnread(err error) bool {
	ex := &s.ex
	if !ex.connIdled || ex.in > 0 || err != io.EOF && !endpoint.Reset(err) {
		return false
	}
	took := ex.end.Sub(ex.sent) - ex.trip
	due := s.conn != nil && s.conn.replies == s.run.unannounced.after.Load()
	return took <= schedulingDelay || due && took <= maxLinger
}

// closeIsDue reports whether the endpoint is about to close the connection, after so
// many replies: it is waited for, so that no request is sent into the close.
func (s *slot) closeIsDue() bool {
	return s.conn != nil && s.conn.replies == s.run.unannounced.after.Load()
}

// lingered goes on once the endpoint has closed the connection, or had time for it.
func (s *slot) lingered() {
	s.lingers, s.state = false, slotFree
	s.free = s.run.clock.Now()
	s.goOn()
}
