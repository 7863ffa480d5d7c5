package reporttest

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
)

// Scene invents a run: no clock, no network, the same for the same seed. Its
// figures agree with each other by construction, without the code under test.
type Scene struct {
	Seed       uint64
	Rate       int // per second; 0 is a closed loop
	Slots      int
	N          int           // planned
	Median     time.Duration // of service times
	Spread     float64
	Statuses   map[int]float64 // shares of replies that failed
	Resets     float64         // share of failures without a status
	stopped    int             // of n, not sent since the run was stopped
	NoSlot     int
	CutOff     int
	InProgress bool
	Names      []string
	Tls        bool
}

var Epoch = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// tape records a scene as a snapshot.
type tape struct {
	Scene
	s         *result.Snapshot
	rng       *rand.Rand
	intervals []taped
	failures  map[string]*result.Failure
	names     map[string]*result.Named
	follow    result.Follow
	last      time.Duration
}

// Snapshot is what the engine would have counted of the run.
func (sc Scene) Snapshot() *result.Snapshot {
	t := &tape{
		Scene: sc, rng: rand.New(rand.NewPCG(sc.Seed, 7)), failures: map[string]*result.Failure{}, names: map[string]*result.Named{},
		s: &result.Snapshot{
			State:     result.Done,
			Started:   Epoch,
			Status:    map[int]uint64{},
			Latencies: result.NewLatencies(),
		},
	}
	sent := sc.N - sc.stopped - sc.NoSlot
	for i := range sc.N {
		t.request(i, i < sent)
	}
	t.connections()
	t.finish()
	return t.s
}

// taped is an interval while it is being made up.
type taped struct {
	result.Interval
	Response, Service, Lateness *hdrhistogram.PackedHistogram
	counts                      result.IntervalCounts
}

func (t *tape) at(d time.Duration) *taped {
	k := int(d / time.Second)
	for len(t.intervals) <= k {
		packed := func() *hdrhistogram.PackedHistogram {
			return hdrhistogram.NewPacked(1, histogram.Max, histogram.Digits)
		}
		t.intervals = append(t.intervals, taped{
			Interval: result.Interval{At: time.Duration(len(t.intervals)) * time.Second, Width: time.Second},
			Response: packed(), Service: packed(), Lateness: packed(),
		})
	}
	return &t.intervals[k]
}

func (t *tape) request(i int, sent bool) {
	c, l := &t.s.Counts, &t.s.Latencies
	every := time.Duration(float64(t.Median) / float64(max(t.Slots, 1)))
	if t.Rate > 0 {
		every = time.Second / time.Duration(t.Rate)
	}
	planned := time.Duration(i) * every
	c.Planned++
	t.at(planned).Planned++
	if !sent {
		return
	}
	lateness := time.Duration(38_000 * math.Exp(0.3*t.rng.NormFloat64()))
	service := time.Duration(float64(t.Median) * math.Exp(t.Spread*t.rng.NormFloat64()))
	end := planned + lateness + service
	c.Sent++
	c.BytesOut += 1200
	t.at(planned+lateness).Sent++
	t.at(planned + lateness).BytesOut += 1200
	inFlight := i >= t.N-t.stopped-t.NoSlot-t.CutOff
	if !inFlight || !t.InProgress {
		Must(l[figure.Lateness].RecordValue(int64(lateness)))
		Must(t.at(planned + lateness).Lateness.RecordValue(int64(lateness)))
	}
	name := t.name(i)
	if name != nil {
		name.Sent++
	}
	if inFlight {
		if t.InProgress {
			return
		}
		c.CutOff++
		t.at(end).CutOff++
		if name != nil {
			name.CutOff++
			of := t.ended(end, name)
			of.CutOff++
		}
		return
	}
	t.last = max(t.last, end)
	status := t.outcome()
	if status > 0 && end < time.Duration(t.N)*every {
		c.Window.Completed++
		t.at(end).Completed++
		if status == 200 {
			c.Window.OK++
			t.at(end).CompletedOK++
		}
	}
	if status > 0 {
		t.s.Status[status]++
		t.s.Slowest = append(t.s.Slowest, result.Slow{
			At: planned, Response: end - planned, Service: service, Status: status,
			Payload: fmt.Sprintf("bodies.jsonl:%d", i%1000+1), RequestID: fmt.Sprintf("req-%06x", i*7919),
		})
	}
	if status != 200 {
		c.Failed++
		t.at(end).Failed++
		Must(l[figure.Failed].RecordValue(int64(end - planned)))
		t.fail(status, end)
		if name != nil {
			name.Failed++
			of := t.ended(end, name)
			of.Failed++
		}
		return
	}
	c.Succeeded++
	c.BytesIn += 900
	in := t.at(end)
	in.Succeeded++
	in.BytesIn += 900
	Must(l[figure.Response].RecordValue(int64(end - planned)))
	Must(l[figure.Service].RecordValue(int64(service)))
	Must(l[figure.FirstByte].RecordValue(int64(service * 9 / 10)))
	Must(in.Response.RecordValue(int64(end - planned)))
	Must(in.Service.RecordValue(int64(service)))
	if name != nil {
		name.Succeeded++
		name.Response.Record(int64(end - planned))
		name.Service.Record(int64(service))
		name.BytesIn += 900
		of := t.ended(end, name)
		of.Succeeded++
		of.BytesIn += 900
		of.Record(int64(end - planned))
	}
}

// ended counts that a request of the name has ended, and gives the counts of its
// interval.
func (t *tape) ended(end time.Duration, name *result.Named) *result.NameCounts {
	of := t.at(end).counts.Name(t.follow.Name(name.Name))
	of.Sent++
	return of
}

func (t *tape) name(i int) *result.Named {
	if len(t.Scene.Names) == 0 {
		return nil
	}
	// The k-th name gets one in k of the requests that the ones before left.
	k := 0
	for k < len(t.Scene.Names)-1 && t.rng.IntN(len(t.Scene.Names)-k) > 0 {
		k++
	}
	name := t.Scene.Names[k]
	if t.names[name] == nil {
		t.names[name] = &result.Named{Name: name}
	}
	return t.names[name]
}

// outcome is the status of a reply, 0 where none came.
func (t *tape) outcome() int {
	x := t.rng.Float64()
	for _, status := range slices.Sorted(maps.Keys(t.Statuses)) {
		if x -= t.Statuses[status]; x < 0 {
			return status
		}
	}
	if x < t.Resets {
		return 0
	}
	return 200
}

func (t *tape) fail(status int, end time.Duration) {
	kind, message := "reset", "connection reset by the endpoint"
	if status > 0 {
		kind, message = fmt.Sprintf("status_%d", status), ""
	}
	if status == 429 {
		message = "too many concurrent requests"
	}
	f := t.failures[kind]
	if f == nil {
		f = &result.Failure{
			Kind:      kind,
			Status:    status,
			Message:   setting.Plain(message),
			First:     end,
			RequestID: "req-0a1b2c",
		}
		t.failures[kind] = f
	}
	f.Count++
	f.First, f.Last = min(f.First, end), max(f.Last, end)
	t.at(end).counts.Failed(t.follow.Kind(result.FailureKind{Kind: kind, Status: status}))
}

func (t *tape) connections() {
	for range min(t.Slots, int(t.s.Counts.Sent)) {
		t.s.Counts.Connections++
		Must(t.s.Latencies[figure.Connect].RecordValue(int64(200_000 + t.rng.Int64N(100_000))))
		if t.Tls {
			Must(t.s.Latencies[figure.TLS].RecordValue(int64(2_000_000 + t.rng.Int64N(1_000_000))))
		}
	}
}

func (t *tape) finish() {
	s, c := t.s, &t.s.Counts
	c.Stopped, c.NoSlot = uint64(t.stopped), uint64(t.NoSlot)
	s.Elapsed = t.last
	s.PlanElapsed = t.last
	if t.Rate > 0 {
		s.PlanElapsed = time.Duration(t.N) * time.Second / time.Duration(t.Rate)
	}
	c.Window.Length = time.Duration(t.N) * time.Second / time.Duration(max(t.Rate, 1))
	if t.Rate == 0 {
		c.Window.Length = time.Duration(float64(t.N) * float64(t.Median) / float64(max(t.Slots, 1)))
	}
	if t.InProgress {
		s.State = result.Running
	}
	var begun, over uint64
	for i := range t.intervals {
		in := &t.intervals[i]
		begun, over = begun+in.Sent, over+in.Succeeded+in.Failed+in.CutOff
		in.InFlight = begun - over
	}
	for _, in := range t.intervals {
		in.Interval.Response, in.Interval.Service = histogram.SketchOf(in.Response), histogram.SketchOf(in.Service)
		in.Interval.Lateness = histogram.SketchOf(in.Lateness)
		in.Names, in.Kinds = in.counts.Lists()
		s.Intervals = append(s.Intervals, in.Interval)
	}
	s.Followed = t.follow.Followed
	for _, kind := range slices.Sorted(maps.Keys(t.failures)) {
		s.Failures = append(s.Failures, *t.failures[kind])
	}
	slices.SortStableFunc(s.Failures, func(a, b result.Failure) int { return int(b.Count) - int(a.Count) })
	for _, name := range t.Scene.Names {
		if n := t.names[name]; n != nil {
			s.Names = append(s.Names, *n)
			delete(t.names, name)
		}
	}
	slices.SortStableFunc(s.Slowest, func(a, b result.Slow) int { return int(b.Response - a.Response) })
	s.Slowest = s.Slowest[:min(len(s.Slowest), 20)]
	s.Addresses = []string{"192.0.2.7:443"}
	if t.Tls {
		s.TLSVersion = "1.3"
	}
	s.Client = result.Client{
		Cores: 2, CPU: s.Elapsed / 6, Wall: s.Elapsed, RSSPeak: 41_200_000, GCPauseMax: 212 * time.Microsecond, MaxFiles: 1_048_576,
		Poller: "epoll",
	}
	pace := "the endpoint kept up"
	if t.Rate == 0 {
		pace = "the endpoint set the pace"
	}
	s.Verdict = result.Verdict{
		Trust:     result.TrustFull,
		LimitedBy: "none",
		Headline:  setting.Plain(pace),
		Reasons:   []string{"brunt used 8.3 % of 2 cores"},
	}
}

// Meta fits a scene.
func (sc Scene) Meta() report.Meta {
	plan := plan.Plan{
		Concurrency: sc.Slots, Timeout: time.Minute, KeepAlive: true, AtEnd: plan.Drain, CatchUp: plan.CatchUpSend,
		Success: plan.DefaultSuccess(),
	}
	if sc.Rate > 0 {
		plan.Rate = vegeta.Rate{Freq: sc.Rate, Per: time.Second}
		plan.Duration = time.Duration(sc.N) * time.Second / time.Duration(sc.Rate)
	} else {
		plan.Requests = uint64(sc.N)
	}
	m := report.Meta{
		Version: "0.1.0", URL: "https://dbc.example.com/serving-endpoints/my-endpoint/invocations", Endpoint: "my-endpoint",
		Protocol: "HTTP/1.1", Plan: plan, Order: "sequential", Seed: 1, Labels: map[string]string{"model": "v3"},
		Payloads: []report.Payload{
			{File: "testdata/bodies.jsonl", Lines: 1000, Bytes: 123456, SHA256: strings.Repeat("0a", 32), Weight: 1},
		},
		Command: "brunt attack my-endpoint -p testdata/bodies.jsonl",
	}
	if sc.Rate == 0 {
		m.Concurrency = sc.Slots
	}
	return m
}

// Report is the report of the run.
func (sc Scene) Report() *report.Report { return report.From(sc.Meta(), sc.Snapshot()) }

// Later is the scene's report, started a while after epoch.
func (sc Scene) Later(d time.Duration, name string) *report.Report {
	m, s := sc.Meta(), sc.Snapshot()
	s.Started = s.Started.Add(d)
	m.Name = name
	return report.From(m, s)
}
