//go:build !windows

package cluster

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"brunt/attack/plan"
)

// sessionOfItsOwn is a coordinator with a server of its own, and no workers.
func sessionOfItsOwn(t *testing.T, o ServerOptions) *Coordinator {
	t.Helper()
	o.Session = NewSession()
	s, err := StartServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c, err := Open(Options{Access: s.Own(), Session: o.Session, Workers: 1, Version: "test", Tell: func(string) {}, lease: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// answers has a worker's part be played: the function answers what it is asked, unless it
// says not to.
func answers[Q any](t *testing.T, c *Coordinator, worker, what string, answered func(Q) bool) {
	t.Helper()
	_, err := c.nats.Subscribe(subjectOf(c.session, worker, what), func(m *nats.Msg) {
		var q Q
		if err := decode(m.Data, &q); err != nil {
			t.Error(err)
		}
		if answered(q) {
			_ = m.Respond(encode(answer{}))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNextCoordinator has another coordinator, with a session of its own, come up where the
// one was that a worker worked for: it does not let the worker hear of the old session,
// which says nothing of the new one.
func TestNextCoordinator(t *testing.T) {
	t.Parallel()
	first, err := StartServer(ServerOptions{Listen: "127.0.0.1:0", Session: NewSession()})
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorker(WorkerOptions{Access: first.ForWorkers(), Name: "w", Version: "test", Tell: func(string) {}, Clock: time.Now})
	if err == nil {
		w.nats, w.js, err = w.connect(w.Name, w.denied)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.nats.Close)
	old, err := w.open(t.Context(), first.session, 0)
	if err != nil {
		t.Fatal(err)
	}
	addr := first.Addr().String()
	first.Close()
	var next *session
	t.Cleanup(func() { // once the coordinator has sent it away
		if next != nil {
			next.close()
		}
	})
	c := sessionOfItsOwn(t, ServerOptions{Listen: addr, Token: first.Token()})
	await(t, "denial", func() bool { return w.denied.found(w.nats) != nil })
	old.close()
	if next, err = w.join(t.Context()); err != nil {
		t.Fatalf("it does not join the next session: %v", err)
	}
	if next.name != c.session {
		t.Errorf("it is in the session %s; want %s", next.name, c.session)
	}
	// What is denied in the session that it is in counts.
	within, cancel := w.denied.within(t.Context())
	defer cancel()
	if _, err := w.nats.Subscribe(subjectOf(c.session, "another", askClock), func(*nats.Msg) {}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-within.Done():
	case <-time.After(10 * time.Second):
	}
	if w.denied.found(w.nats) == nil {
		t.Error("nothing is denied in the next session")
	}
}

// TestNewcomerIsAskedAgain has a newcomer's answer be lost, for longer than a lease lasts:
// it is asked again, and is given something then.
func TestNewcomerIsAskedAgain(t *testing.T) {
	t.Parallel()
	c := sessionOfItsOwn(t, ServerOptions{Listen: "127.0.0.1:0"})
	r := c.newRun()
	r.number, r.of, r.start, r.had = 1, 1, time.Now(), []string{"1 (a)"}
	r.plan = plan.Plan{Concurrency: 1, Requests: 100}
	r.schedule = plan.NewSchedule(&r.plan)
	p := r.newPart(&member{hello: hello{ID: "late"}}, nil)
	p.newcomer = &newcomer{Number: 1}
	r.parts, r.owners = []*part{p}, []*part{p}
	var asked atomic.Int32
	answers(t, c, "late", askStart, func(begin) bool { return asked.Add(1) > 1 })
	ctx, cancel := context.WithCancel(t.Context())
	r.bringIn(ctx, p)
	await(t, "answer that is heard", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return p.newcomer.Began
	})
	cancel()
	r.work.Wait()
}

// TestSpareAfterAResume has a coordinator go on with a session in which one worker has no
// part in the run: it is given the order, and no share before it says that it is ready.
func TestSpareAfterAResume(t *testing.T) {
	t.Parallel()
	c := sessionOfItsOwn(t, ServerOptions{Listen: "127.0.0.1:0"})
	var ids []string
	for range 2 {
		w, err := newWorker(WorkerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.id)
	}
	given := make(chan order, 2)
	var members []*member
	for i, id := range ids {
		members = append(members, &member{index: i, hello: hello{ID: id}, heard: time.Now()})
		answers(t, c, id, askPrepare, func(o order) bool { given <- o; return true })
		answers(t, c, id, askEnd, func(question) bool { return true })
	}
	c.mu.Lock()
	c.members, c.orders = members, 1
	c.mu.Unlock()
	r := c.newRun()
	r.schedule = plan.NewSchedule(&r.plan)
	r.parts = []*part{r.newPart(members[0], []held{{Share: plan.Share{Of: 1}}})}
	c.keep()
	r.keep()
	r.parts[0].cancel()

	c.mu.Lock()
	c.members = nil
	c.mu.Unlock()
	if err := c.reenter(t.Context()); err != nil {
		t.Fatal(err)
	}
	var s runState
	if err := c.get(t.Context(), keyRun, &s); err != nil {
		t.Fatal(err)
	}
	if err := c.Recall([]byte("{}"), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.newRun().takeUp(s.Parts); err != nil {
		t.Fatal(err)
	}
	if m := c.engage(); m != nil {
		t.Errorf("worker %d of 2 is given a share before it says that it is ready", m.index+1)
	}
	select {
	case <-given:
	case <-time.After(10 * time.Second):
		t.Error("the spare is not given the order")
	}
	if err := c.nats.Publish(subjectSaid(c.session, 1), encode(said{Order: 1, State: saidReady})); err != nil {
		t.Fatal(err)
	}
	await(t, "spare that is ready", func() bool {
		m := c.engage()
		return m != nil && m.index == 1
	})
}
