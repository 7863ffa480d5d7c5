package attack

import (
	"errors"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/h2"
	"brunt/payloads"
)

// mostMoves is how many connections without any reply one request is taken away
// from because they closed before the endpoint had done anything about it.
const mostMoves = 3

// lane is a worker's part of the mux.
type lane struct {
	mux     *mux
	number  int
	stream  *h2.Stream
	request h2.Request
	opened  bool // the worker has been let in
}

func (m *mux) lane(number int) *lane {
	return &lane{mux: m, number: number, stream: h2.NewStream(sampleSize), request: h2.Request{Length: m.run.lengths, NoBody: m.run.head}}
}

// exchange does one request. One that the endpoint promises not to have acted
// on, because it had asked for another connection to be used before it came
// (GOAWAY without an error), is sent there: that is no retry of anything.
func (l *lane) exchange(w *worker, item payloads.Item, want int64) error {
	body, err := w.wholeBody(&item)
	if err != nil {
		return err
	}
	l.request.Head, l.request.Body = (*l.mux.heads.Load())[item.Variant], body
	l.stream.Follower, l.stream.Stall = w.reply, w.reply.stall
	for moves := 0; ; {
		w.reply.streaming = false
		if err := l.take(w, want); err != nil {
			return err
		}
		err := l.stream.Do(&l.request, want)
		var away *h2.GoAwayError
		crossed := err == h2.ErrUnsent || errors.As(err, &away) && away.Orderly()
		if !crossed || l.stream.Barren && moves == mostMoves {
			return l.settle(w, err)
		}
		if w.run.clock.now() >= want {
			return l.settle(w, h2.ErrTimeout)
		}
		if l.stream.Barren {
			moves++
		}
		w.ex.out += l.stream.Out
		w.ex.reopened = true
	}
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
	for opened := 0; ; {
		s := l.mux.slotOf(l.number)
		s.mu.Lock()
		if c := s.conn; c != nil {
			ok, usable := c.Reserve(l.stream)
			if usable {
				s.mu.Unlock()
				if ok {
					return nil
				}
				if err := l.queue(c, want); err != nil {
					return err
				}
				continue
			}
			s.conn, s.lost = nil, true
		}
		if o := s.opening; o != nil {
			s.mu.Unlock()
			if err := l.await(w, o, want); err != nil {
				return err
			}
			continue
		}
		if opened++; opened > mostMoves {
			s.mu.Unlock()
			return &dialError{errors.New("the endpoint closed every new connection at once")}
		}
		if ok, err := l.open(w, s, want); ok || err != nil {
			return err
		}
	}
}

// queue waits for a stream to come free on a connection that is full.
func (l *lane) queue(c *h2.Conn, want int64) error {
	now := l.mux.run.clock.now
	began := now()
	err := l.stream.AwaitRoom(c, want)
	if now()-began > lateEnough {
		l.mux.queued.Add(1)
	}
	l.mux.learn(c.Streams())
	return err
}

// await waits for a connection that another worker opens. Its failure is this
// worker's too, unless only the other's time was up.
func (l *lane) await(w *worker, o *opening, want int64) error {
	left := time.Duration(want - w.run.clock.now())
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-o.done:
	case <-timer.C:
		return &dialError{h2.ErrTimeout}
	}
	if o.err != nil && o.err != errCut && (endpoint.Timeout(o.err) || errors.Is(o.err, errConnectRate)) && w.run.clock.now() < want {
		return nil
	}
	return o.err
}

// open opens the slot's connection, whose lock is held and let go of, and
// takes the first place on it, before the others know of it.
func (l *lane) open(w *worker, s *slot, want int64) (ok bool, err error) {
	o := &opening{done: make(chan struct{})}
	s.opening = o
	reopened, permit := s.lost, s.permit
	s.permit = false
	s.mu.Unlock()
	c, err := l.dial(w, want, permit)
	if err == nil {
		ok, _ = c.Reserve(l.stream)
	}
	s.mu.Lock()
	s.conn, s.opening = c, nil
	s.mu.Unlock()
	if err == nil {
		w.ex.reopened = w.ex.reopened || reopened
		l.mux.learn(c.Streams())
		l.mux.add(c)
		// The cut sets its flag first and closes the connections second; this
		// does the reverse, so one of the two always sees the other.
		if w.run.cutting.Load() {
			c.Close(errCut)
		}
	}
	o.err = err
	close(o.done)
	return ok, err
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
