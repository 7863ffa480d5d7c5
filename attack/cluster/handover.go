package cluster

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"brunt/attack"
	"brunt/attack/plan"
)

// takers are the workers that can take a share over. r.mu is held.
func (r *Run) takers() (list []*part) {
	for _, o := range r.parts {
		if o.lost == nil && !o.final && o.left == nil && o.began {
			list = append(list, o)
		}
	}
	return list
}

// handOn gives what is left of a worker's shares to others: tickets from an instant since
// the measured start on, or requests beyond so many of a closed loop's. r.mu is held.
func (r *Run) handOn(p *part, from time.Duration, taken uint64) (list []*telling) {
	for _, h := range p.shares {
		if r.plan.Open() {
			h.From = max(h.From, from+r.schedule.Warmup)
			if last, ok := r.schedule.LastInstant(); ok && h.From > last {
				continue
			}
		} else if r.plan.Requests > 0 {
			size := r.sizeOf(h)
			used := min(taken, size)
			taken -= used
			if used == size {
				continue
			}
			n := r.narrowed(h.Share)
			h.Request = n.Number(n.Part(h.Request) + used)
		}
		list = append(list, r.give(p, h, r.takers())...)
	}
	return list
}

// narrowed is a share of request numbers as workers count it.
func (r *Run) narrowed(s plan.Share) plan.Share {
	return s.Narrowed(uint64(len(r.parts)), uint64(max(1, r.plan.Concurrency)))
}

// sizeOf is how many requests of a closed loop a share has.
func (r *Run) sizeOf(h held) uint64 {
	if h.Part(uint64(max(1, r.plan.Concurrency))) == 0 {
		return 0
	}
	n := r.narrowed(h.Share)
	return n.Part(r.plan.Requests) - min(n.Part(h.Request), n.Part(r.plan.Requests))
}

// give splits a share that was a worker's among others. r.mu is held.
func (r *Run) give(p *part, h held, to []*part) (list []*telling) {
	parts := len(to)
	if !r.plan.Open() {
		parts = min(parts, max(1, int(h.Part(uint64(r.plan.Concurrency)))))
	}
	if parts == 0 {
		p.nobodys = append(p.nobodys, h)
		return nil
	}
	for i, o := range to[:parts] {
		piece := h
		piece.Share = h.Split(uint64(i), uint64(parts))
		told := r.put([]*part{o}, change{What: changeTake, From: h.From - r.schedule.Warmup, Share: piece.Share, Request: h.Request})
		for _, t := range told {
			t.give, t.of = &piece, p
			o.shares = append(o.shares, piece)
		}
		list = append(list, told...)
	}
	return list
}

// refused gives a share that a worker did not take over to another one. r.mu is held.
func (r *Run) refused(p *part, t *telling) []*telling {
	p.drop(t.give)
	var rest []*part
	if !errors.Is(t.err, attack.ErrOver) {
		r.notes = append(r.notes, fmt.Sprintf("%s did not take over what %s was to send: %v", p.name(), t.of.label(), t.err))
	}
	for _, o := range r.takers() {
		if o.index > p.index {
			rest = append(rest, o)
		}
	}
	return r.give(t.of, *t.give, rest[:min(1, len(rest))])
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
		if !r.stopped.IsZero() {
			continue
		}
		text := fmt.Sprintf("%s was ended from outside, %s into the run", p.name(), max(0, p.left.From).Round(time.Second))
		if r.c.Loss == Redistribute {
			list = append(list, r.handOn(p, p.left.From, p.left.Taken)...)
		} else {
			p.nobodys = slices.Clone(p.shares)
		}
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
