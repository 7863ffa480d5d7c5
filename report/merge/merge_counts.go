package merge

import (
	"cmp"
	"math"
	"slices"

	"brunt/report"
	"brunt/report/format"
)

// plan merges what was asked for. Rates and concurrencies add up where the
// runs overlapped in time; otherwise only what they have in common is kept.
func (m *merger) plan() {
	first := m.reports[0].Plan
	overlap := m.overlap()
	p := report.Plan{
		RatePerS: m.plannedRate(overlap), Concurrency: m.plannedConcurrency(overlap),
		DurationS: m.plannedDuration(overlap), Requests: m.plannedRequests(),
		Sessions:  same(m, func(r *report.Report) bool { return r.Plan.Sessions }, false),
		WarmupS:   same(m, func(r *report.Report) float64 { return r.Plan.WarmupS }, 0),
		TimeoutS:  same(m, func(r *report.Report) float64 { return r.Plan.TimeoutS }, 0),
		KeepAlive: same(m, func(r *report.Report) bool { return r.Plan.KeepAlive }, first.KeepAlive),
		AtEnd:     same(m, func(r *report.Report) string { return r.Plan.AtEnd }, "mixed"),
		CatchUp:   same(m, func(r *report.Report) string { return r.Plan.CatchUp }, "mixed"),
		Arrivals:  same(m, func(r *report.Report) string { return r.Plan.Arrivals }, "mixed"),
		Order:     same(m, func(r *report.Report) string { return r.Plan.Order }, "mixed"),
	}
	if seed := first.Seed; seed != nil &&
		same(m, func(r *report.Report) bool { return r.Plan.Seed != nil && *r.Plan.Seed == *seed }, false) {
		p.Seed = new(*seed)
	}
	p.StreamTimeoutS = common(m, first.StreamTimeoutS, func(p *report.Plan) *float64 { return p.StreamTimeoutS })
	p.StreamStallS = common(m, first.StreamStallS, func(p *report.Plan) *float64 { return p.StreamStallS })
	if rule := first.Success; rule != nil &&
		same(m, func(r *report.Report) bool { return r.Plan.Success != nil && *r.Plan.Success == *rule }, false) {
		p.Success = new(*rule)
	}
	p.FillEmpty()
	for _, r := range m.reports {
		p.MaxInFlight += r.Plan.MaxInFlight
		for _, file := range r.Plan.Payloads {
			if !slices.Contains(p.Payloads, file) {
				p.Payloads = append(p.Payloads, file)
			}
		}
	}
	m.out.Plan = p
	if !overlap {
		m.warn("the runs did not all overlap in time: rates are by the time in which at least one of them ran")
	}
}

// common is what all plans have alike; null where they do not, or one's is not known.
func common(m *merger, first *float64, of func(*report.Plan) *float64) *float64 {
	if first == nil || !same(m, func(r *report.Report) bool {
		x := of(&r.Plan)
		return x != nil && *x == *first
	}, false) {
		return nil
	}
	return new(*first)
}

// overlap reports whether there was a moment at which all runs were running.
func (m *merger) overlap() bool {
	last, end := 0.0, math.Inf(1)
	for i, r := range m.reports {
		last = math.Max(last, m.at[i])
		end = math.Min(end, m.at[i]+r.PlanElapsedS)
	}
	return last < end
}

// combined merges one number of the plans: summed up or, where the runs did
// not overlap, their common value. Null where any is.
func combined[T int | uint64 | float64](m *merger, sum bool, of func(*report.Plan) *T) *T {
	total, equal := T(0), true
	for _, r := range m.reports {
		value := of(&r.Plan)
		if value == nil {
			return nil
		}
		total += *value
		equal = equal && *value == *of(&m.reports[0].Plan)
	}
	switch {
	case sum:
		return &total
	case equal:
		return new(*of(&m.reports[0].Plan))
	default:
		return nil
	}
}

func (m *merger) plannedRate(overlap bool) *float64 {
	rate := combined(m, overlap, func(p *report.Plan) *float64 { return p.RatePerS })
	if rate != nil {
		*rate = format.Significant(*rate, 12)
	}
	return rate
}

func (m *merger) plannedConcurrency(overlap bool) *int {
	return combined(m, overlap, func(p *report.Plan) *int { return p.Concurrency })
}

func (m *merger) plannedRequests() *uint64 {
	return combined(m, true, func(p *report.Plan) *uint64 { return p.Requests })
}

// plannedDuration is the longest where the runs overlapped.
func (m *merger) plannedDuration(overlap bool) *float64 {
	if !overlap {
		return combined(m, false, func(p *report.Plan) *float64 { return p.DurationS })
	}
	var longest *float64
	for _, r := range m.reports {
		if d := r.Plan.DurationS; d == nil {
			return nil
		} else if longest == nil || *d > *longest {
			longest = new(*d)
		}
	}
	return longest
}

// figures merges counts and histograms.
func (m *merger) figures() {
	out := m.out
	for _, r := range m.reports {
		addRequests(&out.Requests, &r.Requests)
		addSessions(out, r.Sessions)
		addThroughput(&out.Throughput, &r.Throughput)
		for status, n := range r.Status {
			out.Status[status] += n
		}
		out.Histograms.Add(&r.Histograms)
	}
	out.Client = m.client()
	out.Errors = m.failures()
	out.Names = m.names()
	out.ServedModels = m.servedModels()
	out.Slowest = m.slowest()
	out.Stream, out.Usage, out.Goodput = m.stream(), m.usage(), m.goodput()
	out.Answers = m.answers()
}

func addRequests(q *report.Requests, o *report.Requests) {
	q.Planned += o.Planned
	q.Sent += o.Sent
	q.NotSent += o.NotSent
	q.NotSentReason.NoSlot += o.NotSentReason.NoSlot
	q.NotSentReason.Stopped += o.NotSentReason.Stopped
	q.NotSentReason.Skipped += o.NotSentReason.Skipped
	q.Succeeded += o.Succeeded
	q.Failed += o.Failed
	q.CutOff += o.CutOff
	q.Unknown += o.Unknown
	q.UnknownSent += o.UnknownSent
	q.UnknownPlanned += o.UnknownPlanned
	q.InFlight += o.InFlight
	q.Warmup += o.Warmup
	q.Reconnected += o.Reconnected
	q.Connections += o.Connections
	q.LateWithSlots += o.LateWithSlots
	q.LateNoSlots += o.LateNoSlots
	q.Clamped += o.Clamped
}

// addSessions adds a run's conversations, if it has any.
func addSessions(out *report.Report, o *report.Sessions) {
	if o == nil {
		return
	}
	if out.Sessions == nil {
		out.Sessions = new(report.Sessions)
	}
	c := out.Sessions
	c.Begun += o.Begun
	c.Complete += o.Complete
	c.Broken += o.Broken
	c.Unfinished += o.Unfinished
	c.TurnsLeft += o.TurnsLeft
}

// client adds the machines up: each report is taken for one of its own. Wall
// time is the mean by cores, so that the share of CPU used stays right.
func (m *merger) client() report.Client {
	var c report.Client
	var coreSeconds, quota float64
	c.Poller, c.Workers = m.reports[0].Client.Poller, []report.Worker{}
	for _, r := range m.reports {
		o := &r.Client
		if c.Poller != nil && (o.Poller == nil || *o.Poller != *c.Poller) {
			c.Poller = nil
		}
		c.Cores += o.Cores
		c.CPUS += o.CPUS
		c.ThrottledS, c.WaitedS, c.GCS = c.ThrottledS+o.ThrottledS, c.WaitedS+o.WaitedS, c.GCS+o.GCS
		if o.QuotaCores != nil {
			quota += *o.QuotaCores
		} else {
			quota += float64(o.Cores)
		}
		coreSeconds += float64(o.Cores) * o.WallS
		c.RSSPeakMB = math.Max(c.RSSPeakMB, o.RSSPeakMB)
		c.GCPauseMaxMS = math.Max(c.GCPauseMaxMS, o.GCPauseMaxMS)
		c.Embedded = c.Embedded || o.Embedded
		c.Workers = append(c.Workers, o.Workers...)
		if o.MaxFiles != nil && (c.MaxFiles == nil || *o.MaxFiles < *c.MaxFiles) {
			c.MaxFiles = new(*o.MaxFiles)
		}
	}
	if quota < float64(c.Cores) {
		c.QuotaCores = new(quota)
	}
	c.CPUS, c.ThrottledS, c.WaitedS, c.GCS = format.Significant(
		c.CPUS,
		12,
	), format.Significant(
		c.ThrottledS,
		12,
	), format.Significant(
		c.WaitedS,
		12,
	), format.Significant(
		c.GCS,
		12,
	)
	c.WallS = format.Per(coreSeconds, float64(c.Cores))
	return c
}

func (m *merger) failures() []report.Failure {
	type key struct {
		kind, cause string
		status      int
	}
	out, place := []report.Failure{}, map[key]int{}
	for i, r := range m.reports {
		for _, f := range r.Errors {
			f.FirstS, f.LastS = format.Significant(f.FirstS+m.at[i], 12), format.Significant(f.LastS+m.at[i], 12)
			k := key{kind: f.Kind}
			if f.Status != nil {
				k.status = *f.Status
			}
			if f.Cause != nil {
				k.cause = *f.Cause
			}
			at, known := place[k]
			if !known {
				place[k] = len(out)
				out = append(out, f)
				continue
			}
			sum := &out[at]
			count, last, names, unlisted := sum.Count+f.Count, math.Max(sum.LastS, f.LastS), sum.Names, sum.NamesLeftOut+f.NamesLeftOut
			if f.FirstS < sum.FirstS {
				*sum = f
			}
			sum.Count, sum.LastS, sum.Names, sum.NamesLeftOut = count, last, names, unlisted
			for _, n := range f.Names {
				sum.Hit(n.Name, n.Count)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b report.Failure) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

func (m *merger) names() []report.Named {
	out, place, scratch := []report.Named{}, map[string]int{}, report.NewHistogram()
	for _, r := range m.reports {
		for _, n := range r.Names {
			at, known := place[n.Name]
			if !known {
				place[n.Name] = len(out)
				out = append(out, n)
				continue
			}
			sum, h := &out[at], &out[at].Histograms
			q := &sum.Requests
			q.Sent, q.Succeeded, q.Failed = q.Sent+n.Requests.Sent, q.Succeeded+n.Requests.Succeeded, q.Failed+n.Requests.Failed
			q.CutOff, q.InFlight = q.CutOff+n.Requests.CutOff, q.InFlight+n.Requests.InFlight
			sum.BytesIn, sum.BytesOut = both(sum.BytesIn, n.BytesIn), both(sum.BytesOut, n.BytesOut)
			sum.OutputTokens = both(sum.OutputTokens, n.OutputTokens)
			h.Response, h.Service = h.Response.Merged(n.Histograms.Response), h.Service.Merged(n.Histograms.Service)
			sum.Summarise(scratch)
		}
	}
	return out
}

// both is a sum of which both parts are known, or null.
func both(a, b *uint64) *uint64 {
	if a == nil || b == nil {
		return nil
	}
	return new(*a + *b)
}

// servedModels merges the models of the same name. Where a report lacks their
// histograms, as earlier versions' did, there are no percentiles.
func (m *merger) servedModels() []report.ServedModel {
	out, place, scratch := []report.ServedModel{}, map[string]int{}, report.NewHistogram()
	for _, r := range m.reports {
		for _, model := range r.ServedModels {
			at, known := place[model.Name]
			if !known {
				place[model.Name] = len(out)
				out = append(out, model)
				continue
			}
			sum, h := &out[at], &out[at].Histograms
			sum.Count += model.Count
			h.Response, h.Service = h.Response.Merged(
				model.Histograms.Response,
			), h.Service.Merged(
				model.Histograms.Service,
			)
			if h.Response.Count() == sum.Count {
				sum.Summarise(scratch)
			} else {
				*sum = report.ServedModel{Name: sum.Name, Count: sum.Count}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b report.ServedModel) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// add adds another run's counts.
func addThroughput(t *report.Throughput, o *report.Throughput) {
	t.BytesIn, t.BytesOut = t.BytesIn+o.BytesIn, t.BytesOut+o.BytesOut
	t.Completed, t.CompletedOK = t.Completed+o.Completed, t.CompletedOK+o.CompletedOK
	t.CompletedTokens, t.EstimatedTokens = t.CompletedTokens+o.CompletedTokens, t.EstimatedTokens+o.EstimatedTokens
}
