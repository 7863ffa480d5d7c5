package cluster

import (
	"fmt"
	"slices"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// takeMessage adds what a worker has handed in. r.mu is held.
func (r *Run) takeMessage(p *part, in *handedIn) error {
	m := in.message
	if in.unreadable != nil {
		return in.unreadable
	}
	if err := r.joined.Take(p.slot, r.place(p, m.Snapshot), m); err != nil {
		return err
	}
	p.planned, p.reported = m.Snapshot.Counts.Planned, m.Snapshot.PlanElapsed+p.at
	return nil
}

// place finds how much later than the run a worker's measured part began, as far as the
// clocks tell then: where one of them is set later, nothing moves. r.mu is held.
func (r *Run) place(p *part, s *result.Snapshot) time.Duration {
	if p.placed || s.Started.IsZero() {
		return p.at
	}
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	offset, _, known := p.clock.Offset(r.c.Clock())
	if !known {
		return 0
	}
	p.at, p.placed = s.Started.Sub(r.start.Add(r.schedule.Warmup))-offset, true
	return p.at
}

// Snapshot is everything known of the run now: what its workers measured, added up.
// Nobody may write to it.
func (r *Run) Snapshot() *result.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cached != nil && r.cachedOf == r.version {
		return r.cached
	}
	r.tellClocks()
	s := r.joined.Live()
	if r.over {
		s = r.joined.Snapshot()
	}
	s.ID, s.Changes, s.Length = r.id, r.changes, r.length
	s.Started = r.start.Add(r.schedule.Warmup)
	s.State = r.state(s.State)
	// A worker's loss stops the run without anyone having wanted its end.
	s.Interrupted = !r.stopped.IsZero() && !r.plan.Endless() && !r.aborted
	switch {
	case s.Err != nil:
	case r.allLost:
		s.Err = setting.Errorf("all workers were lost")
	case r.aborted && r.c.Loss == Abort:
		s.Err = setting.Errorf("a worker was lost or told to end, upon which the run was to stop")
	case r.aborted:
		s.Err = setting.Errorf("all workers were told to end")
	}
	for _, note := range append(slices.Clone(r.notes), r.lossNotes()...) {
		s.Warnings = append(s.Warnings, setting.Plain(note))
	}
	r.cached, r.cachedOf = s, r.version
	return s
}

// tellClocks says how well the workers' clocks are known. r.mu is held.
func (r *Run) tellClocks() {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	for _, p := range r.parts {
		if offset, uncertain, ok := p.clock.Offset(r.c.Clock()); ok {
			r.joined.Clock(p.slot, offset, uncertain)
		}
	}
}

// state is the run's, where its workers' are of one of these. r.mu is held.
func (r *Run) state(of result.State) result.State {
	now := r.c.Clock()
	switch {
	case r.over:
		return result.Done
	case of == result.Done: // but for workers that are yet to be waited for
		return result.Draining
	case !r.stopped.IsZero(): // which the workers are yet to report
		return result.Draining
	case now.Before(r.start):
		return result.Starting
	}
	return of
}

// lostOf is how a worker was lost, and how many requests of its shares may have been sent
// beyond those it has reported. r.mu is held.
func (r *Run) lostOf(p *part) result.Lost {
	l := result.Lost{Why: p.lost.why, Since: max(0, p.lost.since), Until: max(0, r.since(p.lost.at))}
	switch until := p.lost.at.Sub(r.start); {
	case r.plan.Open():
		if !r.stopped.IsZero() {
			until = min(until, r.stopped.Sub(r.start))
		}
		for _, h := range p.shares {
			l.PlannedUnknown += r.schedule.PlannedOf(h.Share, h.From, h.before(until))
		}
		l.PlannedUnknown += r.unsent(p)
	case r.plan.Requests > 0:
		allowed := p.lost.allowed
		for _, h := range p.shares {
			n := min(r.sizeOf(h), allowed)
			allowed -= n
			if h.Ended {
				rest := h
				rest.Request = h.End
				n = min(n, r.sizeOf(h)-r.sizeOf(rest))
			}
			l.PlannedUnknown += n
		}
		l.PlannedUnknown += r.unsent(p)
	}
	l.PlannedUnknown -= min(l.PlannedUnknown, p.planned)
	return l
}

// unsent is how many requests of a worker's nobody has sent, since nobody took them over.
// r.mu is held.
func (r *Run) unsent(p *part) (n uint64) {
	now := r.c.Clock()
	if !r.stopped.IsZero() && r.stopped.Before(now) {
		now = r.stopped
	}
	for _, h := range p.nobodys {
		if r.plan.Open() {
			n += r.schedule.PlannedOf(h.Share, h.From, h.before(now.Sub(r.start)))
		} else if r.plan.Requests > 0 {
			n += r.sizeOf(h)
		}
	}
	return n
}

// before is an instant of the schedule, or the earlier one at which the share is held no
// more.
func (h *held) before(at time.Duration) time.Duration {
	if h.Until > 0 {
		at = min(at, h.Until)
	}
	return at
}

// lossNotes say what the merged verdict does not: that a worker came back. r.mu is held.
func (r *Run) lossNotes() (notes []string) {
	for _, p := range r.parts {
		if p.lost != nil && p.final && !p.lost.left {
			note := fmt.Sprintf("%s was taken for lost %s into the run (%s), and came back; what it sent is in these figures",
				p.name(), spell.Span(max(0, r.since(p.lost.at))), p.lost.why)
			if r.c.Loss == Redistribute && !r.allLost {
				note += "; others sent what was due from then on, and nobody what it had not sent before"
			}
			notes = append(notes, note)
		}
	}
	return notes
}

// lasting is the plan with the length that it has by now. r.mu is held.
func (r *Run) lasting() plan.Plan {
	p := r.plan
	if r.length != nil {
		p.SetLength(*r.length)
	}
	return p
}
