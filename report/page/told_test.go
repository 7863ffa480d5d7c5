package page

import (
	"math"
	"slices"
	"time"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
)

// told is a run of which everything is known: at each planned second, how long the
// reply takes, and how it ends.
type told struct {
	seconds int
	rate    func(at float64) float64       // per second
	takes   func(at float64) time.Duration // from the planned instant
	fails   func(at float64) int           // status, 0 for a success
	name    func(i int) string
	changes []plan.Change
}

// request is one of its requests.
type request struct {
	planned, ended time.Duration
	took           time.Duration
	status         int // 0 where it succeeded
	name           string
}

func steady(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

func always(took time.Duration) func(float64) time.Duration {
	return func(float64) time.Duration { return took }
}

// requests are all that the run sends.
func (t told) requests() (all []request) {
	for at := 0.0; at < float64(t.seconds)-1e-9; at += 1 / t.rate(at) {
		r := request{planned: time.Duration(at * 1e9), took: t.takes(at), name: "chat"}
		if t.name != nil {
			r.name = t.name(len(all))
		}
		if t.fails != nil {
			r.status = t.fails(at)
		}
		r.ended = r.planned + r.took
		all = append(all, r)
	}
	return all
}

// snapshot counts them by the second in which they ended.
func (t told) snapshot() (*result.Snapshot, []request) {
	all := t.requests()
	s := &result.Snapshot{State: result.Done, Started: epoch, Status: map[int]uint64{}, Latencies: result.NewLatencies()}
	s.PlanElapsed, s.Changes = time.Duration(t.seconds)*time.Second, t.changes
	for _, r := range all {
		s.Elapsed = max(s.Elapsed, r.ended)
	}
	s.Elapsed = max(s.Elapsed, s.PlanElapsed)
	names, kinds := map[string]*result.Named{}, map[int]*result.Failure{}
	n := int(math.Ceil(s.Elapsed.Seconds() - 1e-9))
	byEnd := make([][]request, n)
	s.Intervals = make([]result.Interval, n)
	for _, r := range all {
		last := min(int(r.ended/time.Second), n-1)
		byEnd[last] = append(byEnd[last], r)
		s.Intervals[min(int(r.planned/time.Second), n-1)].Sent++
		for i := int(r.planned / time.Second); i < last; i++ {
			s.Intervals[i].InFlight++
		}
		if names[r.name] == nil {
			names[r.name] = &result.Named{Name: r.name}
			s.Followed.Names = append(s.Followed.Names, r.name)
		}
		names[r.name].Sent++
	}
	for i := range s.Intervals {
		t.interval(s, i, byEnd[i], names, kinds)
	}
	for _, name := range s.Followed.Names {
		s.Names = append(s.Names, *names[name])
	}
	for _, k := range s.Followed.Kinds {
		s.Failures = append(s.Failures, *kinds[k.Status])
	}
	slices.SortStableFunc(s.Failures, func(a, b result.Failure) int { return int(b.Count) - int(a.Count) })
	s.Counts.Window.Length = s.PlanElapsed
	s.Client = result.Client{Cores: 2, CPU: s.Elapsed / 9, Wall: s.Elapsed}
	s.Verdict = result.Verdict{Trust: result.TrustFull, LimitedBy: "none", Headline: setting.Plain("the endpoint kept up")}
	return s, all
}

func (t told) interval(s *result.Snapshot, i int, ended []request, names map[string]*result.Named, kinds map[int]*result.Failure) {
	in, c := &s.Intervals[i], &s.Counts
	in.At, in.Width, in.Planned = time.Duration(i)*time.Second, time.Second, in.Sent
	response := packed()
	followed := make([]result.IntervalNamed, len(s.Followed.Names))
	byName := map[int][]int64{}
	for _, r := range ended {
		k := slices.Index(s.Followed.Names, r.name)
		f, n := &followed[k], names[r.name]
		f.Index, f.Sent = k, f.Sent+1
		if r.status != 0 {
			in.Failed, f.Failed, n.Failed = in.Failed+1, f.Failed+1, n.Failed+1
			t.failed(s, in, r, kinds)
			continue
		}
		in.Succeeded, f.Succeeded, n.Succeeded = in.Succeeded+1, f.Succeeded+1, n.Succeeded+1
		must(response.RecordValue(int64(r.took)))
		n.Response.Record(int64(r.took))
		n.Service.Record(int64(r.took))
		byName[k] = append(byName[k], int64(r.took))
		s.Status[200]++
	}
	for k := range followed {
		if followed[k].Sent == 0 {
			continue
		}
		h := packed()
		for _, ns := range byName[k] {
			must(h.RecordValue(ns))
		}
		followed[k].Response = histogram.SketchOf(h)
		in.Names = append(in.Names, followed[k])
	}
	if in.At < s.PlanElapsed {
		in.Completed, in.CompletedOK = in.Succeeded+in.Failed, in.Succeeded
	}
	in.Response = histogram.SketchOf(response)
	in.Service = in.Response
	s.Latencies[figure.Response].Merge(response)
	s.Latencies[figure.Service].Merge(response)
	s.Latencies[figure.FirstByte].Merge(response)
	late := packed()
	if in.Sent > 0 {
		must(late.RecordValues(20_000, int64(in.Sent)))
	}
	in.Lateness = histogram.SketchOf(late)
	s.Latencies[figure.Lateness].Merge(late)
	c.Planned, c.Sent, c.Succeeded, c.Failed = c.Planned+in.Planned, c.Sent+in.Sent, c.Succeeded+in.Succeeded, c.Failed+in.Failed
	c.Window.Completed, c.Window.OK = c.Window.Completed+in.Completed, c.Window.OK+in.CompletedOK
}

func (t told) failed(s *result.Snapshot, in *result.Interval, r request, kinds map[int]*result.Failure) {
	name := map[int]string{429: "status_429", 503: "status_503", 500: "status_500"}[r.status]
	if kinds[r.status] == nil {
		kinds[r.status] = &result.Failure{Kind: name, Status: r.status, Message: setting.Plain("no"), First: r.ended}
		s.Followed.Kinds = append(s.Followed.Kinds, result.FailureKind{Kind: name, Status: r.status})
	}
	f := kinds[r.status]
	f.Count, f.Last = f.Count+1, r.ended
	s.Status[r.status]++
	must(s.Latencies[figure.Failed].RecordValue(int64(r.took)))
	k := slices.IndexFunc(s.Followed.Kinds, func(k result.FailureKind) bool { return k.Status == r.status })
	at := slices.IndexFunc(in.Kinds, func(c result.KindCount) bool { return c.Index == k })
	if at < 0 {
		in.Kinds = append(in.Kinds, result.KindCount{Index: k})
		at = len(in.Kinds) - 1
	}
	in.Kinds[at].Count++
}

// report is what is told, as a report of an open loop.
func (t told) report() (*report.Report, []request) {
	s, all := t.snapshot()
	meta := story{seconds: t.seconds, rate: int(max(t.rate(0), 1))}.meta()
	r := report.From(meta, s)
	return r, all
}
