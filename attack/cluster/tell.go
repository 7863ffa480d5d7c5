package cluster

import (
	"context"
	"errors"
	"time"

	"brunt/attack"
)

// telling is a change on its way to one worker, which is told it again until it answers,
// is lost, or has nothing more to send. Changes arrive in order.
type telling struct {
	change change
	kept   bool          // it is written down, for a coordinator that is started again
	done   chan struct{} // closed once err is final
	err    error
	give   *held   // of a share to be taken over; nil otherwise
	tried  []*part // who were to take it over before
}

// put adds a change to the outboxes of parts. r.mu is held.
func (r *Run) put(parts []*part, ch change) (list []*telling) {
	for _, p := range parts {
		if p.lost != nil || p.final {
			continue
		}
		p.told++
		ch.Term, ch.Run, ch.Number = r.c.term, r.number, p.told
		t := &telling{change: ch, done: make(chan struct{})}
		p.outbox = append(p.outbox, t)
		list = append(list, t)
	}
	return list
}

// send writes down what is to be told, and has it told.
func (r *Run) send(list []*telling) {
	r.keep()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range list {
		t.kept = true
	}
	for _, p := range r.parts {
		select {
		case p.wake <- struct{}{}:
		default: // it will look
		}
	}
}

// tell has all workers make a change, all at once, without waiting for them.
func (r *Run) tell(ch change) []*telling {
	r.mu.Lock()
	list := r.put(r.parts, ch)
	r.mu.Unlock()
	r.send(list)
	return list
}

// change has all workers make a change, while no other is made. What decide gives is
// made, also by workers that confirm it late: all agree on what is left then.
func (r *Run) change(decide func(from time.Duration) change) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.Lock()
	if r.over || !r.stopped.IsZero() {
		r.mu.Unlock()
		return attack.ErrOver
	}
	list := r.put(r.parts, decide(r.since(r.c.Clock().Add(changeLead))))
	r.version++
	r.mu.Unlock()
	r.send(list)
	return r.confirmed(list)
}

// confirmed waits until all have confirmed a change, for a while, and returns what the
// first of them says against it.
func (r *Run) confirmed(list []*telling) (err error) {
	late := time.After(changeWithin)
	sending := false
	for _, t := range list {
		select {
		case <-t.done:
		case <-late:
			return nil // it is told on, and its loss tells of itself
		}
		sending = sending || !errors.Is(t.err, attack.ErrOver)
		if err == nil && !errors.Is(t.err, attack.ErrOver) {
			err = t.err
		}
	}
	if !sending {
		return attack.ErrOver
	}
	return err
}

// deliver tells a worker its changes, one after the other.
func (r *Run) deliver(ctx context.Context, p *part) {
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	defer r.undelivered(p)
	for {
		r.mu.Lock()
		var t *telling
		if len(p.outbox) > 0 && p.outbox[0].kept {
			t = p.outbox[0]
		}
		r.mu.Unlock()
		if t == nil {
			select {
			case <-p.wake:
				continue
			case <-p.ctx.Done():
				return
			}
		}
		if !r.deliverOne(p, t) {
			return
		}
	}
}

// deliverOne tells one change, until it is answered. It is false once there is nobody to
// be told.
func (r *Run) deliverOne(p *part, t *telling) bool {
	for {
		var a answer
		if err := ask(p.ctx, r.c.nats, subjectOf(r.c.session, p.hello.ID, askChange), &t.change, &a); err != nil {
			return false
		}
		if !a.Early {
			err := r.c.accepted(p.member, &a)
			if a.Over {
				err = attack.ErrOver
			}
			r.answered(p, t, &a, err)
			return !a.Replaced
		}
		select {
		case <-time.After(renewPause):
		case <-p.ctx.Done():
			return false
		}
	}
}

// renewPause is how long a worker that has not begun is left alone.
const renewPause = 200 * time.Millisecond

// answered takes a change out of a worker's outbox. What it does not take over goes to
// another, and what it has yielded to whom it belongs.
func (r *Run) answered(p *part, t *telling, a *answer, err error) {
	r.mu.Lock()
	p.outbox = p.outbox[1:]
	t.err = err
	close(t.done)
	var next []*telling
	switch {
	case errors.Is(err, ErrReplaced):
	case t.change.What == changeTake && err != nil:
		next = r.refused(p, t)
	case t.change.What == changeTake:
		r.took(p, t.give)
	case t.change.What == changeYield:
		if a.Yielded != nil { // else it sends no more, or not that share
			next = r.yielded(p, a.Yielded)
		}
	case err != nil && !errors.Is(err, attack.ErrOver):
		r.notes = append(r.notes, "a change of the load was not made by all: "+err.Error())
	}
	r.mu.Unlock()
	if next != nil {
		r.send(next)
	}
}

// undelivered ends what could not be told any more.
func (r *Run) undelivered(p *part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range p.outbox {
		t.err = attack.ErrOver
		close(t.done)
		if t.give != nil && p.lost == nil { // it has ended: a lost one's are handed on with its own
			r.nobodySends(*t.give)
			p.drop(t.give)
		}
	}
	p.outbox = nil
}

// drop takes a share away that the part was to have.
func (p *part) drop(h *held) {
	for i := range p.shares {
		if s := &p.shares[i]; s.Share == h.Share && s.From == h.From && s.Request == h.Request && !s.Ended {
			p.shares = append(p.shares[:i:i], p.shares[i+1:]...)
			return
		}
	}
}
