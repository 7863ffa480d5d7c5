package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"brunt/attack/cluster/clocks"
	"brunt/attack/spell"
)

// offer answers a worker that looks for a coordinator.
func (c *Coordinator) offer(h hello) offer {
	o := offer{Session: c.session}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case h.Version != c.Version:
		o.Refused = fmt.Sprintf("the coordinator is brunt %s, this worker %s: use one version for both", c.Version, h.Version)
		c.Tell(fmt.Sprintf("%s is not taken: it is brunt %s, this is %s", h.Name, h.Version, c.Version))
	case c.memberOf(h.ID) != nil: // the answer that it was taken was lost
	case c.present() >= c.Workers:
		o.Refused = fmt.Sprintf("the coordinator has its %d workers: this one waits, to take over from one that is lost", c.Workers)
	}
	return o
}

// present is the number of workers that are not lost, and do not leave. c.mu is held.
func (c *Coordinator) present() (n int) {
	for _, m := range c.members {
		if !m.gone && !m.leaves {
			n++
		}
	}
	return n
}

// enter takes a worker in, once.
func (c *Coordinator) enter(h hello) place {
	if refused := c.offer(h).Refused; refused != "" {
		return place{Refused: refused}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.memberOf(h.ID); m != nil {
		if m.hello.Life >= h.Life {
			return place{Index: m.index}
		}
		m.gone = !m.busy // it had left, and comes again
	}
	if c.present() >= c.Workers {
		return place{Refused: "another one was faster"}
	}
	m := &member{index: len(c.members), hello: h, heard: time.Now()}
	c.members = append(c.members, m)
	c.notify()
	c.work.Go(func() { c.meet(m) })
	return place{Index: m.index}
}

// memberOf is the worker with the id that is not lost; nil where there is none. c.mu is
// held.
func (c *Coordinator) memberOf(id string) *member {
	for _, m := range c.members {
		if m.hello.ID == id && !m.gone {
			return m
		}
	}
	return nil
}

// leave notes that a worker is to end, by whoever runs it: another one may come in its
// place.
func (c *Coordinator) leave(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.leaves = true
}

// notify wakes whoever waits for a member. c.mu is held.
func (c *Coordinator) notify() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// hear takes what a worker says of its order.
func (c *Coordinator) hear(m *nats.Msg) {
	var s said
	var index int
	if _, err := fmt.Sscanf(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:], "%d", &index); err != nil || decode(m.Data, &s) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if index >= 0 && index < len(c.members) {
		c.members[index].hear(&s, c.orders)
		c.notify()
	}
}

// hear notes how far the worker says that it is with an order. What it says first and
// what it says last may come in any order. The coordinator's lock is held.
func (m *member) hear(s *said, order int) {
	m.heard = time.Now()
	if s.Order == order && (m.state.Order != s.Order || m.state.State == saidBusy) {
		m.state = *s
	}
}

// meet asks a new worker for its clock a few times, and has it prepare what the others
// have prepared.
func (c *Coordinator) meet(m *member) {
	ctx, cancel := context.WithTimeout(context.Background(), firstClocks*clockEvery)
	defer cancel()
	for got := 0; got < firstClocks && ctx.Err() == nil && !isClosed(c.quit); {
		one, cancel := context.WithTimeout(ctx, clockEvery)
		if c.readClock(one, m) {
			got++
		} else {
			c.pause(one) // it may not listen yet
		}
		cancel()
	}
	c.mu.Lock()
	o := c.order
	late := o != nil && m.state.Order != o.Number
	if late {
		m.state = said{Order: o.Number, State: saidBusy}
	}
	c.mu.Unlock()
	if late {
		_ = c.give(context.Background(), m, o) // it has no part in a run until it is ready
	}
	c.keep()
}

// askAgainAfter is how long after a clock could not be read it is asked for again, where it
// is waited for.
const askAgainAfter = 20 * time.Millisecond

// pause waits for askAgainAfter, or until the context or the coordinator ends.
func (c *Coordinator) pause(ctx context.Context) {
	select {
	case <-time.After(askAgainAfter):
	case <-ctx.Done():
	case <-c.quit:
	}
}

// readClock asks once for a worker's clock, and reports whether it was told.
func (c *Coordinator) readClock(ctx context.Context, m *member) bool {
	sent := c.Clock()
	reply, err := c.nats.RequestWithContext(ctx, subjectOf(c.session, m.hello.ID, askClock), encode(question{c.term}))
	back := c.Clock()
	var at moment
	if err != nil || decode(reply.Data, &at) != nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m.clock.Add(clocks.Sample{Sent: sent, Received: time.Unix(0, at.Came), Answered: time.Unix(0, at.Went), Back: back})
	m.hear(&at.Said, c.orders)
	m.done = max(m.done, at.Done)
	c.notify()
	return true
}

// watchClocks asks for all clocks again and again.
func (c *Coordinator) watchClocks() {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-c.quit:
			return
		}
		c.stay()
		if isClosed(c.replaced) {
			return
		}
		var all errgroup.Group
		all.SetLimit(64)
		for _, m := range c.there() {
			all.Go(func() error {
				ctx, cancel := context.WithTimeout(context.Background(), clockEvery/2)
				defer cancel()
				c.readClock(ctx, m)
				return nil
			})
		}
		_ = all.Wait() // none fails
		c.dropIdle()
	}
}

// dropIdle gives up workers without a run that have not been heard of for long.
func (c *Coordinator) dropIdle() {
	var lines []string
	c.mu.Lock()
	for _, m := range c.members {
		if silent := time.Since(later(m.heard, c.cut)); !m.gone && !m.busy && silent > orphanAfter {
			m.gone = true
			lines = append(lines, m.name()+" is lost: it has not been heard of for "+spell.Span(silent))
			c.notify()
		}
	}
	c.mu.Unlock()
	for _, line := range lines {
		c.Tell(line)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// there are the workers that are not lost.
func (c *Coordinator) there() (list []*member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if !m.gone {
			list = append(list, m)
		}
	}
	return list
}
