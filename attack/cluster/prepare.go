package cluster

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// Gather waits until all workers are there. Once all were, it does not wait for others in
// place of those that were lost since, unless none is left or a loss is to stop a run.
func (c *Coordinator) Gather(ctx context.Context, tell func(string)) error {
	had := -1
	return c.until(ctx, func() (bool, error) {
		ready, present := 0, c.present()
		for _, m := range c.members {
			if _, _, ok := m.clock.Offset(c.Clock()); ok && !m.gone && !m.leaves {
				ready++
			}
		}
		if ready != had {
			had = ready
			tell(fmt.Sprintf("%d of %d workers are there", ready, c.Workers))
		}
		c.gathered = c.gathered || ready >= c.Workers
		if err := c.denied.found(c.nats); err != nil {
			return false, err
		}
		few := c.gathered && c.Loss != Abort && ready > 0 && ready == present
		return ready >= c.Workers || few, nil
	})
}

// until waits until a condition holds, which is looked at under the lock whenever a
// member has changed.
func (c *Coordinator) until(ctx context.Context, holds func() (bool, error)) error {
	for {
		c.mu.Lock()
		ok, err := holds()
		changed := c.changed
		c.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Prepare has all workers make an order ready: the body is for the workers' Prepare, and
// the files are handed to them. It returns once all are ready, or says which cannot be.
func (c *Coordinator) Prepare(ctx context.Context, body []byte, files []string, tell func(string)) error {
	if err := c.Gather(ctx, tell); err != nil {
		return err
	}
	o := &order{Term: c.term, Body: body}
	for _, path := range files {
		ref, err := refTo(path)
		if err != nil {
			return err
		}
		o.Files = append(o.Files, ref)
	}
	if err := c.hand(ctx, o.Files); err != nil {
		return err
	}
	c.mu.Lock()
	c.orders++
	o.Number, c.order = c.orders, o
	for _, m := range c.members {
		if !m.gone {
			m.state = said{Order: o.Number, State: saidBusy}
		}
	}
	c.mu.Unlock()
	var all errgroup.Group
	all.SetLimit(64)
	for _, m := range c.there() {
		all.Go(func() error { return c.give(ctx, m, o) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	told := ""
	return c.until(ctx, func() (bool, error) { return c.allReady(o.Number, &told, tell) })
}

// hand puts files into the object store.
func (c *Coordinator) hand(ctx context.Context, files []fileRef) error {
	ctx, cancel := c.denied.within(ctx)
	defer cancel()
	return c.denied.or(c.nats, putFiles(ctx, c.files, files))
}

// Recall gives a coordinator that was started again the order that workers have made ready
// for the one before it, so that those that come later can, too: it is stored nowhere. The
// body and the files are those of Prepare.
func (c *Coordinator) Recall(body []byte, files []string) error {
	o := &order{Term: c.term, Body: body}
	for _, path := range files {
		ref, err := refTo(path)
		if err != nil {
			return err
		}
		o.Files = append(o.Files, ref)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o.Number, c.order = c.orders, o
	for _, m := range c.members {
		if !m.gone && m.state.Order != o.Number { // it came before this
			m.state = said{Order: o.Number, State: saidBusy}
			c.work.Go(func() { _ = c.give(context.Background(), m, o) })
		}
	}
	return nil
}

// orderWithin is how long a worker may take to say that it has an order.
const orderWithin = 30 * time.Second

func (c *Coordinator) give(ctx context.Context, m *member, o *order) error {
	ctx, cancel := context.WithTimeout(ctx, orderWithin)
	defer cancel()
	one := *o
	var err error
	if one.Sealed, err = c.seal(o.Body, m.hello.ID); err != nil {
		return fmt.Errorf("%s: %w", m.name(), err)
	}
	var a answer
	if err := ask(ctx, c.nats, subjectOf(c.session, m.hello.ID, askPrepare), &one, &a); err != nil {
		return fmt.Errorf("%s does not answer: %w", m.name(), err)
	}
	return c.accepted(m, &a)
}

// allReady reports whether all workers have made an order ready. c.mu is held.
func (c *Coordinator) allReady(number int, told *string, tell func(string)) (bool, error) {
	busy, text := 0, ""
	for _, m := range c.members {
		switch {
		case m.gone && m.state.Order == number:
			return false, fmt.Errorf("%s was lost while it got ready", m.name())
		case m.gone:
		case m.state.State == saidFailed:
			return false, fmt.Errorf("%s: %s", m.name(), m.state.Text)
		case m.state.State == saidBusy:
			busy++
			if m.state.Text != "" {
				text = m.name() + ": " + m.state.Text
			}
		}
	}
	if text != "" && text != *told {
		*told = text
		tell(text)
	}
	return busy == 0, nil
}

// accepted is what a worker has against what it was asked, nil for nothing.
func (c *Coordinator) accepted(m *member, a *answer) error {
	if a.Replaced {
		c.replacedOnce.Do(func() { close(c.replaced) })
		return ErrReplaced
	}
	if a.Refused != "" {
		return fmt.Errorf("%s: %s", m.name(), a.Refused)
	}
	return nil
}
