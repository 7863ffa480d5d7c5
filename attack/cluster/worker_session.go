package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// session is a worker's part in a coordinator's session.
type session struct {
	*worker
	name  string
	index int
	subs  []*nats.Subscription
	ended chan struct{} // the coordinator sends the worker away
	end   sync.Once
	files *fileCache

	mu       sync.Mutex
	heard    time.Time // last word of the coordinator
	term     term      // of the newest coordinator that was heard of
	order    int
	state    said
	cancel   context.CancelFunc
	prepared *Prepared
	paths    map[string]string // of the order's files, here
	task     *task
}

// open subscribes to what the coordinator may ask.
func (w *worker) open(ctx context.Context, name string, index int) (*session, error) {
	s := &session{worker: w, name: name, index: index, ended: make(chan struct{}), heard: time.Now()}
	s.files = &fileCache{js: w.js, bucket: fileBucket(name), dir: w.Cache}
	subscribe := func(sub *nats.Subscription, err error) error {
		if err == nil {
			s.subs = append(s.subs, sub)
		}
		return err
	}
	subject := func(what string) string { return subjectOf(name, w.id, what) }
	err := errors.Join(
		subscribe(listen(w.nats, subject(askClock), s.tellClock)),
		subscribe(listen(w.nats, subject(askPrepare), func(o order) answer { return s.prepare(ctx, o) })),
		subscribe(listen(w.nats, subject(askStart), s.begin)),
		subscribe(listen(w.nats, subject(askChange), s.change)),
		subscribe(listen(w.nats, subject(askRecords), s.collect)),
		subscribe(listen(w.nats, subject(askEnd), func(q question) answer {
			if !s.hear(q.Term) {
				return replacedAnswer
			}
			s.end.Do(func() { close(s.ended) })
			return answer{}
		})),
		w.nats.FlushTimeout(5*time.Second),
		w.denied.found(w.nats),
	)
	if err != nil {
		s.close()
		return nil, fmt.Errorf("%s: %w", w.Shown(), err)
	}
	w.Tell(fmt.Sprintf("worker %d of session %s", index+1, name))
	return s, nil
}

// hear notes that the coordinator has spoken. It is false for one that was replaced.
func (s *session) hear(t term) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t < s.term {
		return false
	}
	s.term, s.heard = t, time.Now()
	return true
}

// tellClock answers what the clock says.
func (s *session) tellClock(q question) moment {
	m := moment{Came: s.Clock().UnixNano()}
	s.hear(q.Term)
	s.mu.Lock()
	m.Said = s.state
	t := s.task
	s.mu.Unlock()
	if t != nil && isClosed(t.run.Done()) {
		m.Done = t.number
	}
	m.Went = s.Clock().UnixNano()
	return m
}

// serve works until the coordinator ends the session or is gone, or the context ends.
func (s *session) serve(ctx context.Context) error {
	defer s.close()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	stop := ctx.Done() // nil once it was obeyed
	var leaves error   // what it ends with, since it leaves a run that is under way
	for {
		select {
		case <-s.ended:
			return leaves
		case <-stop:
			t := s.now()
			if t == nil {
				return nil
			}
			if !isClosed(t.run.Done()) {
				leaves = toldToEnd{}
			}
			t.leave()
			stop = nil
		case <-tick.C:
			t := s.now()
			switch {
			case ctx.Err() != nil && (t == nil || t.reported() && s.recordsLeft(t) || s.silent() > orphanAfter):
				return leaves
			case t != nil && t.forgotten():
				return ErrLeft
			case t != nil && t.revoked() && t.reported() && (s.recordsLeft(t) || s.silent() > orphanAfter):
				return errReplaced
			case s.silent() < orphanAfter || t != nil && !t.overdue():
			default:
				return ErrLeft
			}
		}
	}
}

// now is the run under way, or the last one; nil before the first.
func (s *session) now() *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.task
}

func (s *session) silent() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.heard)
}

// close ends what is under way.
func (s *session) close() {
	for _, sub := range s.subs {
		_ = sub.Unsubscribe() // a connection that is gone has no subscriptions
	}
	s.mu.Lock()
	t := s.task
	s.mu.Unlock()
	if t != nil {
		t.close()
	}
	s.discard()
	s.denied.leave(s.name, s.nats)
}

// discard closes the order that is prepared.
func (s *session) discard() {
	s.mu.Lock()
	cancel, prepared := s.cancel, s.prepared
	s.cancel, s.prepared, s.task = nil, nil, nil
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if prepared != nil {
		prepared.Close()
	}
}

// prepare begins to make an order ready; how that goes is told as it goes.
func (s *session) prepare(ctx context.Context, o order) answer {
	if !s.hear(o.Term) {
		return replacedAnswer
	}
	s.mu.Lock()
	if o.Number <= s.order {
		defer s.mu.Unlock()
		if o.Number == s.order {
			go s.say(s.state) // the first answer was lost, and so may this have been
		}
		return answer{}
	}
	s.order = o.Number
	t := s.task
	s.mu.Unlock()
	if t != nil {
		t.close()
	}
	s.discard()
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.cancel = cancel
	s.state = said{Order: o.Number, State: saidBusy}
	s.mu.Unlock()
	go s.makeReady(ctx, o)
	return answer{}
}

func (s *session) makeReady(ctx context.Context, o order) {
	tell := func(text string) { s.tell(said{Order: o.Number, State: saidBusy, Text: text}) }
	paths, err := s.fetch(ctx, o.Files, tell)
	var p *Prepared
	if err == nil {
		o.Body, err = s.unseal(o.Sealed)
	}
	if err == nil {
		p, err = s.Prepare(ctx, o.Body, paths, s.credentials, tell)
	}
	now := said{Order: o.Number, State: saidReady}
	s.mu.Lock()
	switch {
	case err != nil:
		now.State, now.Text = saidFailed, err.Error()
	case s.order != o.Number || ctx.Err() != nil:
		s.mu.Unlock()
		p.Close()
		return
	default:
		s.prepared, s.paths = p, paths
	}
	s.mu.Unlock()
	s.tell(now)
}

// fetch has the order's files be here, and finds out whether the server will take what
// is to be reported: once load is sent it is late to learn that.
func (s *session) fetch(ctx context.Context, files []fileRef, tell func(string)) (map[string]string, error) {
	ctx, cancel := s.denied.within(ctx)
	defer cancel()
	paths, err := s.files.fetch(ctx, files, tell)
	if err == nil {
		err = s.rehearse(ctx)
	}
	return paths, s.denied.or(s.nats, err)
}

// rehearse reports for run 0, of which there is none, as for any other.
func (s *session) rehearse(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, rehearseWithin)
	defer cancel()
	leases, err := s.js.KeyValue(ctx, leaseBucket(s.name))
	if err == nil {
		_, err = leases.Put(ctx, leaseKey(0, s.index), leaseOf(0))
	}
	if err == nil {
		// One of several servers may answer, which has not heard of the lease yet.
		if _, err = leases.Get(ctx, leaseKey(0, s.index)); errors.Is(err, jetstream.ErrKeyNotFound) {
			err = nil
		}
	}
	if err == nil {
		_, err = s.js.Publish(ctx, subjectSnapshots(s.name, 0, s.index), encode(handedIn{Worker: s.index}))
	}
	if err == nil {
		// How far it is is told without an answer; a refusal comes before that to a flush.
		s.mu.Lock()
		now := s.state
		s.mu.Unlock()
		s.say(now)
		if err = s.nats.FlushWithContext(ctx); err == nil {
			err = s.denied.found(s.nats)
		}
	}
	if err != nil {
		return fmt.Errorf("what is measured could not be reported: %w", err)
	}
	return nil
}

// tell notes how far the order is, and says so.
func (s *session) tell(now said) {
	s.mu.Lock()
	if now.Order == s.order {
		s.state = now
	}
	s.mu.Unlock()
	s.say(now)
}

// say tells the coordinator. What is lost it asks for again.
func (s *session) say(now said) {
	_ = s.nats.Publish(subjectSaid(s.name, s.index), encode(now))
}

// begin starts a run.
func (s *session) begin(b begin) answer {
	if !s.hear(b.Term) {
		return replacedAnswer
	}
	s.mu.Lock()
	prepared, order, last := s.prepared, s.order, s.task
	s.mu.Unlock()
	switch {
	case last != nil && last.number == b.Run:
		return answer{} // asked again
	case prepared == nil || b.Order != order:
		return answer{Refused: "nothing is prepared for it"}
	}
	if last != nil {
		last.close()
	}
	t, err := s.start(b, prepared)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	s.mu.Lock()
	s.task = t
	s.mu.Unlock()
	return answer{}
}
