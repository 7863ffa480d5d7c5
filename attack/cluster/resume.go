package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"brunt/attack/plan"
	"brunt/attack/result/join"
)

// Keys of a session's state, which outlives its coordinator.
const (
	keySession     = "session"
	keyRun         = "run"
	keyCoordinator = "coordinator"
)

func stateBucket(session string) string { return "brunt-" + session + "-state" }

// sessionState is what a coordinator that is started again needs to know of its workers.
type sessionState struct {
	Workers []hello
	Gone    []bool
	Orders  int
	Runs    int
}

// runState is the same of its run.
type runState struct {
	Number  int
	ID      string
	Plan    []byte // JSON of a plan.Plan
	Start   int64  // of the schedule, by the coordinator's clock, ns
	Warmup  time.Duration
	Settled bool
	Stopped int64 // 0 where nobody stopped it
	Aborted bool
	Changes []plan.Change
	Length  *time.Duration
	Parts   []partState
	Notes   []string
}

type partState struct {
	Worker int
	Shares []held
	Told   int
	Lost   *lossState
}

type lossState struct {
	Why       string
	Since, At int64
}

// keep writes down what the coordinator knows of its workers.
func (c *Coordinator) keep() {
	c.mu.Lock()
	s := sessionState{Orders: c.orders, Runs: c.runs}
	for _, m := range c.members {
		s.Workers, s.Gone = append(s.Workers, m.hello), append(s.Gone, m.gone)
	}
	c.mu.Unlock()
	c.put(keySession, &s)
}

func (c *Coordinator) put(key string, v any) {
	ctx, cancel := context.WithTimeout(context.Background(), changeWithin)
	defer cancel()
	if _, err := c.state.Put(ctx, key, encode(v)); err != nil {
		c.Tell("the run's state could not be written, so that it could not be resumed from here: " + err.Error())
	}
}

// get reads a key; errors.Is(err, jetstream.ErrKeyNotFound) where there is none.
func (c *Coordinator) get(ctx context.Context, key string, v any) error {
	entry, err := c.state.Get(ctx, key)
	if err != nil {
		return err
	}
	return decode(entry.Value(), v)
}

// takeOver makes this the session's coordinator, unless another one is at work.
func (c *Coordinator) takeOver(ctx context.Context) error {
	entry, err := c.state.Get(ctx, keyCoordinator)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		c.revision, err = c.state.Create(ctx, keyCoordinator, c.id)
		return err
	case err != nil:
		return err
	}
	// Whoever holds it renews it each clockEvery.
	select {
	case <-time.After(2*clockEvery + clockEvery/2):
	case <-ctx.Done():
		return ctx.Err()
	}
	if c.revision, err = c.state.Update(ctx, keyCoordinator, c.id, entry.Revision()); errors.Is(err, jetstream.ErrKeyExists) {
		return errors.New("its coordinator is at work: a run has one")
	}
	return err
}

// stay renews the coordinator's own lease. Once another one has it, this one tells the
// workers nothing any more.
func (c *Coordinator) stay() {
	ctx, cancel := context.WithTimeout(context.Background(), clockEvery)
	defer cancel()
	revision, err := c.state.Update(ctx, keyCoordinator, c.id, c.revision)
	if errors.Is(err, jetstream.ErrKeyExists) { // by another, or the answer to the last one was lost
		entry, lookErr := c.state.Get(ctx, keyCoordinator)
		if lookErr != nil {
			return
		}
		if revision, err = entry.Revision(), nil; string(entry.Value()) != string(c.id) {
			c.replacedOnce.Do(func() { close(c.replaced) })
			return
		}
	}
	if err == nil {
		c.revision = revision
	}
}

// reenter takes the session's workers as they were.
func (c *Coordinator) reenter(ctx context.Context) error {
	var s sessionState
	if err := c.get(ctx, keySession, &s); err != nil {
		return fmt.Errorf("there is no session %s to resume: %w", c.session, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orders, c.runs = s.Orders, s.Runs
	for i, h := range s.Workers {
		m := &member{index: i, hello: h, gone: s.Gone[i], state: said{Order: s.Orders, State: saidReady}}
		c.members = append(c.members, m)
		if !m.gone {
			c.work.Go(func() { c.meet(m) })
		}
	}
	return nil
}

// keep writes down what the run has come to. r.mu is not held.
func (r *Run) keep() {
	r.mu.Lock()
	s := runState{
		Number: r.number, ID: r.id, Start: r.start.UnixNano(), Warmup: r.schedule.Warmup, Settled: r.settled,
		Aborted: r.aborted, Changes: r.changes, Length: r.length, Notes: r.notes,
	}
	if !r.stopped.IsZero() {
		s.Stopped = r.stopped.UnixNano()
	}
	for _, p := range r.parts {
		one := partState{Worker: p.index, Shares: p.shares, Told: p.told}
		if l := p.lost; l != nil {
			one.Lost = &lossState{l.why, l.since.UnixNano(), l.at.UnixNano()}
		}
		s.Parts = append(s.Parts, one)
	}
	r.mu.Unlock()
	travels := r.plan
	travels.Expect = nil
	s.Plan, _ = json.Marshal(&travels) // as it went to the workers
	r.c.put(keyRun, &s)
}

// Resume goes on with the run that the session's coordinator was at when it ended. The
// workers have gone on meanwhile.
func (c *Coordinator) Resume() (*Run, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setUpWithin)
	defer cancel()
	var s runState
	if err := c.get(ctx, keyRun, &s); err != nil {
		return nil, fmt.Errorf("session %s was at no run: %w", c.session, err)
	}
	r := &Run{c: c, number: s.Number, id: s.ID, done: make(chan struct{}), ending: make(chan struct{})}
	if err := json.Unmarshal(s.Plan, &r.plan); err != nil {
		return nil, err
	}
	r.start, r.settled, r.aborted, r.changes, r.length, r.notes = time.Unix(0, s.Start), s.Settled, s.Aborted, s.Changes, s.Length, s.Notes
	r.notes = append(r.notes, "the coordinator was started again on the way; the workers went on meanwhile")
	r.schedule = plan.NewSchedule(&r.plan)
	if s.Settled {
		r.schedule = r.schedule.Settled(s.Warmup)
	}
	for _, change := range s.Changes {
		if r.plan.Open() {
			r.schedule = r.schedule.Changed(change.At+r.schedule.Warmup, change.Rate)
		}
	}
	if s.Length != nil {
		r.schedule = r.schedule.Lasting(*s.Length)
	}
	if s.Stopped != 0 {
		r.stopped = time.Unix(0, s.Stopped)
		r.endOne.Do(func() { close(r.ending) })
	}
	r.joined = join.New(&r.plan)
	c.mu.Lock()
	for _, one := range s.Parts {
		m := c.members[one.Worker]
		p := &part{member: m, shares: one.Shares, told: one.Told, renewed: time.Now(), slot: r.joined.Add(m.label())}
		if l := one.Lost; l != nil {
			p.lost = &loss{l.Why, time.Unix(0, l.Since), time.Unix(0, l.At)}
		}
		r.parts = append(r.parts, p)
	}
	c.mu.Unlock()
	for _, p := range r.parts {
		if p.lost != nil {
			r.joined.Lose(p.slot, r.lostOf(p))
		}
	}
	return r, r.run()
}
