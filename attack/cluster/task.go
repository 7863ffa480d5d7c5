package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/result/wire"
)

const (
	// publishEvery is how often a worker hands in what it has measured: rarer where a
	// message is large, so that publishBytes a second are not exceeded for long.
	publishEvery = time.Second
	publishBytes = 64 << 10
	publishMost  = 30 * time.Second
	// renewEvery is how often a lease is renewed.
	renewEvery = time.Second
	// publishPatience is how long an acknowledgement of a snapshot is waited for.
	publishPatience = 2 * time.Second
)

// handedIn is what a worker's message to the stream holds.
type handedIn struct {
	Worker, Run int
	Number      int    // of the message, from 1
	Settled     bool   // latency has, within a warm-up that lasts until then
	Last        bool   // the run is done
	Body        []byte // see wire.Encode
	Object      string // where the body lies instead, since it is larger than a message may be
}

// task is a worker's share of a run.
type task struct {
	session *session
	run     *attack.Run
	number  int
	lease   time.Duration
	quit    chan struct{}
	ended   sync.Once
	work    sync.WaitGroup

	mu      sync.Mutex
	changes int       // number of the last one
	doneAt  time.Time // of the run; zero while it is under way
	in      bool      // the last snapshot is in the stream
	records *recordsState
}

// start begins the run and what reports of it.
func (s *session) start(b begin, prepared *Prepared) (*task, error) {
	var p plan.Plan
	if err := json.Unmarshal(b.Plan, &p); err != nil {
		return nil, err
	}
	p.RunID, p.Shares = b.ID, b.Shares
	p.StartAt = time.Now().Add(time.Duration(b.At - s.Clock().UnixNano()))
	if err := s.holdLease(b); err != nil {
		return nil, err
	}
	run, err := prepared.Start(p)
	if err != nil {
		return nil, err
	}
	t := &task{session: s, run: run, number: b.Run, lease: b.Lease, quit: make(chan struct{})}
	if b.Lease > 0 {
		run.TakeUntil(time.Now().Add(b.Lease))
		t.work.Go(t.renew)
	}
	t.work.Go(t.report)
	return t, nil
}

// holdLease makes the lease of a run. It fails where the coordinator has given the worker
// up already.
func (s *session) holdLease(b begin) error {
	if b.Lease == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), publishPatience)
	defer cancel()
	leases, err := s.js.KeyValue(ctx, leaseBucket(s.name))
	if err != nil {
		return fmt.Errorf("lease: %w", err)
	}
	key := leaseKey(b.Run, s.index)
	if _, err = leases.Create(ctx, key, leaseHeld); err == nil {
		return nil
	}
	if entry, lookErr := leases.Get(ctx, key); lookErr == nil && string(entry.Value()) == string(leaseHeld) {
		return nil // the answer to an earlier attempt was lost
	}
	return fmt.Errorf("lease: %w", err)
}

// leaseHeld is what a lease's key says, and revokedFrom what it says once others send the
// share from an instant on, in ns since the measured start.
var leaseHeld = []byte("held")

const revokedFrom = "revoked %d"

// renew keeps the lease until the run is done, or the lease is revoked: then the run is
// stopped, and others have the rest of its share.
func (t *task) renew() {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	revision := uint64(0)
	var gone *revokedError
	for {
		at := time.Now()
		next, err := t.renewed(revision)
		switch {
		case err == nil:
			revision = next
			t.run.TakeUntil(at.Add(t.lease))
		case errors.As(err, &gone):
			t.session.Tell("it was taken for lost: other workers send the rest of its share")
			t.run.Leave(gone.from)
			return
		}
		select {
		case <-tick.C:
		case <-t.run.Done():
			return
		case <-t.quit:
			return
		}
	}
}

// revokedError says that others send what the share has from an instant on, counted from
// the measured start.
type revokedError struct{ from time.Duration }

// Error says so.
func (e *revokedError) Error() string { return fmt.Sprintf("revoked from %s on", e.from) }

// renewed renews the lease as of the revision, and gives the next; 0 stands for not
// known, as after an answer that was lost.
func (t *task) renewed(revision uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), publishPatience)
	defer cancel()
	leases, err := t.session.js.KeyValue(ctx, leaseBucket(t.session.name))
	if err != nil {
		return 0, err
	}
	key := leaseKey(t.number, t.session.index)
	if revision == 0 {
		entry, err := leases.Get(ctx, key)
		if err != nil {
			return 0, err
		}
		if err := revokedIn(entry); err != nil {
			return 0, err
		}
		revision = entry.Revision()
	}
	next, err := leases.Update(ctx, key, leaseHeld, revision)
	if errors.Is(err, jetstream.ErrKeyExists) { // another revision than this
		if entry, lookErr := leases.Get(ctx, key); lookErr == nil {
			if revoked := revokedIn(entry); revoked != nil {
				return 0, revoked
			}
		}
		return 0, err // the answer to the last renewal was lost
	}
	return next, err
}

// revokedIn is a *revokedError where a lease's entry says so.
func revokedIn(entry jetstream.KeyValueEntry) error {
	var from int64
	if n, _ := fmt.Sscanf(string(entry.Value()), revokedFrom, &from); n == 1 {
		return &revokedError{time.Duration(from)}
	}
	return nil
}

// report hands in what was measured, until the last of it is in the stream.
func (t *task) report() {
	wait := publishEvery
	var sender wire.Sender
	for number := 1; ; number++ {
		last := false
		select {
		case <-time.After(wait):
		case <-t.run.Done():
			last = true
		case <-t.quit:
			return
		}
		last = last || isClosed(t.run.Done())
		if last {
			t.done()
		}
		body, err := sender.Encode(t.session.renamed(t.run.Snapshot()))
		if err == nil {
			err = t.handIn(&handedIn{Worker: t.session.index, Run: t.number, Number: number, Settled: isClosed(t.run.Settled()), Last: last, Body: body})
		}
		if err == nil {
			sender.Acknowledged()
			if last {
				t.mu.Lock()
				t.in = true
				t.mu.Unlock()
				return
			}
		} else if last && t.overdue() {
			return
		}
		wait = min(max(publishEvery, publishEvery*time.Duration(len(body)/publishBytes)), publishMost)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// renamed is a snapshot in which files have the names that the coordinator gave them.
func (s *session) renamed(snapshot *result.Snapshot) *result.Snapshot {
	s.mu.Lock()
	paths := s.paths
	s.mu.Unlock()
	if len(paths) == 0 {
		return snapshot
	}
	name := func(payload string) string {
		for given, here := range paths {
			if rest, ok := strings.CutPrefix(payload, here); ok {
				return given + rest
			}
		}
		return payload
	}
	now := *snapshot
	now.Failures, now.Slowest = slices.Clone(now.Failures), slices.Clone(now.Slowest)
	for i := range now.Failures {
		now.Failures[i].Payload = name(now.Failures[i].Payload)
	}
	for i := range now.Slowest {
		now.Slowest[i].Payload = name(now.Slowest[i].Payload)
	}
	return &now
}

// handIn puts a message into the stream, and waits until it is there.
func (t *task) handIn(m *handedIn) error {
	ctx, cancel := context.WithTimeout(context.Background(), publishPatience)
	defer cancel()
	s := t.session
	subject := subjectSnapshots(s.name, m.Run, m.Worker)
	id := fmt.Sprintf("%d.%d.%d", m.Run, m.Worker, m.Number)
	if limit := s.nats.MaxPayload(); int64(len(m.Body)) > limit-1024 {
		store, err := s.js.ObjectStore(ctx, fileBucket(s.name))
		if err != nil {
			return err
		}
		if _, err = store.PutBytes(ctx, "snap."+id, m.Body); err != nil {
			return err
		}
		m.Body, m.Object = nil, "snap."+id
	}
	_, err := s.js.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: encode(m)}, jetstream.WithMsgID(id))
	return err
}

// change does what the coordinator asks of the run.
func (s *session) change(c change) answer {
	s.hear()
	t := s.now()
	if t == nil || t.number != c.Run {
		return answer{Refused: "no such run"}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.Number <= t.changes {
		return answer{} // asked again
	}
	err := t.obey(&c)
	if err != nil {
		return answer{Refused: err.Error()}
	}
	t.changes = c.Number
	return answer{}
}

func (t *task) obey(c *change) error {
	switch c.What {
	case changeRate:
		return t.run.ChangeAt(c.From, vegeta.Rate{Freq: c.Freq, Per: c.Per}, c.Concurrency)
	case changeLength:
		return t.run.Last(c.Length)
	case changeTake:
		return t.run.Take(c.Share, c.From, c.Request)
	case changeSettle:
		return t.run.Settle(c.From)
	case changeStop:
		t.run.Stop(c.How)
		return nil
	}
	return fmt.Errorf("no change %s is known", c.What)
}

func (t *task) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doneAt.IsZero() {
		t.doneAt = time.Now()
	}
}

// reported reports whether the last snapshot is in the stream.
func (t *task) reported() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.in
}

// overdue reports whether the run has been done for so long that nobody wants it any
// more.
func (t *task) overdue() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.doneAt.IsZero() && time.Since(t.doneAt) > reportWithin
}

// close ends the run, if it is under way, and waits for its end.
func (t *task) close() {
	t.ended.Do(func() { close(t.quit) })
	t.run.Stop(plan.Cut)
	<-t.run.Done()
	t.work.Wait()
}
