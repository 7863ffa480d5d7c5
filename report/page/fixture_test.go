package page

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/cause"
	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
	"brunt/report/rules"
)

// story is a made-up run with something to see in it: an endpoint that slows
// down between 45 and 60 % of the run, queues, and fails some requests.
type story struct {
	seconds, rate int
	names         []string
	calm          bool // nothing happens
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// builder keeps what is being made up.
type builder struct {
	story
	s        *result.Snapshot
	rng      *rand.Rand
	failures map[string]*result.Failure
	named    map[string]*result.Named
	follow   result.Follow
	counts   result.IntervalCounts // of the present second
}

func (st story) snapshot() *result.Snapshot {
	t := &builder{story: st, rng: rand.New(rand.NewPCG(uint64(st.seconds), 7)), failures: map[string]*result.Failure{}, named: map[string]*result.Named{}}
	t.s = &result.Snapshot{State: result.Done, Started: epoch, Status: map[int]uint64{}, Latencies: result.NewLatencies()}
	for second := range st.seconds {
		t.second(second)
	}
	t.finish()
	return t.s
}

func packed() *hdrhistogram.PackedHistogram {
	return hdrhistogram.NewPacked(1, histogram.Max, histogram.Digits)
}

func (t *builder) second(second int) {
	response, service, lateness := packed(), packed(), packed()
	in := result.Interval{At: time.Duration(second) * time.Second, Width: time.Second}
	trouble := 0.0
	if x := float64(second) / float64(t.seconds); !t.calm && x > 0.45 && x < 0.6 {
		trouble = math.Sin((x - 0.45) / 0.15 * math.Pi)
	}
	for i := range t.rate {
		late := int64(38e3 * math.Exp(0.3*t.rng.NormFloat64()))
		took := int64(21e6 * (1 + 4*trouble) * math.Exp((0.25+0.3*trouble)*t.rng.NormFloat64()))
		waited := int64(300e6 * trouble * t.rng.Float64())
		in.Planned, in.Sent, in.BytesOut = in.Planned+1, in.Sent+1, in.BytesOut+1200
		must(lateness.RecordValue(late))
		if t.rng.Float64() < 0.002+0.1*trouble {
			t.fail(&in, took+waited, second)
			name := t.name(i)
			name.Failed++
			of := t.counts.Name(t.follow.Name(name.Name))
			of.Sent, of.Failed = of.Sent+1, of.Failed+1
			continue
		}
		in.Succeeded, in.BytesIn = in.Succeeded+1, in.BytesIn+900
		must(response.RecordValue(took + waited + late))
		must(service.RecordValue(took))
		name := t.name(i)
		name.Succeeded++
		name.Response.Record(took + waited + late)
		name.Service.Record(took)
		name.BytesIn += 900
		of := t.counts.Name(t.follow.Name(name.Name))
		of.Sent, of.Succeeded, of.BytesIn = of.Sent+1, of.Succeeded+1, of.BytesIn+900
		of.Record(took + waited + late)
		t.s.Status[200]++
		if i == 0 {
			t.s.Slowest = append(t.s.Slowest, result.Slow{At: in.At, Response: time.Duration(took + waited + late), Service: time.Duration(took), Status: 200,
				Payload: fmt.Sprintf("bodies.jsonl:%d", second%1000+1), RequestID: fmt.Sprintf("6c1f2a8e-4f0b-4c4e-9a51-0d2f7f%06x", second*7919)})
		}
	}
	in.InFlight = uint64(float64(t.rate) * (0.022 + 0.3*trouble))
	in.Response, in.Service, in.Lateness = histogram.SketchOf(response), histogram.SketchOf(service), histogram.SketchOf(lateness)
	in.Names, in.Kinds = t.counts.Lists()
	t.counts = result.IntervalCounts{}
	t.add(&in)
	t.s.Latencies[figure.Response].Merge(response)
	t.s.Latencies[figure.Service].Merge(service)
	t.s.Latencies[figure.FirstByte].Merge(service)
	t.s.Latencies[figure.Lateness].Merge(lateness)
}

func (t *builder) add(in *result.Interval) {
	c := &t.s.Counts
	in.Completed, in.CompletedOK = in.Succeeded, in.Succeeded
	c.Window.Completed, c.Window.OK = c.Window.Completed+in.Completed, c.Window.OK+in.CompletedOK
	c.Planned, c.Sent, c.Succeeded, c.Failed = c.Planned+in.Planned, c.Sent+in.Sent, c.Succeeded+in.Succeeded, c.Failed+in.Failed
	c.BytesIn, c.BytesOut = c.BytesIn+in.BytesIn, c.BytesOut+in.BytesOut
	t.s.Intervals = append(t.s.Intervals, *in)
}

func (t *builder) name(i int) *result.Named {
	text := "chat"
	if len(t.names) > 0 {
		text = t.names[i%len(t.names)]
	}
	if t.named[text] == nil {
		t.named[text] = &result.Named{Name: text}
	}
	return t.named[text]
}

func (t *builder) fail(in *result.Interval, took int64, second int) {
	in.Failed++
	must(t.s.Latencies[figure.Failed].RecordValue(took))
	kinds := []result.Failure{
		{Kind: "status_429", Status: 429, Message: setting.Plain(`{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"too many concurrent requests"}`)},
		{Kind: "status_503", Status: 503, Message: setting.Plain("upstream connect error or disconnect/reset before headers")},
		{Kind: "reset", Message: setting.Plain("connection reset by the endpoint")},
	}
	f := kinds[min(t.rng.IntN(6), 5)/2]
	if t.rng.IntN(2) == 0 {
		f = kinds[0]
	}
	t.counts.Failed(t.follow.Kind(result.FailureKind{Kind: f.Kind, Status: f.Status}))
	if f.Status != 0 {
		t.s.Status[f.Status]++
	}
	if t.failures[f.Kind] == nil {
		f.First = time.Duration(second)*time.Second + 300*time.Millisecond
		t.failures[f.Kind] = &f
	}
	t.failures[f.Kind].Count++
	t.failures[f.Kind].Last = time.Duration(second)*time.Second + 700*time.Millisecond
}

func (t *builder) finish() {
	s := t.s
	s.Elapsed = time.Duration(t.seconds)*time.Second + 31*time.Millisecond
	s.PlanElapsed = time.Duration(t.seconds) * time.Second
	s.Counts.Window.Length = s.PlanElapsed
	s.Followed = t.follow.Followed
	for _, kind := range slices.Sorted(maps.Keys(t.failures)) {
		s.Failures = append(s.Failures, *t.failures[kind])
	}
	slices.SortStableFunc(s.Failures, func(a, b result.Failure) int { return int(b.Count) - int(a.Count) })
	for _, name := range slices.Sorted(maps.Keys(t.named)) {
		n := t.named[name]
		n.Sent = n.Succeeded + n.Failed
		s.Names = append(s.Names, *n)
	}
	slices.SortStableFunc(s.Slowest, func(a, b result.Slow) int { return int(b.Response - a.Response) })
	s.Slowest = s.Slowest[:min(len(s.Slowest), 20)]
	s.Addresses, s.TLSVersion = []string{"192.0.2.7:443"}, "1.3"
	for range 40 {
		s.Counts.Connections++
		must(s.Latencies[figure.Connect].RecordValue(200_000 + t.rng.Int64N(100_000)))
		must(s.Latencies[figure.TLS].RecordValue(2_000_000 + t.rng.Int64N(1_000_000)))
	}
	s.Client = result.Client{Cores: 2, CPU: s.Elapsed / 6, Wall: s.Elapsed, RSSPeak: 41_200_000, GCPauseMax: 212 * time.Microsecond, MaxFiles: 1_048_576}
	s.Verdict = result.Verdict{Trust: result.TrustFull, LimitedBy: "none", Headline: setting.Plain("the endpoint kept up"), Reasons: []string{"brunt used 8.3 % of 2 cores"}}
}

func (st story) meta() report.Meta {
	plan := plan.Plan{Concurrency: 200, Timeout: time.Minute, KeepAlive: true, AtEnd: plan.Drain, CatchUp: plan.CatchUpSend, Success: plan.DefaultSuccess(),
		Rate: vegeta.Rate{Freq: st.rate, Per: time.Second}, Duration: time.Duration(st.seconds) * time.Second, Warmup: 5 * time.Second}
	return report.Meta{
		Version: "0.1.0", Name: "nightly", URL: "https://dbc.example.com/serving-endpoints/my-endpoint/invocations", Endpoint: "my-endpoint",
		Protocol: "HTTP/1.1", Plan: plan, Order: "sequential", Seed: 1, Labels: map[string]string{"model": "v3", "commit": "1f2e3d"},
		Payloads: []report.Payload{{File: "testdata/bodies.jsonl", Lines: 1000, Bytes: 123456, SHA256: strings.Repeat("0a", 32), Weight: 1}},
		Command:  fmt.Sprintf("brunt attack my-endpoint -p testdata/bodies.jsonl --rate %d/s --duration %ds --warmup 5s", st.rate, st.seconds),
	}
}

func (st story) report(written ...string) *report.Report {
	r := report.From(st.meta(), st.snapshot())
	parsed, err := rules.ParseAll(written)
	must(err)
	rules.JudgeAll(r, parsed)
	return r
}

const nasty = "</script><img src=x onerror=alert(1)>\x1b[31m\r\n\t\u202eevil\u2066\x00\"'\\ & &amp; \u2028 שלום \\u003c 日本 <!--<script>"

// hostile puts nasty text wherever a run or its endpoint can write.
func hostile() *report.Report {
	st := story{seconds: 12, rate: 60, names: []string{nasty, strings.Repeat("n", 10_000), "", "\xff\xfe" + strings.Repeat("\u0301", 5000)}}
	s := st.snapshot()
	for i, message := range []string{nasty, strings.Repeat(nasty, 100), "429 " + strings.Repeat("語", 5000)}[:min(3, len(s.Failures))] {
		s.Failures[i].Message, s.Failures[i].RequestID, s.Failures[i].Kind = setting.Plain(message), nasty, nasty
	}
	s.Failures[0].Cause, s.Failures[0].Payload, s.Failures[0].Headers = cause.BadInput, nasty, map[string]string{nasty: nasty}
	s.Failures[0].Advice = setting.Plain(nasty + " does not fit the model's signature")
	s.Failures[1].Cause = cause.Cause(nasty)
	s.Models = []result.Served{{Name: nasty}}
	s.Slowest[0].Payload, s.Slowest[0].RequestID = strings.Repeat(nasty, 50), nasty
	s.Err, s.Warnings = errors.New(nasty), setting.Plains([]string{strings.Repeat("w", 10_000), nasty})
	s.Verdict = result.Verdict{Trust: result.TrustNone, LimitedBy: "client", Reasons: []string{strings.Repeat(nasty, 100)}}
	m := st.meta()
	m.Name, m.Endpoint, m.URL, m.Command = strings.Repeat(nasty, 3), "", "http://"+strings.Repeat("é.example/", 1000)+nasty, nasty
	m.Payloads[0].File, m.Order, m.Version, m.Protocol = "/srv/"+nasty+".jsonl", nasty, nasty, nasty
	m.Labels = map[string]string{nasty: nasty}
	return report.From(m, s)
}

// written is the report as a file's text.
func written(t testing.TB, r *report.Report) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
