package h2

import (
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/clock"
)

// Request is what one stream sends. The body may be part of a mapped file: its beginning
// is read in the caller's goroutine, which must have called debug.SetPanicOnFault.
type Request struct {
	Head []hpack.HeaderField // pseudo-headers first
	Body []byte
	// Length has a content-length sent.
	Length bool
	// NoBody says that the reply has none whatever its length says (HEAD).
	NoBody bool
}

// Stream is one exchange after the other, on whatever connection it reserves;
// its owner is one goroutine. Its results are valid after Do.
type Stream struct {
	Status         int                 // of a complete reply's header, else 0
	Sent           clock.Instant       // instant of the write that held the request's first byte
	First          clock.Instant       // instant of the reply's first bytes
	End            clock.Instant       // instant of its last bytes
	Out            int                 // bytes of the request's frames
	In             int64               // bytes of the reply's frames
	Sample         []byte              // beginning of a body whose status is no success
	RequestID      []byte              // what the endpoint calls the request
	Model          []byte              // which of the endpoint's models has answered
	Fields         []hpack.HeaderField // of a reply whose status is no success
	ConnIdled      bool                // the connection had lain idle, and brought nothing since
	ConnUnanswered bool                // the connection had brought no reply by the end
	TookNone       bool                // nor had the peer taken a request on it, as far as it said
	Trip           time.Duration       // no less than a round trip on it
	HadQueue       bool                // by the last Await the connection had had more streams than places

	// Began is the instant at which the request began, whatever connections it
	// was moved from: who began first is first in line. It is to be set before
	// Reserve.
	Began clock.Instant

	// Follower, which may be nil, may follow the bodies of successes. From the
	// moment on in which one that is a stream answers, Stall is the longest that
	// nothing may come of it, 0 for no bound, and it has so much Longer.
	Follower      Follower
	Stall, Longer time.Duration

	conn    *Conn
	wake    chan struct{}
	timer   *time.Timer
	armed   clock.Instant        // instant that the timer is set to
	written *clock.AtomicInstant // instant of the write; the writer may outlive the exchange

	// Guarded by conn.mu while the stream is in line or known there.
	prev, next *Stream
	queued     bool // in line
	hasPlace   bool // given a place, not begun

	id          uint32
	window      int64  // what may be sent
	unsent      []byte // of the body
	inTurn      bool   // among those that send their bodies
	bodyErr     error  // why no more of the body is sent
	done        bool
	err         error
	resetByPeer bool          // after its complete reply
	connLost    bool          // the connection's end was the stream's
	refusal     http2.ErrCode // of a malformed reply, to be said
	noBody      bool
	length      int64 // declared, -1 where it is not
	got         int64 // bytes of body
	unacked     uint32
	fed         bool          // the follower does
	answers     bool          // it is a stream that has begun to answer
	lastBody    clock.Instant // instant of the last piece of what it follows

	copying sync.Mutex // held while the pump reads the body; taken after conn.mu
}

// Follower follows bodies as they come. It is called while the connection is
// held up, so that it must be quick; not any more once Do has returned.
type Follower interface {
	// Begin is called with the content type of a success, and reports whether Feed is to
	// be called with its body.
	Begin(contentType string) (fed bool)
	// Feed takes the next bytes, and reports whether they say that the endpoint is
	// still at work: the stall counts from such bytes.
	Feed(p []byte, at clock.Instant) (alive bool)
	// Answers reports whether what was fed is a stream that has begun to answer.
	Answers() bool
}

// NewStream makes a stream that keeps up to sample bytes of a body.
func NewStream(sample int) *Stream {
	return &Stream{wake: make(chan struct{}, 1), Sample: make([]byte, 0, sample)}
}

// Do sends the request on the reserved connection and waits until the instant
// want for the complete reply. ErrUnsent means that nothing was sent, and so
// does ErrPlaceLost.
func (s *Stream) Do(r *Request, deadline clock.Instant) error {
	c := s.conn
	s.reset(r)
	err := c.begin(s, r)
	for err == nil && !s.over() {
		limit, end := s.effectiveDeadline(deadline)
		if err = s.wait(limit); err == ErrTimeout {
			if limit < end {
				err = ErrStalled
			}
			if later, _ := s.effectiveDeadline(deadline); later > limit { // something came meanwhile
				err = nil
			}
		}
	}
	return c.endStream(s, err)
}

// reset forgets the last exchange.
func (s *Stream) reset(r *Request) {
	s.drain()
	s.Status, s.Sent, s.First, s.End, s.Out, s.In = 0, 0, 0, 0, 0, 0
	s.Sample, s.RequestID, s.Model, s.Fields = s.Sample[:0], s.RequestID[:0], s.Model[:0], s.Fields[:0]
	s.id, s.done, s.err, s.connLost, s.refusal = 0, false, nil, false, http2.ErrCodeNo
	s.unsent, s.bodyErr, s.resetByPeer = nil, nil, false
	s.noBody, s.length, s.got, s.unacked = r.NoBody, -1, 0, 0
	s.fed, s.answers = false, false
	s.written = new(clock.AtomicInstant)
}

func (s *Stream) drain() {
	select {
	case <-s.wake:
	default:
	}
}

// wakeOwner wakes the owner, now or when it next waits.
func (s *Stream) wakeOwner() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// wait returns when the stream was called, or with ErrTimeout at the instant.
// The timer is left running from one exchange to the next: setting it costs.
func (s *Stream) wait(deadline clock.Instant) error {
	now := s.conn.config.Now
	switch {
	case s.timer == nil:
		s.armed = deadline
		s.timer = time.NewTimer(deadline.Sub(now()))
	case s.armed == 0 || s.armed <= deadline.Add(-s.conn.config.Timeout) || s.armed > deadline:
		s.arm(deadline)
	}
	for {
		select {
		case <-s.wake:
			return nil
		case <-s.timer.C:
			if now() >= deadline {
				s.armed = 0
				return ErrTimeout
			}
			s.arm(deadline)
		}
	}
}

func (s *Stream) arm(deadline clock.Instant) {
	s.armed = deadline
	s.timer.Reset(deadline.Sub(s.conn.config.Now()))
}

// effectiveDeadline is the instant at which the reply is given up unless more comes,
// and the one at which it is given up in any case.
func (s *Stream) effectiveDeadline(deadline clock.Instant) (limit, end clock.Instant) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if !s.answers {
		return deadline, deadline
	}
	limit, end = deadline.Add(s.Longer), deadline.Add(s.Longer)
	if s.Stall > 0 {
		limit = min(limit, s.lastBody.Add(s.Stall))
	}
	return limit, end
}

// over reports whether the peer has said its last word, or the request cannot be sent.
func (s *Stream) over() bool {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.done || s.bodyErr != nil
}

// complete ends the exchange, successfully or not. conn.mu is held.
func (s *Stream) complete(at clock.Instant, err error) {
	if err == nil && s.length >= 0 && s.got != s.length && !s.noBody && s.Status != 304 {
		err = &MalformedError{"its body is not as long as its content-length says"}
	}
	s.done, s.err, s.End = true, err, at
	s.wakeOwner()
}

// endStream removes the stream, resets it where the peer has not ended it, and frees
// its place: at once where the peer has, else when the reset has been sent. The body is
// the owner's again then.
func (c *Conn) endStream(s *Stream, err error) error {
	c.mu.Lock()
	if s.id != 0 {
		delete(c.streams, s.id)
		delete(c.ending, s.id)
	}
	refused := (c.takeBody(s) || s.bodyErr != nil) && s.done && s.err == nil
	code := s.refusal
	if s.id != 0 && (!s.done || refused && !s.resetByPeer) {
		code = http2.ErrCodeCancel
	}
	switch {
	case s.done:
		err = s.err
	case s.bodyErr != nil:
		err = s.bodyErr
	}
	reset, lost, useless := code != http2.ErrCodeNo && c.err == nil, s.connLost, c.useless()
	s.Sent, s.ConnUnanswered, s.TookNone = s.written.Load(), !c.answered, !c.answered && !c.accepted
	if s.First > s.Sent && s.Sent > 0 {
		c.Trip = min(c.Trip, s.First.Sub(s.Sent))
	}
	s.Trip = c.Trip
	if err == ErrTimeout && s.Sent > 0 && c.lastRead < s.Sent && c.config.Now().Sub(s.Sent) > c.config.Timeout/2 {
		// No byte came for long: the peer may be gone.
		c.stopAccepting()
	}
	c.mu.Unlock()
	s.awaitCopy()
	if lost {
		// The goroutine that is writing first finds out how much was handed over.
		c.wmu.Lock()
		s.Sent = s.written.Load()
		c.wmu.Unlock()
		if s.Sent == 0 {
			s.Out, err = 0, ErrUnsent
		}
	}
	if reset {
		c.abort(s.id, code)
	} else {
		c.release()
	}
	switch {
	case useless:
		c.fail(errClosed)
	case refused:
		c.watchWrite(s.Trip)
	}
	return err
}
