package cluster

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"brunt/attack"
	"brunt/attack/plan"
	"brunt/attack/spell"
)

// maxPieces is into how many pieces a share falls at the most that is handed on: each
// costs its holder a little, and a share may be handed on again.
const maxPieces = 16

// takers are the workers that can take a share over. r.mu is held.
func (r *Run) takers() (list []*part) {
	for _, o := range r.parts {
		if o.takes() {
			list = append(list, o)
		}
	}
	return list
}

// handOn gives what is left of a worker's shares to others: tickets from an instant since
// the measured start on, or requests beyond so many of a closed loop's. r.mu is held.
func (r *Run) handOn(p *part, from time.Duration, taken uint64) (list []*telling) {
	r.vacate(p)
	rest := r.restOf(p, from, taken)
	if r.plan.Open() {
		rest = r.whole(rest)
	}
	for _, h := range rest {
		list = append(list, r.give(h, r.takersOf(h.Share))...)
	}
	return list
}

// restOf is what is left of a worker's shares, as handOn says. r.mu is held.
func (r *Run) restOf(p *part, from time.Duration, taken uint64) (rest []held) {
	for _, h := range p.shares {
		left, used := r.leftOf(h, from, taken)
		taken -= used
		if left != nil {
			rest = append(rest, *left)
		}
	}
	return rest
}

// leftOf is what is left of a share, nil for nothing, and how many of the requests taken
// were its own. r.mu is held.
func (r *Run) leftOf(h held, from time.Duration, taken uint64) (left *held, used uint64) {
	if r.plan.Open() {
		h.From = max(h.From, from+r.schedule.Warmup)
		last, ends := r.schedule.LastInstant()
		if ends && h.From > last || h.Until > 0 && h.From >= h.Until {
			return nil, 0
		}
	} else if r.plan.Requests > 0 {
		size := r.sizeOf(h)
		if used = min(taken, size); used == size || h.Ended { // what it has yielded is another's
			return nil, used
		}
		n := r.narrowed(h.Share)
		h.Request = n.Number(n.Part(h.Request) + used)
	} else if h.Ended {
		return nil, 0
	}
	h.Yields, h.Ended, h.End = false, false, 0
	return &h, used
}

// narrowed is a share of request numbers as workers count it.
func (r *Run) narrowed(s plan.Share) plan.Share {
	return s.Narrowed(r.of, uint64(max(1, r.plan.Concurrency)))
}

// sizeOf is how many requests of a closed loop a share has, those included that its
// holder has yielded: it counts them, too.
func (r *Run) sizeOf(h held) uint64 {
	if h.Part(uint64(max(1, r.plan.Concurrency))) == 0 {
		return 0
	}
	n := r.narrowed(h.Share)
	return n.Part(r.plan.Requests) - min(n.Part(h.Request), n.Part(r.plan.Requests))
}

// give splits a share among workers. r.mu is held.
func (r *Run) give(h held, to []*part) []*telling {
	parts := min(len(to), maxPieces)
	if !r.plan.Open() {
		parts = min(parts, max(1, int(h.Part(uint64(r.plan.Concurrency)))))
	}
	if parts == 0 {
		r.nobodySends(h)
		return nil
	}
	if parts < len(to) { // not always the same ones
		slices.SortStableFunc(to, func(a, b *part) int { return len(a.shares) - len(b.shares) })
	}
	var list []*telling
	for i, o := range to[:parts] {
		piece := h
		piece.Share = h.Split(uint64(i), uint64(parts))
		list = append(list, r.giveTo(o, piece, nil)...)
	}
	return list
}

// giveTo has a worker take a share over, which others have not. r.mu is held.
func (r *Run) giveTo(o *part, h held, tried []*part) []*telling {
	list := r.put([]*part{o}, change{What: changeTake, From: h.From - r.schedule.Warmup, Until: h.Until, Share: h.Share, Request: h.Request})
	for _, t := range list {
		t.give, t.tried = &h, tried
		o.shares = append(o.shares, h)
	}
	return list
}

// nobodySends notes a share, or a part of it, that is in nobody's hands: with the worker
// that had it first. r.mu is held.
func (r *Run) nobodySends(h held) {
	first := r.parts[r.origin(h.Share)]
	first.nobodys = append(first.nobodys, h)
}

// sendOwed sends what has become necessary as messages were read.
func (r *Run) sendOwed() {
	r.mu.Lock()
	list := r.owed
	r.owed = nil
	r.mu.Unlock()
	if list != nil {
		r.send(list)
	}
}

// refused gives a share that a worker did not take over to another one. r.mu is held.
func (r *Run) refused(p *part, t *telling) []*telling {
	p.drop(t.give)
	if !errors.Is(t.err, attack.ErrOver) {
		r.notes = append(r.notes, fmt.Sprintf("%s did not take over what %s was to send: %v", p.name(), r.had[r.origin(t.give.Share)], t.err))
	}
	tried := append(slices.Clone(t.tried), p)
	for _, o := range append(r.takersOf(t.give.Share), r.takers()...) {
		if !slices.Contains(tried, o) {
			return r.giveTo(o, *t.give, tried)
		}
	}
	r.nobodySends(*t.give)
	return nil
}

// replaceLeft hands on what workers leave that were told to end by whoever runs them.
func (r *Run) replaceLeft() {
	var lines []string
	var list []*telling
	r.mu.Lock()
	for _, p := range r.parts {
		if p.left == nil || p.handedOn || p.lost != nil {
			continue
		}
		p.handedOn = true
		r.c.leave(p.member)
		if !r.stopped.IsZero() {
			continue
		}
		text := fmt.Sprintf("%s was ended from outside, %s into the run", p.name(), spell.Span(max(0, p.left.From)))
		if r.c.Loss == Redistribute {
			list = append(list, r.handOn(p, p.left.From, p.left.Taken)...)
		} else {
			p.nobodys = append(p.nobodys, r.restOf(p, p.left.From, p.left.Taken)...)
			text += ", and nobody sends the rest of its share"
		}
		r.vacate(p)
		r.aborted = r.aborted || r.c.Loss == Abort || len(r.takers()) == 0
		r.notes = append(r.notes, text)
		lines = append(lines, text)
		r.version++
	}
	stop := r.aborted && r.stopped.IsZero()
	r.mu.Unlock()
	if lines == nil {
		return
	}
	for _, line := range lines {
		r.c.Tell(line)
	}
	r.send(list)
	if stop {
		r.Stop(plan.Drain)
	}
}
