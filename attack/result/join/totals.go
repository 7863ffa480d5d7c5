package join

import (
	"cmp"
	"slices"
	"time"

	"brunt/attack/result"
	"brunt/payloads/setting"
)

// Snapshot is the run's, of all that has been taken, judged by the whole plan. Nobody may
// write to it.
func (a *Accumulator) Snapshot() *result.Snapshot { return a.snapshot(a.intervals(true)) }

// Live is Snapshot for somebody who watches the run: its timeline ends where not all
// workers have reported what came next, which would be taken for a fall.
func (a *Accumulator) Live() *result.Snapshot { return a.snapshot(a.intervals(false)) }

func (a *Accumulator) snapshot(timeline []result.Interval) *result.Snapshot {
	s := &result.Snapshot{Status: map[int]uint64{}, Latencies: a.latencies()}
	for _, p := range a.parts {
		if p.last != nil {
			a.addPart(s, p)
		}
	}
	s.State = a.state()
	s.Settled = a.settled()
	s.Started = a.started()
	s.Err = a.err()
	s.Warnings = a.warnings()
	s.Failures = a.failures()
	s.Names, s.Models, s.Stages = a.names(), a.models(), a.stages()
	s.Slowest = a.slowest()
	s.Silence = a.silence()
	s.Client = a.client()
	s.Workers = a.workers()
	s.Followed = result.Followed{Names: slices.Clip(a.followed.Names), Kinds: slices.Clip(a.followed.Kinds), LeftOut: a.leftOut}
	if a.followed.LeftOut < 0 {
		s.Followed.LeftOut = -1
	}
	s.Intervals = timeline
	a.addUnknown(s)
	s.Verdict = result.Judge(s, a.plan)
	return s
}

// addPart adds what adds up, and what is the same in all parts.
func (a *Accumulator) addPart(s *result.Snapshot, p *part) {
	o := p.last.Snapshot
	s.Interrupted = s.Interrupted || o.Interrupted
	s.CredentialsExpired = s.CredentialsExpired || o.CredentialsExpired
	s.ID, s.RunID, s.Proxy = cmp.Or(s.ID, o.ID), cmp.Or(s.RunID, o.RunID), cmp.Or(s.Proxy, o.Proxy)
	s.Warmup, s.Sessions = max(s.Warmup, o.Warmup), s.Sessions || o.Sessions
	s.Elapsed, s.PlanElapsed = max(s.Elapsed, o.Elapsed+p.shift), max(s.PlanElapsed, o.PlanElapsed+p.shift)
	s.Counts.Merge(&o.Counts)
	for status, n := range o.Status {
		s.Status[status] += n
	}
	if len(o.Changes) > len(s.Changes) {
		s.Changes = o.Changes
	}
	if s.Length == nil {
		s.Length = o.Length
	}
	for _, address := range o.Addresses {
		if !slices.Contains(s.Addresses, address) {
			s.Addresses = append(s.Addresses, address)
		}
	}
	s.TLSVersion = a.same(func(o *result.Snapshot) string { return o.TLSVersion })
	s.Delays.Add(&o.Delays)
}

// same is what all parts that have a value have alike; empty where they do not.
func (a *Accumulator) same(of func(*result.Snapshot) string) (common string) {
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		switch value := of(p.last.Snapshot); {
		case value == "" || value == common:
		case common == "":
			common = value
		default:
			return ""
		}
	}
	return common
}

// latencies are the sums of the parts' histograms, bucket by bucket.
func (a *Accumulator) latencies() result.Latencies {
	l := a.sums.Latencies()
	for f, none := range result.NewLatencies() {
		if l[f] == nil {
			l[f] = none
		}
	}
	return l
}

// states are in the order in which a run passes through them.
var states = []result.State{result.Starting, result.Warming, result.Running, result.Draining, result.Done}

// state is how far the run is: as far as the least of those that have begun, lost ones
// left aside.
func (a *Accumulator) state() result.State {
	least, begun, waits := len(states)-1, false, false
	for _, p := range a.parts {
		if p.lost != nil {
			continue
		}
		at := 0
		if p.last != nil {
			at = max(0, slices.Index(states, p.last.Snapshot.State))
		}
		if at == 0 {
			waits = true
			continue
		}
		least, begun = min(least, at), true
	}
	if waits && !begun {
		return result.Starting
	}
	if waits && states[least] == result.Done {
		return result.Draining // some have not said yet that they are done
	}
	return states[least]
}

func (a *Accumulator) settled() bool {
	settled := false
	for _, p := range a.parts {
		if p.last == nil || p.lost != nil {
			continue
		}
		if !p.last.Snapshot.Settled {
			return false
		}
		settled = true
	}
	return settled
}

// started is the earliest measured start, by the workers' own clocks.
func (a *Accumulator) started() (first time.Time) {
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		if at := p.last.Snapshot.Started; first.IsZero() || !at.IsZero() && at.Before(first) {
			first = at
		}
	}
	return first
}

// err is why parts ended early, each with the worker's name.
func (a *Accumulator) err() error {
	texts := a.told(func(o *result.Snapshot) []setting.Text { return []setting.Text{setting.TextOf(o.Err)} })
	if len(texts) == 0 {
		return nil
	}
	all := texts[0]
	for _, text := range texts[1:] {
		all = setting.Textf("%v; %v", all, text)
	}
	return setting.Errorf("%v", all)
}

// client adds the machines up. Wall time is the mean by cores, so that the share of CPU
// used stays right; the largest process and the longest pause are those of one.
func (a *Accumulator) client() (c result.Client) {
	var quota, coreSeconds float64
	limited := false
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		o := &p.last.Snapshot.Client
		allowed := float64(o.Cores)
		if o.Quota > 0 && o.Quota < allowed {
			allowed, limited = o.Quota, true
		}
		quota += allowed
		coreSeconds += allowed * o.Wall.Seconds()
		c.Cores += o.Cores
		c.CPU += o.CPU
		c.Waited += o.Waited
		c.Throttled += o.Throttled
		c.GC += o.GC
		c.RSSPeak = max(c.RSSPeak, o.RSSPeak)
		c.GCPauseMax = max(c.GCPauseMax, o.GCPauseMax)
		c.Embedded = c.Embedded || o.Embedded
		if o.MaxFiles > 0 && (c.MaxFiles == 0 || o.MaxFiles < c.MaxFiles) {
			c.MaxFiles = o.MaxFiles
		}
	}
	if limited {
		c.Quota = quota
	}
	if quota > 0 {
		c.Wall = time.Duration(coreSeconds / quota * float64(time.Second))
	}
	c.Poller = a.same(func(o *result.Snapshot) string { return o.Client.Poller })
	return c
}

// workers are the parts, one by one.
func (a *Accumulator) workers() []result.Worker {
	list := make([]result.Worker, len(a.parts))
	for i, p := range a.parts {
		list[i] = result.Worker{Name: p.name, State: result.Starting, At: p.at, Lost: p.lost, Joined: p.joined, ClockOffset: p.clock, ClockError: p.clockError}
		if p.last == nil {
			continue
		}
		o, w := p.last.Snapshot, &list[i]
		w.State, w.Planned, w.Sent, w.Failed, w.Kept, w.Client = o.State, o.Counts.Planned, o.Counts.Sent, o.Counts.Failed, o.Counts.Kept, o.Client
		w.LimitedBy, w.Trust, w.Error, w.Reasons = o.Verdict.LimitedBy, o.Verdict.Trust, o.Verdict.Error, o.Verdict.Reasons
		w.LatenessP99 = p.last.LatenessP99
	}
	return list
}

// silence is the longest stretch that all parts were without a reply in at once, as far
// as those that had replies say.
func (a *Accumulator) silence() (common result.Silence) {
	found := false
	for _, p := range a.parts {
		if p.last == nil || p.last.Snapshot.Counts.Succeeded+p.last.Snapshot.Counts.Failed == 0 {
			continue
		}
		o := p.last.Snapshot.Silence
		o.From += p.shift
		if !found {
			common, found = o, true
			continue
		}
		from, to := max(common.From, o.From), min(common.From+common.Length, o.From+o.Length)
		common = result.Silence{From: from, Length: max(0, to-from)}
	}
	return common
}

// slowest are the slowest of all.
func (a *Accumulator) slowest() (list []result.Slow) {
	for _, p := range a.parts {
		if p.last == nil {
			continue
		}
		for _, slow := range p.last.Snapshot.Slowest {
			slow.At += p.shift
			list = append(list, slow)
		}
	}
	slices.SortStableFunc(list, func(a, b result.Slow) int { return cmp.Compare(b.Response, a.Response) })
	return list[:min(len(list), result.MaxSlowest)]
}

// addUnknown counts what lost workers leave unknown: what was in flight at their last
// report, and what was planned and not reported as sent. Those planned after the report
// are spread over the intervals, and the stages, until they were handed on.
func (a *Accumulator) addUnknown(s *result.Snapshot) {
	for i, p := range a.parts {
		if p.lost == nil {
			continue
		}
		c := &s.Counts
		if p.last != nil {
			o := &p.last.Snapshot.Counts
			c.UnknownSent += p.lastInFlight() - min(p.lastInFlight(), o.UnknownSent)
			if settled := o.Sent + o.NotSent() + o.UnknownPlanned; o.Planned > settled {
				c.UnknownPlanned += o.Planned - settled
			}
		}
		n := p.lost.PlannedUnknown
		c.Planned += n
		c.UnknownPlanned += n
		s.Workers[i].Planned += n
		if n > 0 && len(s.Intervals) == 0 {
			s.Intervals = []result.Interval{{At: max(0, p.lost.Since), Width: max(0, p.lost.Until-p.lost.Since)}}
		}
		spread(n, p.lost.Since, p.lost.Until, s.Intervals)
		for k := range s.Stages {
			g := &s.Stages[k]
			more := before(n, p.lost, g.From+g.Length) - before(n, p.lost, g.From)
			g.Planned, g.Unknown = g.Planned+more, g.Unknown+more
		}
	}
}

// before is how many of the n unknown tickets count as planned before an instant.
func before(n uint64, lost *result.Lost, at time.Duration) uint64 {
	length := lost.Until - lost.Since
	switch {
	case at <= lost.Since:
		return 0
	case at >= lost.Until || length <= 0:
		return n
	}
	return uint64(float64(n) * float64(at-lost.Since) / float64(length))
}

// spread plans n tickets more within a stretch; what lies beyond all intervals is the
// last one's.
func spread(n uint64, from, to time.Duration, list []result.Interval) {
	if n == 0 || len(list) == 0 {
		return
	}
	lost, done := &result.Lost{Since: from, Until: to}, uint64(0)
	for i := range list {
		by := before(n, lost, list[i].At+list[i].Width)
		if i == len(list)-1 {
			by = n
		}
		list[i].Planned += by - min(by, done)
		done = max(done, by)
	}
}
