package cluster

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"brunt/attack/plan"
	"brunt/attack/spell"
)

const (
	// revokeWithin is how long taking a lease away may take.
	revokeWithin = 2 * time.Second
	// giveUpAfter is how long after the end of all waiting workers are given up that
	// nobody can ask for, since no server answers.
	giveUpAfter = 3 * time.Second
	// cutFor is how long no server may answer before a run is given up whose end is not
	// known.
	cutFor = 2 * time.Minute
	// rebuildPatience is for how long none may come of a run's messages that are read
	// again: how many there are depends on the run.
	rebuildPatience = 5 * time.Second
)

// leased reports whether workers need a lease to send: where what becomes of one that is
// not heard of matters to the others.
func (r *Run) leased() bool { return r.c.Loss != Continue }

// watch looks for workers that are lost, and for the run's end.
func (r *Run) watch(ctx context.Context) {
	defer r.cancel()
	tick := time.NewTicker(r.c.lease / 24)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-r.c.replaced:
			r.note("another coordinator went on with this run: these figures end before its end")
			return
		case <-r.c.quit:
			r.note("the coordinator was closed before the run's end: these figures end there")
			return
		case <-ctx.Done():
			return
		}
		if !r.c.nats.IsConnected() {
			r.c.unanswered()
		}
		for _, s := range r.silent() {
			if r.cannot = r.lose(s.part, s.revision); r.cannot != nil {
				r.c.unanswered() // and neither could the workers renew theirs
				break            // it would be the same with the next one
			}
		}
		r.replaceLeft()
		r.sendOwed()
		r.fill(ctx)
		r.settle()
		if r.hopeless() {
			r.giveUp()
		}
		if r.allIn() {
			return
		}
	}
}

// unanswered notes that NATS does not answer: what cannot be heard is not lost.
func (c *Coordinator) unanswered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = time.Now()
}

// silent is a worker that is to be given up, unless it has renewed its lease since the
// revision that this was found by.
type silent struct {
	*part
	revision uint64
}

// silent are the workers whose lease has run out, or that should have reported by now.
func (r *Run) silent() (list []silent) {
	r.c.mu.Lock()
	cut := r.c.cut
	r.c.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	sent, end, bounded := r.latestEnd()
	for _, p := range r.parts {
		if p.final || p.lost != nil {
			continue
		}
		heard, done := r.heardOf(p)
		if done && p.doneAt.IsZero() {
			p.doneAt = now
		}
		switch {
		case bounded && now.After(end),
			r.leased() && now.Sub(later(p.renewed, cut)) > r.c.lease,
			!p.doneAt.IsZero() && now.Sub(later(p.doneAt, cut)) > lastReportWithin,
			// Without a lease it is waited for until all is sent; without an end of that, as
			// long as others are.
			!r.leased() && now.Sub(later(heard, cut)) > r.c.lease+lastReportWithin && (bounded && now.After(sent) || !bounded && r.othersIn(p)):
			list = append(list, silent{p, p.revision})
		}
	}
	return list
}

// heardOf is when a worker was last heard of, and whether it has said that its run has
// ended.
func (r *Run) heardOf(p *part) (at time.Time, done bool) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	return p.heard, p.done >= r.number
}

// othersIn reports whether all other workers have handed in their last snapshot, or are
// not heard of either. r.mu is held.
func (r *Run) othersIn(p *part) bool {
	for _, o := range r.parts {
		if heard, _ := r.heardOf(o); o != p && !o.final && o.lost == nil && time.Since(heard) < r.c.lease {
			return false
		}
	}
	return true
}

// latestEnd is when all workers have sent what they are to send, and when they have
// reported it, unless they are lost; false where only the replies tell. r.mu is held.
func (r *Run) latestEnd() (sent, reported time.Time, bounded bool) {
	after := r.plan.Timeout
	if r.plan.Stream != plan.StreamOff {
		after = max(after, r.plan.StreamTimeout)
	}
	if r.plan.AtEnd == plan.Cut {
		after = 0
	}
	after += lastReportWithin
	if !r.stopped.IsZero() {
		return r.stopped, r.stopped.Add(after), true
	}
	p := r.lasting()
	length := p.Duration
	if p.Open() && p.Requests > 0 {
		if last, ok := r.schedule.LastInstant(); ok && (length == 0 || last < length) {
			length = last
		}
	}
	if length == 0 {
		return time.Time{}, time.Time{}, false
	}
	sent = time.Now().Add(r.start.Sub(r.c.Clock())).Add(r.schedule.Warmup + length)
	return sent, sent.Add(after), true
}

// hopeless reports whether nothing more can be learnt of the workers.
func (r *Run) hopeless() bool {
	r.c.mu.Lock()
	reached := r.c.reached
	r.c.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, end, bounded := r.latestEnd(); bounded {
		return time.Since(end) > giveUpAfter
	}
	return time.Since(reached) > cutFor
}

// giveUp counts all workers as lost that have not handed in their last snapshot.
func (r *Run) giveUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alone = true
	why := "no NATS server could be reached to hear of it"
	if r.cannot != nil && r.c.nats.IsConnected() {
		why = "it was not heard of, and its lease could not be taken away: " + r.cannot.Error()
	}
	for _, p := range r.parts {
		if !p.final && p.lost == nil {
			r.count(p, why, r.c.Clock())
		}
	}
}

// count counts a worker as lost, whose shares are others' from an instant on. r.mu is
// held.
func (r *Run) count(p *part, why string, at time.Time) {
	p.lost = &loss{why: why, since: p.reported, at: at, number: p.number, allowed: p.allowed}
	if !r.leased() {
		p.lost.allowed = math.MaxUint64 // nothing has held it back
	}
	if p.left != nil { // it has said how far it goes
		p.lost.left = true
		if left := r.start.Add(r.schedule.Warmup + p.left.From); left.Before(at) {
			p.lost.at = left
		}
		p.lost.allowed = min(p.lost.allowed, p.left.Taken)
	}
	p.cancel()
	r.joined.Lose(p.slot, r.lostOf(p))
	r.version++
	r.c.mu.Lock()
	p.gone = true
	r.c.mu.Unlock()
}

// whyLost is why a worker is taken for lost. r.mu is held.
func (r *Run) whyLost(p *part) string {
	heard, _ := r.heardOf(p)
	switch {
	case p.unreadable:
		return "what it has handed in cannot be read"
	case !p.began:
		return "it did not begin"
	case !p.doneAt.IsZero():
		return "it has ended, and its last figures have not arrived"
	case r.leased():
		heard = p.renewed
	}
	return "it has not been heard of for " + spell.Span(time.Since(heard))
}

// lose gives a worker up, if it has not renewed its lease since the revision, and hands on
// what is left of its share. An error says that no server has answered.
func (r *Run) lose(p *part, revision uint64) error {
	at := r.c.Clock().Add(changeLead)
	r.mu.Lock()
	from := r.since(at)
	r.mu.Unlock()
	if r.leased() {
		since, revoked, err := r.revoke(p, revision, from)
		if err != nil || !revoked {
			return err
		}
		at, from = at.Add(since-from), since
	}
	r.mu.Lock()
	why := r.whyLost(p)
	r.count(p, why, at)
	running := r.stopped.IsZero()
	var list []*telling
	if r.c.Loss == Redistribute && running && !p.handedOn {
		p.handedOn = true
		if p.left != nil {
			from = p.left.From
		}
		list = r.handOn(p, from, p.lost.allowed)
	}
	if r.c.Loss == Abort && running {
		r.aborted = true
	}
	r.vacate(p)
	r.allLost = !slices.ContainsFunc(r.parts, func(o *part) bool { return o.lost == nil })
	r.mu.Unlock()
	r.c.Tell(p.name() + " is lost: " + why)
	r.send(list)
	r.c.keep()
	if r.c.Loss == Abort && running {
		r.Stop(plan.Drain)
	}
	return nil
}

// revoke takes a worker's lease away as of an instant since the measured start, unless it
// was renewed since the revision. The instant is an earlier one where it was taken away before, by
// a coordinator that has ended since, or in an attempt whose answer was lost.
func (r *Run) revoke(p *part, revision uint64, from time.Duration) (since time.Duration, revoked bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), revokeWithin)
	defer cancel()
	key := leaseKey(r.number, p.index)
	_, err = r.c.leases.Update(ctx, key, fmt.Appendf(nil, revokedFrom, int64(from)), revision)
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return from, err == nil, err
	}
	entry, err := r.c.leases.Get(ctx, key)
	if err != nil {
		return 0, false, err
	}
	var before *revokedError
	if errors.As(revokedIn(entry), &before) {
		return before.from, true, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.hold(entry) // it lives
	return 0, false, nil
}

// allIn reports whether all workers have handed in their last snapshot, or are lost.
func (r *Run) allIn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.parts {
		if !p.final && p.lost == nil || p.left != nil && !p.handedOn && p.lost == nil {
			return false
		}
	}
	return true
}

// settle ends the warm-up of all workers once each has settled.
func (r *Run) settle() {
	if !r.plan.WarmupUntilSettled {
		return
	}
	r.mu.Lock()
	all := !r.settled
	for _, p := range r.parts {
		if p.lost == nil && !p.settled && p.newcomer == nil {
			all = false
		}
	}
	from := r.c.Clock().Add(changeLead).Sub(r.start)
	var list []*telling
	if all = all && from < r.plan.Warmup; all {
		r.settled = true
		r.schedule = r.schedule.Settled(from)
		list = r.put(r.parts, change{What: changeSettle, From: from})
	}
	r.mu.Unlock()
	if all {
		r.send(list)
	}
}

func (r *Run) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, text)
	r.version++
}

// finish ends the run once all is in.
func (r *Run) finish() {
	r.work.Wait()
	r.mu.Lock()
	lost := slices.ContainsFunc(r.parts, func(p *part) bool { return p.lost != nil && p.more || len(p.nobodys) > 0 })
	r.mu.Unlock()
	if lost && !r.alone && !isClosed(r.c.replaced) {
		if err := r.rebuild(rebuildPatience); err != nil {
			r.note("what a worker reported after it was lost could not be read: " + err.Error())
		}
	}
	r.release()
	r.mu.Lock()
	r.over = true
	r.version++
	r.mu.Unlock()
	r.endOne.Do(func() { close(r.ending) })
	close(r.done)
}
