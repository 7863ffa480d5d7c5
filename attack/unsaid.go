package attack

import (
	"io"
	"sync/atomic"
	"time"

	"brunt/attack/endpoint"
)

const (
	// scheduling is what the schedulers of both machines may add to a round trip.
	scheduling = int64(2 * time.Millisecond)
	// mostLinger is the longest wait for an end that is due.
	mostLinger = int64(10 * time.Millisecond)
	// struckInTime is how late a deadline may strike for what was there by then to
	// have been there before.
	struckInTime = int64(5 * time.Millisecond)
)

// unsaid is what a run knows of connections that the endpoint closed between two
// requests without having said so. A client learns of such an end half a round
// trip later, and what it sends until then is lost: that is no answer to the
// request, which nobody has read, but chance.
type unsaid struct {
	seen  atomic.Bool  // there was one: connections are looked at before each request
	last  atomic.Int64 // replies that the last one had brought
	after atomic.Int64 // replies after which they are closed, as two in a row were; 0 while that is not known
}

// note learns from the end of a connection, nil for one that others shared.
func (u *unsaid) note(w *wire) {
	u.seen.Store(true)
	if w != nil && u.last.Swap(w.replies) == w.replies {
		u.after.Store(w.replies)
	}
}

// answered unlearns what a connection with so many replies disproves.
func (u *unsaid) answered(replies int64) {
	if after := u.after.Load(); after > 0 && replies > after && u.after.CompareAndSwap(after, 0) {
		u.last.Store(0)
	}
}

// unread reports whether the exchange's connection was closed before the endpoint
// can have read the request: it had lain idle, not a byte of a reply came, and
// the end was there before the request was sent, or came within one round trip of
// it (as long as opening the connection took, and what schedulers may add), which
// is when the news of an older end arrives. Later ends are told from answers by
// what is known of the endpoint alone: that it closes connections after so many
// replies, and closes them slowly.
func (w *worker) unread(err error) bool {
	ex := &w.ex
	if !ex.idled || ex.in > 0 || err != io.EOF && !endpoint.Reset(err) {
		return false
	}
	took := ex.end - ex.sent - ex.trip
	due := w.wire != nil && w.wire.replies == w.run.unsaid.after.Load()
	return took <= scheduling || due && took <= mostLinger || w.wire != nil && w.wire.missed
}

// linger waits for the end of a connection where it is due after so many replies,
// so that no request meets it.
func (w *worker) linger() {
	if w.wire == nil || w.wire.replies != w.run.unsaid.after.Load() {
		return
	}
	if w.wire.ends(mostLinger) {
		w.drop()
		w.lost = true
	}
	w.free = w.run.clock.now()
}

// ends waits so long for the peer to close the connection.
func (w *wire) ends(most int64) bool {
	w.deadline = w.clock.now() + most
	return w.set() == nil && w.idle.Ends()
}
