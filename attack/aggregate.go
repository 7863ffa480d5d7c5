package attack

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/payloads/setting"
)

// Snapshot is everything known of the run now; after Done, its result. Snapshots
// share what has not changed between them, so that nobody may write to one.
func (r *Run) Snapshot() *result.Snapshot {
	t := r.timeline
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.final != nil {
		return t.final
	}
	return t.snapshot()
}

// snapshot builds a snapshot as of the last collection. t.mu is held.
func (t *timeline) snapshot() *result.Snapshot {
	r := t.run
	if t.common == nil {
		t.common = t.commonSnapshot()
	}
	s, p := new(*t.common), r.lasting()
	// A plan without an end ends by being stopped, and not before.
	s.Interrupted = r.stopping() && (!p.Endless() || r.failedEarly())
	s.State, s.Started = r.state(t.closed), r.clock.Time(r.measured.Load())
	addresses, dead := r.addresses()
	s.Addresses, s.TLSVersion = addresses, r.dialer.TLSVersion()
	s.Proxy, _ = r.dialer.Proxy()
	s.Client, s.Delays = r.client(), r.watch.delays()
	if g := t.aggregate; g.silent {
		s.Silence = result.Silence{From: g.silence.from.Sub(r.measured.Load()), Length: g.silence.to.Sub(g.silence.from)}
	}
	s.Warnings = append(s.Warnings, setting.Plains(r.endpoint.Notes)...)
	s.ID = r.id
	if r.stamped {
		s.RunID = r.id
	}
	s.Warnings = append(s.Warnings, r.warnings...)
	if moved := r.moves.warning(r.measured.Load()); !moved.Empty() {
		s.Warnings = append(s.Warnings, moved)
	}
	s.Warnings = append(s.Warnings, setting.Plains(r.credentialWarnings())...)
	s.CredentialsExpired = r.credentialsExpired(time.Now())
	r.changeMu.Lock()
	s.Changes, s.Length = r.changesSoFar(), r.length.Load()
	plan := r.share.part.Own()
	r.changeMu.Unlock()
	r.fillTotals(s, t)
	if len(dead) > 0 && s.State == result.Done {
		warning := "no connection to " + strings.Join(dead, ", ")
		if len(dead) < len(s.Addresses) {
			warning += ": its requests went to the other addresses"
		}
		s.Warnings = append(s.Warnings, setting.Plain(warning))
	}
	r.errMu.Lock()
	s.Err = r.err
	r.errMu.Unlock()
	plan.Warmup, s.Settled = r.schedule.Load().Warmup, r.settled.Load()
	s.Warmup, s.Sessions = plan.Warmup, r.sessions
	s.Verdict = result.Judge(s, &plan)
	return s
}

// commonSnapshot is what all snapshots until the next collection have in common: thousands
// of names and nine histograms are not copied for each of them. t.mu is held.
func (t *timeline) commonSnapshot() *result.Snapshot {
	n := len(t.intervals)
	s := &result.Snapshot{
		Counts: t.counts, Latencies: t.total.Clone(),
		Intervals: t.intervals[:n:n],
	}
	t.aggregate.fill(s, t.run)
	return s
}

func (r *Run) state(closed bool) result.State {
	now := r.clock.Now()
	switch {
	case closed:
		return result.Done
	case r.stopping(), now >= r.end.Load():
		return result.Draining
	case now < r.start:
		return result.Starting
	case now < r.measured.Load():
		return result.Warming
	default:
		return result.Running
	}
}

// aggregate is what the tallies keep of the whole run, as of the last collection:
// a snapshot's figures are all of one moment.
type aggregate struct {
	status   [1000]uint64
	failures map[failureKey]*result.Failure
	slowest  []slowReply
	models   map[string]*result.Served
	names    []*result.Named // by name id, nil until used
	followed followed
	last     Instant // end of the last exchange that was not cut off
	silence  silence // of all tallies at once
	silent   bool    // there is one

	// Swapped into one tally after the other.
	spareNames  []*named
	spareModels []*served
	sketcher    histogram.Sketcher
}

func newAggregate(r *Run) *aggregate {
	names := len(r.names) + len(r.plan.Stages)
	return &aggregate{
		failures: map[failureKey]*result.Failure{}, models: map[string]*result.Served{},
		names: make([]*result.Named, names), spareNames: make([]*named, names),
		followed: newFollowed(r),
	}
}

// reset makes room for the next collection. Names and models add up: a tally is
// left those of one interval, since there may be many of them.
func (a *aggregate) reset() {
	clear(a.status[:])
	clear(a.failures)
	a.slowest = a.slowest[:0]
	a.silence, a.silent = silence{}, false
}

// take adds a tally's, whose lock is held: nobody waits for more than a few
// counts.
func (a *aggregate) take(t *tally) {
	a.last = max(a.last, t.last)
	switch {
	case t.silence == (silence{}): // it has had no reply
	case !a.silent:
		a.silence, a.silent = t.silence, true
	default:
		a.silence = a.silence.common(t.silence)
	}
	for code, n := range t.status {
		a.status[code] += n
	}
	for _, f := range t.failures {
		addFailure(a.failures, f)
	}
	a.slowest = append(a.slowest, t.slowest.heap[:t.slowest.n]...)
	t.models, a.spareModels = a.spareModels, t.models
	t.names, a.spareNames = a.spareNames, t.names
}

// addSwapped adds the names and models that were taken, once the tally's lock is free.
func (a *aggregate) addSwapped(r *Run) {
	addServed(a.models, a.spareModels, &a.sketcher)
	for id, n := range a.spareNames {
		if n == nil || n.sent == 0 {
			continue
		}
		if a.names[id] == nil {
			a.names[id] = &result.Named{}
			if id < len(r.names) {
				a.names[id].Name = r.names[id]
			}
		}
		if id < len(r.names) {
			a.followed.addName(id, n, &a.sketcher)
		}
		n.empty(a.names[id], &a.sketcher)
	}
}

// fill puts copies into the snapshot.
func (a *aggregate) fill(s *result.Snapshot, r *Run) {
	s.Status, s.Followed = map[int]uint64{}, a.followed.all()
	for code, n := range a.status {
		if n > 0 {
			s.Status[code] = n
		}
	}
	for _, f := range a.failures {
		s.Failures = append(s.Failures, *f)
	}
	slices.SortFunc(s.Failures, func(a, b result.Failure) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Cause, b.Cause))
	})
	s.Slowest, s.Models = r.slowestOf(slices.Clone(a.slowest)), servedOf(a.models)
	for i := range s.Models {
		s.Models[i].Name = r.endpoint.Redact(s.Models[i].Name)
	}
	names, stages := a.names[:len(r.names)], a.names[len(r.names):]
	if len(names) > 0 {
		s.Names = make([]result.Named, 0, len(names))
	}
	for _, n := range names {
		if n != nil {
			s.Names = append(s.Names, n.Frozen())
		}
	}
	for _, n := range stages {
		if s.Stages = append(s.Stages, result.StageFigures{}); n != nil {
			s.Stages[len(s.Stages)-1].Named = n.Frozen()
		}
	}
}

func addFailure(all map[failureKey]*result.Failure, f *result.Failure) {
	key := failureKey{f.Kind, f.Status, f.Cause}
	have := all[key]
	if have == nil {
		c := *f
		c.Names = slices.Clone(f.Names) // the loop goes on counting in its own
		all[key] = &c
		return
	}
	count, last, names, unlisted := have.Count+f.Count, max(have.Last, f.Last), have.Names, have.Unlisted+f.Unlisted
	if f.First < have.First {
		*have = *f
	}
	have.Count, have.Last, have.Names, have.Unlisted = count, last, names, unlisted
	for _, n := range f.Names {
		have.Hit(n.Name, n.Count)
	}
}

// empty moves what was recorded to the total.
func (n *named) empty(total *result.Named, w *histogram.Sketcher) {
	total.Sent += n.sent
	total.Succeeded += n.succeeded
	total.Failed += n.failed
	total.CutOff += n.cutOff
	total.BytesIn += n.bytesIn
	total.BytesOut += n.bytesOut
	total.Tokens += n.tokens
	total.Response.Add(n.response, w)
	total.Service.Add(n.service, w)
	total.Service.Share(&total.Response)
	n.response.Reset()
	n.service.Reset()
	*n = named{response: n.response, service: n.service}
}

// fillTotals works out what was planned and what became of tickets that were not
// sent, and how long it all took: until the last reply or, where requests were
// cut off, which had none, at least until no more were to be sent; of a run
// under way until the last collection.
func (r *Run) fillTotals(s *result.Snapshot, t *timeline) {
	c := &s.Counts
	c.Sent, c.Planned, c.Kept = t.started, t.planned, t.kept
	since := func(at Instant) time.Duration { return max(0, at.Sub(r.measured.Load())) }
	defer func() { r.planStages(s) }()
	r.fillSkipped(c)
	c.Window.Length = r.windowAt(t.boundary, t.closed)
	if !t.closed {
		s.Elapsed = since(t.boundary)
		s.PlanElapsed = r.sendingTime(s.Elapsed)
		return
	}
	left := c.Planned - min(c.Planned, c.Sent+c.Skipped)
	if !r.slotsUsedUp() {
		c.UnsentWithSlots = left
	}
	if _, stopped := r.stopInstant(); stopped {
		c.Stopped = left
	} else {
		c.NoSlot = left
	}
	if r.recorder != nil {
		c.Dropped = c.Sent - c.Kept
	}
	end := r.sendingTime(since(r.clock.Now()))
	s.Elapsed = since(t.aggregate.last)
	if c.CutOff > 0 {
		s.Elapsed = max(s.Elapsed, end)
	}
	s.PlanElapsed = r.planned(s.Elapsed)
	if p := r.lasting(); p.Endless() {
		s.PlanElapsed = end
	}
	if _, stopped := r.stopInstant(); stopped {
		s.PlanElapsed = min(end, s.PlanElapsed)
	}
}

// fillSkipped counts the tickets that were dropped for being late.
func (r *Run) fillSkipped(c *result.Counts) {
	var skipped, skippedNoSlot uint64
	for _, l := range r.loops {
		l.lock()
		skippedNoSlot += l.tickets.skippedNoSlot
		skipped += l.tickets.skipped
		l.unlock()
	}
	c.Skipped = min(skipped, c.Planned-min(c.Planned, c.Sent))
	c.SkippedNoSlot = min(skippedNoSlot, c.Skipped)
	r.muxes(func(m *mux) { c.Queued += uint64(m.queued.Load()) })
}

// slotsUsedUp reports whether every slot that the plan allows had come into use.
func (r *Run) slotsUsedUp() bool {
	for _, l := range r.loops {
		l.lock()
		full := !r.plan.Open() || l.size() >= l.limit
		l.unlock()
		if !full {
			return false
		}
	}
	return true
}

// sendingTime is for how much of the time that has passed requests were to be sent.
func (r *Run) sendingTime(passed time.Duration) time.Duration {
	d := min(passed, r.planned(passed))
	if at, stopped := r.stopInstant(); stopped {
		d = min(d, max(0, at.Sub(r.measured.Load())))
	}
	return d
}

// failedEarly reports whether the run has ended on its own.
func (r *Run) failedEarly() bool {
	r.errMu.Lock()
	defer r.errMu.Unlock()
	return r.err != nil
}

// planned is the length of the plan's measured part, elapsed where only the
// replies tell, or where it has no end.
func (r *Run) planned(elapsed time.Duration) time.Duration {
	p := r.lasting()
	d := p.Duration
	if p.Endless() {
		return elapsed
	}
	if p.Requests > 0 {
		byCount := elapsed
		if p.Open() {
			byCount = r.scheduleLength(p.Requests)
		}
		if d == 0 || byCount < d {
			d = byCount
		}
	}
	return d
}
