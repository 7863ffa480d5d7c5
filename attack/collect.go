package attack

import (
	"cmp"
	"slices"
	"time"
)

// Snapshot is everything known of the run now; after Done, its result. It
// shares nothing with the run.
func (r *Run) Snapshot() *Snapshot {
	t := r.timeline
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.final != nil {
		return t.final
	}
	return t.snapshot()
}

// snapshot builds a snapshot as of the last collection. t.mu is held.
func (t *timeline) snapshot() *Snapshot {
	r := t.run
	s := &Snapshot{
		State:       r.state(t.closed),
		Interrupted: r.stopping.Load(),
		Started:     r.clock.time(r.measured),
		Counts:      t.counts,
		Latencies: Latencies{
			Response: t.total.response.Clone(), Service: t.total.service.Clone(), FirstByte: t.total.firstByte.Clone(),
			Failed: t.total.failed.Clone(), Connect: t.total.connect.Clone(), TLS: t.total.tls.Clone(),
			Lateness: t.total.lateness.Clone(), Stream: t.total.stream.clone(),
		},
		Intervals:  slices.Clone(t.intervals),
		Addresses:  r.dialer.Addresses(),
		TLSVersion: r.dialer.TLSVersion(),
		Client:     r.client(),
	}
	s.Warnings = append(s.Warnings, r.endpoint.Notes...)
	if r.stamped {
		s.RunID = string(r.id)
	}
	s.Warnings = append(s.Warnings, r.warnings...)
	s.Warnings = append(s.Warnings, r.credentialWarnings()...)
	s.Lapsed = r.lapsed(time.Now())
	r.changeMu.Lock()
	s.Changes = slices.Clone(r.changes)
	r.changeMu.Unlock()
	last := r.gather(s)
	r.settle(s, t, last)
	if dead := r.dialer.Dead(); len(dead) > 0 && s.State == Done {
		warning := "no connection to " + join(dead)
		if len(dead) < len(s.Addresses) {
			warning += ": its requests went to the other addresses"
		}
		s.Warnings = append(s.Warnings, warning)
	}
	r.errMu.Lock()
	if r.err != nil {
		s.Err = r.err.Error()
	}
	r.errMu.Unlock()
	s.Verdict = judge(s, &r.plan)
	return s
}

func (r *Run) state(closed bool) State {
	now := r.clock.now()
	switch {
	case closed:
		return Done
	case r.stopping.Load(), now >= r.end:
		return Draining
	case now < r.start:
		return Starting
	case now < r.measured:
		return Warming
	default:
		return Running
	}
}

// gather adds up what the tallies keep for the whole run, and returns the end
// of the last exchange.
func (r *Run) gather(s *Snapshot) (last int64) {
	s.Status = map[int]uint64{}
	failures := map[failureKey]*Failure{}
	var slow []slowReply
	totals, models := make([]*named, len(r.names)), map[string]*served{}
	for _, t := range r.tallies {
		t.mu.Lock()
		last = max(last, t.last)
		for code, n := range t.status {
			if n > 0 {
				s.Status[code] += n
			}
		}
		for _, f := range t.failures {
			addFailure(failures, f)
		}
		slow = append(slow, t.slowest.heap[:t.slowest.n]...)
		addServed(models, t.models)
		for id, n := range t.names {
			if n != nil {
				totals[id] = n.addedTo(totals[id])
			}
		}
		t.mu.Unlock()
	}
	for _, f := range failures {
		s.Failures = append(s.Failures, *f)
	}
	slices.SortFunc(s.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Cause, b.Cause))
	})
	s.Slowest, s.Models = r.slowestOf(slow), servedOf(models)
	for i := range s.Models {
		s.Models[i].Name = r.endpoint.Hide(s.Models[i].Name)
	}
	for id, n := range totals {
		if n != nil {
			s.Names = append(s.Names, n.asNamed(r.names[id]))
		}
	}
	return last
}

func addFailure(all map[failureKey]*Failure, f *Failure) {
	key := failureKey{f.Kind, f.Status, f.Cause}
	have := all[key]
	if have == nil {
		c := *f
		all[key] = &c
		return
	}
	count, last := have.Count+f.Count, max(have.Last, f.Last)
	if f.First < have.First {
		*have = *f
	}
	have.Count, have.Last = count, last
}

// Advice is what to do about the failure, one sentence; empty where nothing is
// known but what its message says.
func (f *Failure) Advice() string { return adviceOn(f.Cause, f.Payload) }

func (n *named) addedTo(total *named) *named {
	if total == nil {
		total = newNamed()
	}
	total.sent += n.sent
	total.succeeded += n.succeeded
	total.failed += n.failed
	total.cutOff += n.cutOff
	total.response.Merge(n.response)
	total.service.Merge(n.service)
	return total
}

func (n *named) asNamed(name string) Named {
	out := Named{Name: name, Sent: n.sent, Succeeded: n.succeeded, Failed: n.failed, CutOff: n.cutOff,
		Response: NewHistogram(), Service: NewHistogram()}
	n.response.MergeInto(out.Response)
	n.service.MergeInto(out.Service)
	return out
}

// settle works out what was planned and what became of tickets that were not
// sent, and how long it all took.
func (r *Run) settle(s *Snapshot, t *timeline, last int64) {
	c := &s.Counts
	c.Sent, c.Planned = t.started, t.planned
	for _, turn := range r.turns {
		if t.closed {
			c.Skipped += turn.skipped
		}
	}
	if t.closed {
		left := c.Planned - min(c.Planned, c.Sent+c.Skipped)
		if s.Interrupted {
			c.Stopped = left
		} else {
			c.NoSlot = left
		}
	}
	if r.recorder != nil {
		c.Kept = r.recorder.kept.Load()
		if t.closed {
			c.Dropped = c.Sent - c.Kept
		}
	}
	now := r.clock.now()
	s.Elapsed = max(0, time.Duration(now-r.measured))
	if t.closed {
		s.Elapsed = max(0, time.Duration(last-r.measured))
	}
	s.PlanElapsed = min(r.planned(s.Elapsed), max(0, time.Duration(now-r.measured)))
	if s.Interrupted {
		s.PlanElapsed = min(s.PlanElapsed, max(0, time.Duration(r.stopAt.Load()-r.measured)))
	}
}

// planned is the length of the plan's measured part, elapsed where only the
// replies tell.
func (r *Run) planned(elapsed time.Duration) time.Duration {
	p := &r.plan
	d := p.Duration
	if p.Requests > 0 {
		byCount := elapsed
		if p.Open() {
			byCount, _ = Instant(p.Rate, p.Requests)
		}
		if d == 0 || byCount < d {
			d = byCount
		}
	}
	return d
}
