package attack

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/net/http2"

	"brunt/attack/endpoint"
	"brunt/attack/h2"
	"brunt/payloads"
)

const (
	// mostMoves is how many connections in a row one request is taken away from
	// that ended before they took any request at all.
	mostMoves = 3
	// movePause is the pause before it tries another one then.
	movePause = 10 * time.Millisecond
)

// lane is a worker's part of the mux.
type lane struct {
	mux     *mux
	number  int
	stream  *h2.Stream
	request h2.Request
	opened  bool     // the worker has been let in
	joined  *h2.Conn // in whose line it was put by the worker that opened it
	waited  int64    // for a stream, of the request
	vain    int      // connections in a row that took no request, of the request
}

func (m *mux) lane(number int) *lane {
	return &lane{mux: m, number: number, stream: h2.NewStream(sampleSize), request: h2.Request{Length: m.run.lengths, NoBody: m.run.head}}
}

// turnedAway is a request that the endpoint took on none of several connections.
type turnedAway struct{ err error }

func (e *turnedAway) Error() string {
	s := "the endpoint ended the connections before it took the request"
	if away := (*h2.GoAwayError)(nil); errors.As(e.err, &away) {
		s += ": " + away.Error()
	}
	return s
}

// exchange does one request. One of which nothing was taken goes on to another
// connection, in time: the endpoint promises that it has not acted on it (GOAWAY),
// or not a byte of it was handed over. That is no retry of anything.
func (l *lane) exchange(w *worker, item payloads.Item, want int64) error {
	body, err := w.wholeBody(&item)
	if err != nil {
		return err
	}
	l.request.Head, l.request.Body = (*l.mux.heads.Load())[item.Variant], body
	l.stream.Follower, l.stream.Stall = w.reply, w.reply.stall
	l.stream.Began, l.waited, l.vain = w.ex.begin, 0, 0
	for {
		w.reply.streaming = false
		if err := l.take(w, want); err != nil {
			return err
		}
		err := l.stream.Do(&l.request, want)
		var away *h2.GoAwayError
		promised := errors.As(err, &away) && away.Unprocessed
		if err != h2.ErrCrowded && err != h2.ErrUnsent && !promised {
			return l.settle(w, err)
		}
		w.ex.out += l.stream.Out
		late := w.run.clock.now() >= want
		switch {
		case w.run.cutting.Load():
			return errCut
		case late && !promised && l.stream.Vain:
			return &dialError{h2.ErrTimeout}
		case err != h2.ErrCrowded && l.stream.Vain:
			if late || promised && away.Code != http2.ErrCodeNo || !l.again(want) {
				return &turnedAway{err}
			}
		case late:
			return h2.ErrNoStream
		default:
			l.vain = 0
		}
		w.ex.reopened = w.ex.reopened || err != h2.ErrCrowded
	}
}

// again is told of a connection that took no request. It reports whether another
// one is to be tried, after a pause.
func (l *lane) again(want int64) bool {
	if l.vain == mostMoves {
		return false
	}
	l.vain++
	run := l.mux.run
	select {
	case <-time.After(min(movePause, time.Duration(want-run.clock.now()))):
	case <-run.dialling.Done():
	}
	return true
}

// settle takes the stream's figures over.
func (l *lane) settle(w *worker, err error) error {
	ex, s := &w.ex, l.stream
	ex.sent, ex.first, ex.end, ex.in = s.Sent, s.First, s.End, s.In
	ex.idled, ex.barren, ex.trip = s.Idled, s.Barren, s.Trip
	ex.out += s.Out
	w.reply.sample, w.reply.id, w.reply.model, w.reply.fields = s.Sample, s.RequestID, s.Model, s.Fields
	fault := err
	if w.reply.streaming {
		fault = w.reply.fault(err, s.End)
	}
	if err != nil {
		if gone := (*h2.BodyError)(nil); errors.As(err, &gone) {
			return &payloadError{gone.Err}
		}
		return fault
	}
	switch ex.status = s.Status; {
	case fault != nil:
		w.unfit(fault)
	case !w.run.plan.Success[s.Status]:
		ex.outcome = failed
	}
	return nil
}

// take reserves a stream on the worker's connection, which is opened if need
// be.
func (l *lane) take(w *worker, want int64) error {
	for {
		s := l.mux.slotOf(l.number)
		s.mu.Lock()
		if c := s.conn; c != nil {
			ok, usable := c.Reserve(l.stream)
			if usable {
				s.mu.Unlock()
				if !ok {
					var err error
					if ok, err = l.queue(w, c, want); err != nil {
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
			o.line = append(o.line, l)
			s.mu.Unlock()
			err = l.await(w, s, o, want)
		} else {
			err = l.open(w, s, want)
		}
		if err != nil {
			return err
		}
		if c := l.joined; c != nil {
			if ok, err := l.queue(w, c, want); ok || err != nil {
				return err
			}
			if c.Vain() && !l.again(want) {
				return &turnedAway{}
			}
		}
	}
}

// queue waits for a place on a connection in whose line the stream is.
func (l *lane) queue(w *worker, c *h2.Conn, want int64) (ok bool, err error) {
	now := l.mux.run.clock.now
	began := now()
	ok, err = l.stream.Await(want)
	before := l.waited
	l.waited += now() - began
	if !w.ex.warm && before <= lateEnough && l.waited > lateEnough && l.stream.Crowded {
		l.mux.queued.Add(1)
	}
	l.mux.learn(c.Streams())
	if err == h2.ErrTimeout { // none of the connection's streams moved
		err = &dialError{err}
	}
	return ok, err
}

// await waits for a connection that another worker opens. Its failure is this
// worker's too, unless only the other's time was up.
func (l *lane) await(w *worker, s *slot, o *opening, want int64) error {
	left := time.Duration(want - w.run.clock.now())
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-o.done:
	case <-timer.C:
		s.mu.Lock()
		at := slices.Index(o.line, l)
		if at >= 0 {
			o.line = slices.Delete(o.line, at, at+1)
		}
		s.mu.Unlock()
		if at >= 0 {
			return &dialError{h2.ErrTimeout}
		}
		<-o.done
	}
	if o.err != nil && o.err != errCut && (endpoint.Timeout(o.err) || errors.Is(o.err, errConnectRate)) && w.run.clock.now() < want {
		return nil
	}
	return o.err
}

// open opens the slot's connection, whose lock is held and let go of, for all
// who wait for it: they are in its line before others know of it.
func (l *lane) open(w *worker, s *slot, want int64) error {
	o := &opening{done: make(chan struct{}), line: []*lane{l}}
	s.opening = o
	reopened, permit := s.lost, s.permit
	s.permit = false
	s.mu.Unlock()
	c, err := l.dial(w, want, permit)
	if err == nil {
		l.mux.learn(c.Streams())
	}
	s.mu.Lock()
	s.conn, s.opening = c, nil
	l.mux.join(o, s, l)
	s.mu.Unlock()
	if err == nil {
		w.ex.reopened = w.ex.reopened || reopened
		l.mux.add(c)
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

func (l *lane) dial(w *worker, want int64, permit bool) (*h2.Conn, error) {
	ctx, cancel := w.run.dialContext(want)
	defer cancel()
	transport, connect, handshake, err := w.run.dial(ctx, want, permit)
	var c *h2.Conn
	if err == nil {
		c, err = h2.Open(ctx, transport, &l.mux.config)
	}
	switch {
	case err == nil:
		c.Trip = int64(connect)
		w.connected(connect, handshake)
		return c, nil
	case w.run.cutting.Load():
		return nil, errCut
	case errors.Is(err, endpoint.ErrNoHTTP2) && !l.mux.spoken.Load():
		w.run.abort(endpoint.ErrNoHTTP2)
	}
	return nil, &dialError{err}
}

// admit waits, before a closed loop takes a ticket, until the worker's
// connection is open or may be opened; false when the run ends first.
func (l *lane) admit(p *pacer) bool {
	run := l.mux.run
	for !l.opened || p.all {
		s := l.mux.slotOf(l.number)
		s.mu.Lock()
		pacing := s.pacing
		switch {
		case s.conn != nil && s.conn.Usable(), s.opening != nil, s.permit:
			s.mu.Unlock()
			l.opened = true
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
		if run.clock.now() >= run.end {
			return false
		}
	}
	return true
}
