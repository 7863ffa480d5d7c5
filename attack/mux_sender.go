package attack

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/cause"
	"brunt/attack/endpoint"
	"brunt/attack/h2"
	"brunt/attack/result"
	"brunt/payloads"
)

const (
	// maxMoves is how many connections in a row may end before they took any
	// request, until the request that was tried on all of them fails.
	maxMoves = 3
	// movePause is the pause before the request is tried on another one.
	movePause = 10 * time.Millisecond
)

// muxSender sends one slot's requests over the mux's connections.
type muxSender struct {
	mux      *mux
	number   int
	stream   *h2.Stream
	request  h2.Request
	own      []hpack.HeaderField // its head, where it has a path of its own
	admitted bool                // the pacer has let the slot begin
	joined   *h2.Conn            // in whose queue the slot that opened it has put this one
	waited   time.Duration       // that the request has waited for a stream
	untaken  int                 // connections in a row that did not take the request, nor any other
}

func (m *mux) newSender(number int) *muxSender {
	return &muxSender{
		mux:    m,
		number: number,
		stream: h2.NewStream(cause.SampleSize),
	}
}

// turnedAwayError is a request that the endpoint took on none of several
// connections.
type turnedAwayError struct{ err error }

func (e *turnedAwayError) Error() string {
	s := "the endpoint ended the connections before it took the request"
	if away := (*h2.GoAwayError)(nil); errors.As(e.err, &away) {
		s += ": " + away.Error()
	}
	return s
}

// exchange does one request. If a connection took nothing of it, another one is
// tried, until the deadline: the endpoint has promised that it has not acted on the
// request (GOAWAY), or not a byte of it was sent. So no request is ever sent twice.
func (snd *muxSender) exchange(w *slot, item payloads.Item, deadline Instant) error {
	if err := snd.ready(w, &item); err != nil {
		return err
	}
	snd.stream.Follower, snd.stream.Stall, snd.stream.Longer = w.reply, w.reply.stall, w.reply.longer
	snd.stream.Began, snd.waited, snd.untaken = w.ex.begin, 0, 0
	for {
		w.reply.streaming = false
		if err := snd.take(w, deadline); err != nil {
			return err
		}
		err := snd.stream.Do(&snd.request, deadline)
		var away *h2.GoAwayError
		promised := errors.As(err, &away) && away.Unprocessed
		if err != h2.ErrPlaceLost && err != h2.ErrUnsent && !promised {
			return snd.finish(w, err)
		}
		w.ex.out += snd.stream.Out
		late := w.run.clock.Now() >= deadline
		switch {
		case w.run.cutting.Load():
			return errCut
		case late && !promised && snd.stream.TookNone:
			return &dialError{h2.ErrTimeout}
		case err != h2.ErrPlaceLost && snd.stream.TookNone:
			if late || promised && away.Code != http2.ErrCodeNo || !snd.pauseBeforeNext(deadline) {
				return &turnedAwayError{err}
			}
		case late:
			return h2.ErrNoStream
		default:
			snd.untaken = 0
		}
		w.ex.reopened = w.ex.reopened || err != h2.ErrPlaceLost
	}
}

// ready readies the request.
func (snd *muxSender) ready(w *slot, item *payloads.Item) (err error) {
	k, q := &w.run.kinds[item.Variant], &snd.request
	if q.Body, err = w.wholeBody(item); err != nil {
		return err
	}
	q.Length, q.NoBody = k.lengths, k.noReply
	path, err := w.pathString()
	if q.Head = (*snd.mux.heads.Load())[item.Variant]; path != "" || w.run.request.Template {
		snd.own = append(snd.own[:0], q.Head...)
		if q.Head = snd.own; path != "" {
			q.Head[pathField].Value = path
		}
		if w.run.request.Template {
			w.expandFields(q.Head)
		}
	}
	return err
}

// pauseBeforeNext counts a connection that took no request. It pauses and returns
// true if another one is to be tried.
func (snd *muxSender) pauseBeforeNext(deadline Instant) bool {
	if snd.untaken == maxMoves {
		return false
	}
	snd.untaken++
	run := snd.mux.run
	select {
	case <-time.After(min(movePause, deadline.Sub(run.clock.Now()))):
	case <-run.dialContextParent.Done():
	}
	return true
}

// finish copies the stream's results to the slot's exchange, and returns what is
// wrong with its reply.
func (snd *muxSender) finish(w *slot, err error) error {
	ex, s := &w.ex, snd.stream
	ex.sent, ex.first, ex.end, ex.in = s.Sent, s.First, s.End, s.In
	ex.connIdled, ex.connUnanswered, ex.trip = s.ConnIdled, s.ConnUnanswered, s.Trip
	ex.out += s.Out
	w.reply.sample, w.reply.id, w.reply.model, w.reply.fields = s.Sample, s.RequestID, s.Model, s.Fields
	fault := err
	switch {
	case w.reply.streaming:
		fault = w.reply.fault(err, s.End)
	case err == nil:
		fault = w.reply.wholeFault()
	}
	if err != nil {
		if gone := (*h2.BodyError)(nil); errors.As(err, &gone) {
			return &payloadError{gone.Err}
		}
		return fault
	}
	if fault == nil && w.run.plan.Success[s.Status] {
		fault = w.reply.checkFault(ex.index)
	}
	switch ex.status = s.Status; {
	case fault != nil:
		w.failStream(fault)
	case !w.run.plan.Success[s.Status]:
		ex.outcome = failed
	}
	return nil
}

// take reserves a stream on the slot's connection, which is opened if need be.
func (snd *muxSender) take(w *slot, deadline Instant) error {
	for {
		s := snd.mux.placeOf(snd.number)
		s.mu.Lock()
		if c := s.conn; c != nil {
			ok, usable := c.Reserve(snd.stream)
			if usable {
				s.mu.Unlock()
				if !ok {
					var err error
					if ok, err = snd.queue(w, c, deadline); err != nil {
						return err
					}
				}
				if ok {
					return nil
				}
				continue
			}
			s.conn, s.lost = nil, true
		}
		var err error
		if o := s.opening; o != nil {
			o.waiting = append(o.waiting, snd)
			s.mu.Unlock()
			err = snd.await(w, s, o, deadline)
		} else {
			err = snd.open(w, s, deadline)
		}
		if err != nil {
			return err
		}
		if c := snd.joined; c != nil {
			if ok, err := snd.queue(w, c, deadline); ok || err != nil {
				return err
			}
			if c.TookNone() && !snd.pauseBeforeNext(deadline) {
				return &turnedAwayError{}
			}
		}
	}
}

// queue waits for a place on a connection in whose queue the stream is.
func (snd *muxSender) queue(w *slot, c *h2.Conn, deadline Instant) (ok bool, err error) {
	now := snd.mux.run.clock.Now
	began := now()
	ok, err = snd.stream.Await(deadline)
	before := snd.waited
	snd.waited += now().Sub(began)
	if !w.ex.warm && before <= result.LateEnough && snd.waited > result.LateEnough && snd.stream.HadQueue {
		snd.mux.queued.Add(1)
	}
	snd.mux.limitShare(c.Streams())
	if err == h2.ErrTimeout { // none of the connection's streams moved
		err = &dialError{err}
	}
	return ok, err
}

// await waits for a connection that another slot opens. If that fails, this
// slot's request fails as well, unless only the other's deadline had passed.
func (snd *muxSender) await(w *slot, s *place, o *opening, deadline Instant) error {
	left := deadline.Sub(w.run.clock.Now())
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-o.done:
	case <-timer.C:
		s.mu.Lock()
		at := slices.Index(o.waiting, snd)
		if at >= 0 {
			o.waiting = slices.Delete(o.waiting, at, at+1)
		}
		s.mu.Unlock()
		if at >= 0 {
			return &dialError{h2.ErrTimeout}
		}
		<-o.done
	}
	if o.err != nil && o.err != errCut && (endpoint.Timeout(o.err) || errors.Is(o.err, errConnectRate)) &&
		w.run.clock.Now() < deadline {
		return nil
	}
	return o.err
}

// open opens the place's connection for all slots that wait for it; they are in its
// queue before others can use it. It is called with the place's lock held, and
// releases it.
func (snd *muxSender) open(w *slot, s *place, deadline Instant) error {
	o := &opening{done: make(chan struct{}), waiting: []*muxSender{snd}}
	s.opening = o
	reopened, permit := s.lost, s.permit
	s.permit = false
	s.mu.Unlock()
	c, address, err := snd.dial(w, deadline, permit)
	if err == nil {
		snd.mux.limitShare(c.Streams())
	}
	s.mu.Lock()
	s.conn, s.opening = c, nil
	snd.mux.join(o, s, snd)
	s.mu.Unlock()
	if err == nil {
		w.ex.reopened = w.ex.reopened || reopened
		snd.mux.add(c, address)
		// The cut sets its flag first and closes the connections second; this
		// does the reverse, so one of the two always sees the other.
		if w.run.cutting.Load() {
			c.Close(errCut)
		}
	}
	o.err = err
	close(o.done)
	return err
}

func (snd *muxSender) dial(w *slot, deadline Instant, permit bool) (*h2.Conn, *endpoint.Address, error) {
	ctx, cancel := w.run.dialContext(deadline)
	defer cancel()
	opened, err := w.run.dial(ctx, snd.mux.host, deadline, permit)
	var c *h2.Conn
	if err == nil {
		if c, err = h2.Open(ctx, opened.Conn, &snd.mux.config); err != nil {
			err = w.run.refusal(snd.mux.host, err)
		}
	}
	switch {
	case err == nil:
		c.Trip = opened.Connect
		w.loop.lock()
		w.connected(&opened)
		w.loop.unlock()
		return c, opened.At, nil
	case w.run.cutting.Load():
		return nil, nil, errCut
	case errors.Is(err, endpoint.ErrNoHTTP2) && !snd.mux.spoken.Load():
		w.run.abort(endpoint.ErrNoHTTP2)
	}
	return nil, nil, &dialError{err}
}

// admit waits, before a closed loop takes a ticket, until the slot's connection is
// open or may be opened. It returns false when the run ends first.
func (snd *muxSender) admit(p *pacer) bool {
	run := snd.mux.run
	for !snd.admitted || p.all {
		s := snd.mux.placeOf(snd.number)
		s.mu.Lock()
		pacing := s.pacing
		switch {
		case s.conn != nil && s.conn.Usable(), s.opening != nil, s.permit:
			s.mu.Unlock()
			snd.admitted = true
			return true
		case pacing == nil:
			s.pacing = make(chan struct{})
			s.mu.Unlock()
			ok := p.admit(run)
			s.mu.Lock()
			s.permit = ok
			close(s.pacing)
			s.pacing = nil
			s.mu.Unlock()
			if !ok {
				return false
			}
		default:
			s.mu.Unlock()
			select {
			case <-pacing:
			case <-run.ending:
				return false
			}
		}
		if run.clock.Now() >= run.end.Load() {
			return false
		}
	}
	return true
}
