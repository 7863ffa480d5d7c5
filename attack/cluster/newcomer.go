package cluster

import (
	"context"
	"slices"
	"time"

	"brunt/attack/plan"
)

// newcomer is what makes a part one that came while its run was under way, in place of a
// worker that was lost or has left.
type newcomer struct {
	Number uint64        // of the run's newcomers, from 1 on
	At     time.Duration // since the measured start: when it came, then when it took over
	Share  int           // that it takes over, as they were numbered at the start
	Of     string        // the label of the worker that had it
	Began  bool          // it has been told what others are to yield
	Took   bool          // it has taken over something
	Ended  bool          // it was told to end, for nothing is left for it
}

// origin is the number of the share that was given out at the start of which this is all
// or a part.
func (r *Run) origin(s plan.Share) int { return int(s.Index % r.of) }

// vacate notes that nobody holds a worker's shares for good any more. r.mu is held.
func (r *Run) vacate(p *part) {
	for i, o := range r.owners {
		if o == p {
			r.owners[i] = nil
		}
	}
}

// fill gives shares that no worker has for good to workers that are ready and have none.
func (r *Run) fill(ctx context.Context) {
	if r.c.Loss != Redistribute {
		return
	}
	var come []*part
	r.mu.Lock()
	for i, o := range r.owners {
		if o != nil || !r.stopped.IsZero() || !r.worthTaking(i) {
			continue
		}
		m := r.c.engage()
		if m == nil {
			break
		}
		p := r.newPart(m, nil)
		r.newcomers++
		p.newcomer = &newcomer{Number: r.newcomers, At: r.since(r.c.Clock()), Share: i, Of: r.had[i]}
		p.slot = r.joined.Add(p.label())
		r.parts = append(r.parts, p)
		r.owners[i], r.had[i] = p, p.label()
		// What the others were told so far.
		for _, ch := range r.changes {
			r.put([]*part{p}, change{What: changeRate, From: ch.At, Freq: ch.Rate.Freq, Per: ch.Rate.Per, Concurrency: ch.Concurrency})
		}
		if r.length != nil {
			r.put([]*part{p}, change{What: changeLength, Length: *r.length})
		}
		come = append(come, p)
		r.version++
	}
	end := r.endIdle()
	r.mu.Unlock()
	if end != nil {
		r.send(end)
	}
	if come == nil {
		return
	}
	r.c.keep()
	for _, p := range come {
		r.bringIn(ctx, p)
	}
	r.send(nil)
}

// worthTaking reports whether something is left of a share that one can take over. r.mu
// is held.
func (r *Run) worthTaking(i int) bool {
	if !r.plan.Open() {
		whole := plan.Share{Index: uint64(i), Of: r.of}
		if whole.Part(uint64(r.plan.Concurrency)) == 0 {
			return false
		}
	}
	p := r.lasting()
	length := p.Duration
	if last, ok := r.schedule.LastInstant(); ok && r.plan.Open() && (length == 0 || last-r.schedule.Warmup < length) {
		length = last - r.schedule.Warmup
	}
	return length == 0 || r.since(r.c.Clock())+changeLead < length
}

// engage takes a worker that is ready and in no run; nil where there is none.
func (c *Coordinator) engage() *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		if m.free(c.orders) {
			m.busy = true
			return m
		}
	}
	return nil
}

// free reports whether the worker has made the order ready and is in no run. The
// coordinator's lock is held.
func (m *member) free(order int) bool {
	return !m.gone && !m.leaves && !m.busy && m.state.Order == order && m.state.State == saidReady
}

// bringIn has a newcomer begin, and then the others yield what they hold of its share.
func (r *Run) bringIn(ctx context.Context, p *part) {
	r.work.Go(func() { r.deliver(ctx, p) })
	r.work.Go(func() {
		// It may have begun, and its answer be lost: it is asked until it answers, or is lost.
		if err := r.beginLate(p.ctx, p); err != nil {
			r.note(err.Error())
			return // it renews no lease, and is lost
		}
		r.mu.Lock()
		if p.lost != nil || !p.began || !r.stopped.IsZero() {
			r.mu.Unlock()
			return
		}
		p.newcomer.Began = true
		list := r.yieldTo(p)
		r.mu.Unlock()
		r.send(list)
	})
}

// beginLate tells a newcomer what run it is to join.
func (r *Run) beginLate(ctx context.Context, p *part) error {
	r.mu.Lock()
	travels := r.plan
	travels.Joined = p.newcomer.Number
	if r.settled {
		travels.Warmup, travels.WarmupUntilSettled = r.schedule.Warmup, false
	}
	share := plan.Share{Index: uint64(p.newcomer.Share), Of: r.of}
	r.mu.Unlock()
	body, err := travelling(&travels)
	if err != nil {
		return err
	}
	r.c.mu.Lock()
	order := r.c.orders
	r.c.mu.Unlock()
	return r.begin(ctx, p, r.beginOf(p, order, body, share))
}

// yieldTo has all that hold a part of a newcomer's share yield it. r.mu is held.
func (r *Run) yieldTo(p *part) (list []*telling) {
	at := r.c.Clock().Add(changeLead).Sub(r.start)
	for _, o := range r.parts {
		for i := range o.shares {
			h := &o.shares[i]
			if o == p || h.Yields || r.origin(h.Share) != p.newcomer.Share || o.lost != nil || o.final {
				continue
			}
			h.Yields = true
			list = append(list, r.put([]*part{o}, change{What: changeYield, From: at, Share: h.Share})...)
		}
	}
	return list
}

// yielded notes where a worker has ended to send a share, and gives the rest to whom it
// belongs. What is known already changes nothing. r.mu is held.
func (r *Run) yielded(p *part, y *yielded) []*telling {
	if p.lost != nil || y.Number <= p.yields {
		return nil // a lost one counts as sending until it was lost
	}
	p.yields = y.Number
	for i := range p.shares {
		h := &p.shares[i]
		if h.Share != y.Share || h.Ended || h.Until > 0 {
			continue
		}
		h.Yields, h.Ended, h.Until, h.End = true, true, y.Until, y.Request
		rest := held{Share: h.Share, From: y.Until, Request: y.Request}
		if !r.plan.Open() && r.plan.Requests > 0 && r.sizeOf(rest) == 0 {
			return nil
		}
		return r.give(rest, r.takersOf(rest.Share))
	}
	return nil
}

// takersOf are the workers that can take over a part of a share: the one it belongs to,
// if it has begun, else all. r.mu is held.
func (r *Run) takersOf(s plan.Share) []*part {
	if o := r.owners[r.origin(s)]; o != nil && o.takes() {
		return []*part{o}
	}
	return r.takers()
}

// takes reports whether the worker can take a share over. The run's lock is held.
func (p *part) takes() bool {
	return p.lost == nil && !p.final && p.left == nil && p.began
}

// endIdle tells newcomers to end for which nothing is left: those of closed loops would
// wait for it for ever. r.mu is held.
func (r *Run) endIdle() (list []*telling) {
	if r.plan.Open() || r.plan.Requests == 0 {
		return nil
	}
	for _, p := range r.parts {
		n := p.newcomer
		if n == nil || !n.Began || n.Ended || len(p.shares) > 0 || !p.takes() {
			continue
		}
		waits := slices.ContainsFunc(r.parts, func(o *part) bool {
			return o.lost == nil && !o.final && slices.ContainsFunc(o.shares, func(h held) bool { return !h.Ended && r.origin(h.Share) == n.Share })
		})
		if !waits {
			n.Ended = true
			list = append(list, r.put([]*part{p}, change{What: changeStop, How: plan.Drain})...)
		}
	}
	return list
}

// took notes that a newcomer has taken over something. r.mu is held.
func (r *Run) took(p *part, h *held) {
	n := p.newcomer
	if n == nil || n.Took {
		return
	}
	n.Took = true
	if n.At = r.since(r.c.Clock()); r.plan.Open() {
		n.At = max(0, h.From-r.schedule.Warmup)
	}
	r.version++
	r.tellTaken(p)
}

// tellTaken has the result say of a newcomer what it took over. r.mu is held.
func (r *Run) tellTaken(p *part) {
	if n := p.newcomer; n != nil && n.Took {
		r.joined.Joined(p.slot, n.At, n.Of)
	} else if n != nil {
		r.joined.Joined(p.slot, n.At, "")
	}
}

// whole puts pieces together that are the rest of one share from one instant on, so that
// a share that is handed on again and again does not fall into ever more pieces.
func (r *Run) whole(list []held) []held {
	type group struct {
		origin int
		from   time.Duration
	}
	parts := map[group]float64{}
	of := func(h *held) group { return group{r.origin(h.Share), h.From} }
	for i := range list {
		if h := &list[i]; h.Until == 0 {
			parts[of(h)] += float64(r.of) / float64(h.Of)
		}
	}
	out := list[:0:0]
	for i := range list {
		h := list[i]
		if n := parts[of(&h)]; h.Until == 0 && n > 1-1e-9 {
			if n > 1+1e-9 {
				continue // put together before
			}
			parts[of(&h)] = 2
			h.Share = plan.Share{Index: uint64(r.origin(h.Share)), Of: r.of}
		}
		out = append(out, h)
	}
	return out
}
