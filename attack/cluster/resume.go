package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"brunt/attack/plan"
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
	Owners  []int // indexes of workers; -1 for nobody
	Had     []string
}

type partState struct {
	Worker  int
	Shares  []held
	Told    int
	Pending []change // told, and not confirmed yet
	Left    *left
	// HandedOn is whether what it left is others' already.
	HandedOn bool
	Nobodys  []held
	Lost     *lossState
	Joined   *newcomer
	Yields   int
}

type lossState struct {
	Why     string
	Since   time.Duration
	At      int64
	Number  int
	Allowed uint64
	Left    bool
}

// keeping writes the state, one thing at a time, so that nothing older is written over
// anything newer.
type keeping struct {
	mu        sync.Mutex
	revisions map[string]uint64 // of the keys that this coordinator has written
}

// ErrReplaced is a coordinator's end by another one, which goes on with the session.
var ErrReplaced = errors.New("another coordinator has gone on with this session")

// keep writes down what the coordinator knows of its workers.
func (c *Coordinator) keep() {
	c.put(keySession, func() any {
		c.mu.Lock()
		defer c.mu.Unlock()
		s := sessionState{Orders: c.orders, Runs: c.runs}
		for _, m := range c.members {
			s.Workers, s.Gone = append(s.Workers, m.hello), append(s.Gone, m.gone)
		}
		return &s
	})
}

// put writes what the function gives, unless another coordinator is at work.
func (c *Coordinator) put(key string, now func() any) {
	k := &c.keeping
	k.mu.Lock()
	defer k.mu.Unlock()
	if isClosed(c.replaced) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), changeWithin)
	defer cancel()
	body := encode(now())
	revision, known := k.revisions[key]
	var err error
	if known {
		revision, err = c.state.Update(ctx, key, body, revision)
	}
	if !known || errors.Is(err, jetstream.ErrKeyExists) { // whose answer was lost, or by another
		if c.stay(); isClosed(c.replaced) {
			return
		}
		revision, err = c.state.Put(ctx, key, body)
	}
	if err != nil {
		c.Tell("the run's state could not be written, so that it could not be resumed from here: " + err.Error())
		return
	}
	if k.revisions == nil {
		k.revisions = map[string]uint64{}
	}
	k.revisions[key] = revision
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
		c.term = term(c.revision)
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
	c.term = term(c.revision)
	return err
}

// stay renews the coordinator's own lease. Once another one has it, this one tells the
// workers nothing any more.
func (c *Coordinator) stay() {
	c.staying.Lock()
	defer c.staying.Unlock()
	if isClosed(c.replaced) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), clockEvery)
	defer cancel()
	revision, err := c.state.Update(ctx, keyCoordinator, c.id, c.revision)
	if errors.Is(err, jetstream.ErrKeyExists) { // by another, or the answer to the last one was lost
		var entry jetstream.KeyValueEntry
		if entry, err = c.state.Get(ctx, keyCoordinator); err == nil {
			if revision = entry.Revision(); string(entry.Value()) != string(c.id) {
				c.replacedOnce.Do(func() { close(c.replaced) })
				return
			}
		}
	}
	if err != nil {
		c.unanswered()
		return
	}
	c.revision = revision
	c.mu.Lock()
	c.reached = time.Now()
	c.mu.Unlock()
}

// reenter takes the session's workers as they were. Those that have a part in the run have
// made the order ready; how far others are they say themselves.
func (c *Coordinator) reenter(ctx context.Context) error {
	var s sessionState
	if err := c.get(ctx, keySession, &s); err != nil {
		return fmt.Errorf("there is no session %s to resume: %w", c.session, err)
	}
	var run runState
	if err := c.get(ctx, keyRun, &run); err != nil && !errors.Is(err, jetstream.ErrKeyNotFound) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orders, c.runs, c.gathered = s.Orders, s.Runs, true
	for i, h := range s.Workers {
		m := &member{index: i, hello: h, gone: s.Gone[i], heard: time.Now()}
		if slices.ContainsFunc(run.Parts, func(p partState) bool { return p.Worker == i }) {
			m.state = said{Order: s.Orders, State: saidReady}
		}
		c.members = append(c.members, m)
		if !m.gone {
			c.work.Go(func() { c.meet(m) })
		}
	}
	return nil
}

// keep writes down what the run has come to. r.mu is not held.
func (r *Run) keep() { r.c.put(keyRun, func() any { return r.stateNow() }) }

func (r *Run) stateNow() *runState {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := runState{
		Number: r.number, ID: r.id, Start: r.start.UnixNano(), Warmup: r.schedule.Warmup, Settled: r.settled,
		Aborted: r.aborted, Changes: slices.Clone(r.changes), Length: r.length, Notes: slices.Clone(r.notes),
	}
	if !r.stopped.IsZero() {
		s.Stopped = r.stopped.UnixNano()
	}
	for _, p := range r.parts {
		one := partState{Worker: p.index, Shares: slices.Clone(p.shares), Told: p.told, Left: p.left, HandedOn: p.handedOn, Nobodys: slices.Clone(p.nobodys), Yields: p.yields}
		if p.newcomer != nil {
			one.Joined = new(*p.newcomer)
		}
		for _, t := range p.outbox {
			one.Pending = append(one.Pending, t.change)
		}
		if l := p.lost; l != nil {
			one.Lost = &lossState{l.why, l.since, l.at.UnixNano(), l.number, l.allowed, l.left}
		}
		s.Parts = append(s.Parts, one)
	}
	for _, o := range r.owners {
		at := -1
		if o != nil {
			at = o.index
		}
		s.Owners = append(s.Owners, at)
	}
	s.Had = slices.Clone(r.had)
	travels := r.plan
	travels.Expect = nil
	s.Plan, _ = json.Marshal(&travels) // as it went to the workers
	return &s
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
	r := c.newRun()
	r.number, r.id = s.Number, s.ID
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
	if err := r.takeUp(s.Parts); err != nil {
		return nil, err
	}
	r.of, r.had = uint64(len(s.Owners)), s.Had
	for _, index := range s.Owners {
		r.owners = append(r.owners, r.partOf(index))
	}
	// What the workers have reported so far is there before anything is judged.
	if err := r.rebuild(setUpWithin); err != nil {
		return nil, err
	}
	return r, r.run()
}

// given is the share that a change has the part take over.
func (p *part) given(ch *change) *held {
	for _, h := range p.shares {
		if h.Share == ch.Share && h.Request == ch.Request && !h.Ended {
			return &h
		}
	}
	return &held{Share: ch.Share, Request: ch.Request, Until: ch.Until}
}

// takeUp gives the run its parts as they were.
func (r *Run) takeUp(parts []partState) error {
	c := r.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range parts {
		if one.Worker < 0 || one.Worker >= len(c.members) {
			return fmt.Errorf("what session %s has stored does not fit together: it has no worker %d", c.session, one.Worker+1)
		}
		m := c.members[one.Worker]
		p := r.newPart(m, one.Shares)
		p.told, p.left, p.handedOn, p.nobodys, p.yields = one.Told, one.Left, one.HandedOn, one.Nobodys, one.Yields
		for _, ch := range one.Pending {
			ch.Term = c.term
			t := &telling{change: ch, kept: true, done: make(chan struct{})}
			if ch.What == changeTake {
				t.give = p.given(&ch)
			}
			p.outbox = append(p.outbox, t)
		}
		if p.newcomer = one.Joined; p.newcomer != nil {
			r.newcomers = max(r.newcomers, p.newcomer.Number)
		}
		if l := one.Lost; l != nil {
			p.lost = &loss{why: l.Why, since: l.Since, at: time.Unix(0, l.At), number: l.Number, allowed: l.Allowed, left: l.Left}
			p.cancel()
		} else {
			m.busy, m.leaves = true, one.Left != nil
		}
		r.parts = append(r.parts, p)
	}
	return nil
}
