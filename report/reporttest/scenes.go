package reporttest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"brunt/attack/cause"
	"brunt/attack/endpoint"
	"brunt/attack/endpoint/databricks"
	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
	"brunt/report/merge"
	"brunt/report/rules"
)

// Empty is the snapshot of a run in which nothing has happened.
func Empty() *result.Snapshot {
	return &result.Snapshot{State: result.Done, Verdict: result.Verdict{Trust: result.TrustFull, LimitedBy: "none"}}
}

// Full is a report in which every list has an entry and nothing is null that
// need not be.
func Full() *report.Report {
	r := Failing()
	r.Error, r.RunID = new("why"), new("k3j5h2n4m6")
	r.Plan.DurationS, r.Plan.Requests = new(20.0), new(uint64(20000))
	r.Target.TLS = new("1.3")
	r.Errors[0].Cause, r.Errors[0].Advice = new("rate_limited"), new("slow down")
	r.Errors[0].Payload, r.Errors[0].Headers = new("bodies.jsonl:17"), map[string]string{"retry-after": "1"}
	r.ServedModels = causes().ServedModels[:1]
	r.Endpoint = Served().Endpoint
	r.Names = Named().Names[:1]
	r.Errors, r.Slowest, r.Intervals, r.SLO = r.Errors[:1], r.Slowest[:1], r.Intervals[:1], r.SLO[:1]
	r.Plan.Payloads, r.Slices.List = r.Plan.Payloads[:1], r.Slices.List[:1]
	r.Client.Workers = Workers(2)[1:]
	return r
}

var Healthy = Scene{
	Seed:     1,
	Rate:     500,
	Slots:    40,
	N:        5000,
	Median:   21 * time.Millisecond,
	Spread:   0.25,
	Statuses: map[int]float64{429: 0.002},
	Resets:   0.0005,
	Tls:      true,
}

// Scenes are the reports that goldens are kept of; tests do not change them.
var Scenes = sync.OnceValue(func() map[string]*report.Report {
	return map[string]*report.Report{
		"healthy":     Judged(Healthy.Report(), "p99<200ms", "failed<0.5%", "succeeded_per_s>=499.5"),
		"failing":     Failing(),
		"invalid":     invalid(),
		"interrupted": interrupted(),
		"few": Judged(
			Scene{Seed: 5, Rate: 2, Slots: 1, N: 14, Median: 80 * time.Millisecond, Spread: 0.2}.Report(),
			"p99<200ms",
			"mean<1s",
		),
		"closed": closed(),
		"names":  Named(),
		"running": Scene{
			Seed:       8,
			Rate:       500,
			Slots:      40,
			N:          1600,
			Median:     21 * time.Millisecond,
			Spread:     0.25,
			CutOff:     11,
			InProgress: true,
		}.Report(),
		"unreachable": unreachable(),
		"hostile":     hostile(),
		"outlier":     outlier(),
		"merged":      merged(),
		"causes":      causes(),
		"streamed":    Streamed(),
		"served":      Served(),
		"workers":     divided(),
	}
})

// Judged is the report with the rules judged, as they are written.
func Judged(r *report.Report, written ...string) *report.Report {
	var parsed []rules.Rule
	for _, s := range written {
		rule, err := rules.Parse(s)
		Must(err)
		parsed = append(parsed, rule)
	}
	rules.JudgeAll(r, parsed)
	return r
}

// Failing has more kinds of failures than a screen holds.
func Failing() *report.Report {
	sc := Scene{
		Seed:   2,
		Rate:   1000,
		Slots:  200,
		N:      20000,
		Median: 95 * time.Millisecond,
		Spread: 0.5,
		NoSlot: 730,
		CutOff: 12,
		Statuses: map[int]float64{
			429: 0.2,
			500: 0.05,
			400: 0.01,
			404: 0.01,
			408: 0.01,
			413: 0.01,
			422: 0.01,
			502: 0.01,
			503: 0.01,
			504: 0.01,
			507: 0.01,
		},
		Resets: 0.02,
	}
	s := sc.Snapshot()
	s.Counts.Warmup, s.Counts.Reconnected = 2000, 17
	s.Verdict = result.Verdict{
		Trust:     result.TrustLimited,
		LimitedBy: "endpoint",
		Error:     8 * time.Millisecond,
		Headline:  setting.Plain("the endpoint refused 35 % of the requests (429 too many concurrent requests)"),
		Reasons:   []string{"1.2 % of the requests were sent up to 8.00 ms late", "brunt used 12 % of 2 cores"},
	}
	m := sc.Meta()
	m.Concurrency, s.Warmup = 200, 2*time.Second
	m.Name = "nightly"
	m.Order, m.Seed = "shuffle", 42
	m.Payloads = append(m.Payloads, m.Payloads[0], m.Payloads[0])
	return Judged(
		report.From(m, s),
		"response.p99.9 < 250ms",
		"service.p95<150ms",
		"failed<0.1%",
		"failed<10",
		"connect.p99.99<1ms",
	)
}

// causes has failures of one status that tell each other apart, and replies of
// three models.
func causes() *report.Report {
	sc := Scene{
		Seed:     12,
		Rate:     400,
		Slots:    100,
		N:        8000,
		Median:   60 * time.Millisecond,
		Spread:   0.4,
		Statuses: map[int]float64{429: 0.1, 400: 0.01},
		Resets:   0.001,
	}
	s := sc.Snapshot()
	split := map[int]result.Failure{}
	for i := range s.Failures {
		split[s.Failures[i].Status] = s.Failures[i]
	}
	slow, bad := split[429], split[400]
	slow.Advice = setting.Plain("at its provisioned concurrency: raise it, or this is your limit")
	slow.Cause, slow.Headers = cause.Concurrency, map[string]string{
		"retry-after":             "1",
		"x-databricks-request-id": "req-0a1b2c",
	}
	tokens, gateway := slow, slow
	tokens.Cause, tokens.Count, tokens.Message = cause.Tokens, slow.Count/3, setting.Plain(
		"Exceeded workspace input tokens per minute rate limit",
	)
	tokens.Advice = setting.Plain("token quota: max_tokens is reserved ahead of output, so lower it")
	gateway.Advice = setting.Plain("rate limit set in the endpoint's AI Gateway: raise it there")
	gateway.Cause, gateway.Count, gateway.Message = cause.Gateway, slow.Count/5, setting.Plain(
		"User defined rate limit(s) exceeded: Requests-per-minute (RPM)",
	)
	slow.Count -= tokens.Count + gateway.Count
	bad.Cause, bad.Message, bad.Payload = cause.BadInput, setting.Plain(
		"Failed to parse input as a DataFrame",
	), "bodies.jsonl:17"
	bad.Advice = setting.Plain(bad.Payload + " does not fit the model's signature")
	s.Failures = []result.Failure{slow, tokens, gateway, bad, split[0]}
	for i, name := range []string{"champion", "challenger", nasty} {
		m := result.Served{Name: name}
		for n := range int64(3000 >> i) {
			m.Response.Record(n * 41_000)
			m.Service.Record(n * 40_000)
		}
		m.Count = uint64(m.Response.Count())
		s.Models = append(s.Models, m)
	}
	s.Verdict = result.Verdict{
		Trust:     result.TrustFull,
		LimitedBy: "endpoint",
		Headline:  setting.Plain("the endpoint refused 11 % of the requests"),
		Reasons:   []string{"brunt used 12 % of 2 cores"},
	}
	return report.From(sc.Meta(), s)
}

func invalid() *report.Report {
	sc := Scene{Seed: 3, Rate: 20000, Slots: 64, N: 40000, Median: 3 * time.Millisecond, Spread: 0.4}
	s := sc.Snapshot()
	s.Counts.LateWithSlots = 8123
	s.Verdict = result.Verdict{
		Trust:     result.TrustNone,
		LimitedBy: "client",
		Headline:  setting.Plain("brunt could not send what was asked"),
		Reasons: []string{
			"brunt sent 20 % of the requests over 10 ms late though slots were free", "brunt used 97 % of 2 cores"},
	}
	s.Warnings = setting.Plains(
		[]string{"the open-file limit is 1,024: at most 1,000 requests can be in flight; raise it with ulimit -n"},
	)
	return report.From(sc.Meta(), s)
}

func interrupted() *report.Report {
	sc := Scene{Seed: 4, Rate: 100, Slots: 16, N: 321, Median: 30 * time.Millisecond, Spread: 0.3, stopped: 2}
	s := sc.Snapshot()
	s.Interrupted = true
	s.Err = errors.New("bodies.jsonl:17: the file shrank while it was in use; give a file that nobody writes to")
	m := sc.Meta()
	m.Plan.Duration = 10 * time.Minute
	return report.From(m, s)
}

func closed() *report.Report {
	sc := Scene{Seed: 6, Slots: 16, N: 20000, Median: 900 * time.Microsecond, Spread: 0.35}
	s := sc.Snapshot()
	s.Client.Embedded = true
	s.Verdict.Reasons[0] = "brunt and its embedded endpoint used 81 % of 2 cores"
	m := sc.Meta()
	m.Endpoint, m.URL = "", "http://127.0.0.1:8088/invocations"
	return report.From(m, s)
}

// Named is the report of a run with payload names.
func Named() *report.Report {
	sc := Scene{
		Seed:     7,
		Rate:     300,
		Slots:    40,
		N:        9000,
		Median:   40 * time.Millisecond,
		Spread:   0.6,
		Statuses: map[int]float64{503: 0.004},
	}
	for i := range 13 {
		sc.Names = append(
			sc.Names,
			[]string{"short prompt", "long prompt with a context of many pages and a name to match", "日本語の要約", "chat"}[i%4]+strings.Repeat(
				"+",
				i/4,
			),
		)
	}
	return sc.Report()
}

func unreachable() *report.Report {
	sc := Scene{Seed: 9, Rate: 10, Slots: 10, N: 50, Median: time.Millisecond, Resets: 1}
	s := sc.Snapshot()
	s.Failures[0].Kind, s.Failures[0].Message = "refused", setting.Plain(
		"dial tcp 192.0.2.7:443: connect: connection refused",
	)
	s.Failures[0].Advice = setting.Plain(
		"nothing listens there: check host and port, and whether the endpoint is still up",
	)
	s.Verdict = result.Verdict{
		Trust:     result.TrustFull,
		LimitedBy: "endpoint",
		Headline:  setting.Plain("the endpoint refused all connections"),
	}
	return Judged(report.From(sc.Meta(), s), "p50<1s")
}

const nasty = "\x1b[31m</script>\r\n\t\u202eevil\u2066\x00\"'\\ שלום \u0301\u0301 日本"

func hostile() *report.Report {
	sc := Scene{
		Seed:     10,
		Rate:     50,
		Slots:    8,
		N:        500,
		Median:   10 * time.Millisecond,
		Spread:   1.2,
		Statuses: map[int]float64{500: 0.05, 502: 0.02},
		Resets:   0.02,
		Names:    []string{nasty, strings.Repeat("n", 10_000), "", "\xff\xfe" + strings.Repeat("\u0301", 10_000)},
	}
	s := sc.Snapshot()
	for i, message := range []string{nasty, strings.Repeat(nasty, 300), "429 " + strings.Repeat("語", 5000)} {
		s.Failures[i].Message = setting.Plain(message)
		s.Failures[i].RequestID = nasty
		s.Failures[i].Cause, s.Failures[i].Payload, s.Failures[i].Headers = cause.BadInput, strings.Repeat(
			nasty,
			50,
		), map[string]string{
			nasty: nasty,
		}
		s.Failures[i].Advice = setting.Plain(s.Failures[i].Payload + " does not fit the model's signature")
	}
	s.Slowest[0].Payload, s.Slowest[0].RequestID = strings.Repeat(nasty, 50), nasty
	s.Slowest[0].Response = 10 * time.Minute
	s.Err, s.Warnings = errors.New(nasty), setting.Plains([]string{strings.Repeat("w", 10_000), nasty})
	s.Verdict.Reasons = []string{strings.Repeat(nasty, 100)}
	m := sc.Meta()
	m.Name, m.Endpoint, m.URL = strings.Repeat(nasty, 3), "", "http://"+strings.Repeat("é.example/", 1000)
	m.Payloads[0].File, m.Order = "/tmp/"+nasty+".jsonl", nasty
	m.Labels = map[string]string{nasty: nasty}
	return report.From(m, s)
}

func outlier() *report.Report {
	sc := Scene{Seed: 11, Rate: 100, Slots: 16, N: 1000, Median: 12 * time.Millisecond, Spread: 0.1}
	s := sc.Snapshot()
	// Two replies more, which took 0.9 s.
	for range 2 {
		s.Counts.Planned, s.Counts.Sent, s.Counts.Succeeded = s.Counts.Planned+1, s.Counts.Sent+1, s.Counts.Succeeded+1
		s.Status[200]++
		in := &s.Intervals[3]
		in.Planned, in.Sent, in.Succeeded = in.Planned+1, in.Sent+1, in.Succeeded+1
		Must(s.Latencies[figure.Response].RecordValue(int64(900 * time.Millisecond)))
		Must(s.Latencies[figure.Service].RecordValue(int64(899 * time.Millisecond)))
		Must(s.Latencies[figure.FirstByte].RecordValue(int64(890 * time.Millisecond)))
		Must(s.Latencies[figure.Lateness].RecordValue(int64(40 * time.Microsecond)))
	}
	slow := result.Slow{
		At:        3200 * time.Millisecond,
		Response:  900 * time.Millisecond,
		Service:   899 * time.Millisecond,
		Status:    200,
		Payload:   "bodies.jsonl:17",
		RequestID: "6c1f2a8e-4f0b-4c4e-9a51-0d2f7f9a9f31",
	}
	s.Slowest = append([]result.Slow{slow, slow}, s.Slowest[:18]...)
	return report.From(sc.Meta(), s)
}

func merged() *report.Report {
	var reports []*report.Report
	for i := range 3 {
		sc := Healthy
		sc.Seed = uint64(20 + i)
		m, s := sc.Meta(), sc.Snapshot()
		s.Started = s.Started.Add(time.Duration(i) * 370 * time.Millisecond)
		m.Name = fmt.Sprintf("worker-%d", i+1)
		reports = append(reports, Judged(report.From(m, s), "p99<200ms"))
	}
	m, err := merge.Reports(reports)
	Must(err)
	return m
}

// Served is a run against an endpoint whose workspace told of it, and which
// said something of itself twice.
func Served() *report.Report {
	r := Healthy.Report()
	d := &endpoint.Details{Name: "my-endpoint", Entities: []databricks.Entity{
		{
			Name:           "model-1",
			Model:          "main.default.model",
			Version:        "3",
			WorkloadSize:   "Medium",
			MinConcurrency: 8,
			MaxConcurrency: 8,
			Traffic:        100,
		},
	}}
	x := databricks.Export{
		Concurrency: new(8.0),
		CPU:         new(12.5),
		Memory:      new(40.0),
		GPU:         new(0.0),
		Requests:    new(900.0),
		Requests4xx: new(0.0),
		Requests5xx: new(0.0),
	}
	y := x
	y.Request, y.Model, y.Queue = databricks.Times{
		Count: 5000,
		Sum:   90_000,
	}, databricks.Times{
		Count: 4990,
		Sum:   74_850,
	}, databricks.Times{
		Count: 4990,
		Sum:   4990,
	}
	samples := []endpoint.Sample{{At: Epoch.Add(-time.Second), Export: x}, {At: Epoch.Add(10 * time.Second), Export: y}}
	r.DescribeEndpoint(report.Meta{Details: d}, samples, Epoch, 5000, 0)
	return r
}

// StreamSnapshot has streams of 1 to 200 tokens, of which every tenth states no
// usage, and a few without any output.
func StreamSnapshot(seed uint64) (Scene, *result.Snapshot) {
	sc := Scene{
		Seed:     seed,
		Rate:     20,
		Slots:    60,
		N:        1200,
		Median:   2 * time.Second,
		Spread:   0.3,
		Statuses: map[int]float64{429: 0.01},
	}
	s := sc.Snapshot()
	s.Failures = append(
		s.Failures,
		result.Failure{
			Kind:    result.KindStreamBroken,
			Message: setting.Plain("the stream broke after 12 chunks: unexpected EOF"),
			Count:   3,
			First:   time.Second,
			Last:    40 * time.Second,
		},
	)
	s.Counts.Failed += 3
	s.Counts.Sent += 3
	s.Counts.Planned += 3
	in := &s.Intervals[0]
	in.Planned, in.Sent, in.Failed = in.Planned+3, in.Sent+3, in.Failed+3
	lateness := in.Lateness.Histogram()
	for range 3 {
		Must(s.Latencies[figure.Failed].RecordValue(int64(time.Second)))
		Must(s.Latencies[figure.Lateness].RecordValue(38_000))
		Must(lateness.RecordValue(38_000))
	}
	in.Lateness = histogram.SketchOf(lateness)
	l := &s.Latencies
	l.BeginStreams()
	c, rng := &s.Counts.Stream, rand.New(rand.NewPCG(seed, 9))
	for i := range s.Counts.Succeeded {
		c.Streams++
		c.PromptTokens += 550
		first := int64(200e6 + rng.Int64N(100e6))
		Must(l[figure.FirstChunk].RecordValue(first - 20e6))
		if i%300 == 299 {
			c.Silent++
			c.ByUsage++
			continue
		}
		Must(l[figure.TTFT].RecordValue(first))
		Must(l[figure.ResponseTTFT].RecordValue(first + 40_000))
		chunks := 1 + rng.Uint64N(100)
		tokens := 2 * chunks
		if i%10 == 0 {
			tokens = chunks
			c.ByChunks++
		} else {
			c.ByUsage++
		}
		c.Chunks += chunks
		c.Choices++
		c.OutputTokens += tokens
		var whole int64
		for range chunks - 1 {
			gap := 30e6 + rng.Int64N(10e6)
			whole += gap
			Must(l[figure.InterChunk].RecordValue(gap))
		}
		Must(l[figure.EndToEnd].RecordValue(first + whole))
		if chunks > 1 {
			Must(l[figure.TPOT].RecordValue(whole / int64(tokens-1)))
		}
	}
	in.Chunks = c.Chunks + 36 // those of the broken ones
	s.Counts.Window.Tokens = result.WindowTokens{Streamed: c.OutputTokens * 48 / 50, Estimated: c.OutputTokens / 50}
	in.TTFT = histogram.SketchOf(l[figure.TTFT])
	return sc, s
}

// Streamed is the report of a run of streams.
func Streamed() *report.Report {
	sc, s := StreamSnapshot(13)
	meta := sc.Meta()
	meta.Plan.Good = plan.Bounds{figure.TTFT: 500 * time.Millisecond, figure.TPOT: 15 * time.Millisecond}
	s.Counts.Good = 401
	return Judged(
		report.From(meta, s),
		"ttft.p99<500ms",
		"tpot.p95<15ms",
		"inter_chunk.p99<50ms",
		"output_tokens_per_s>1000",
		"per_user_tokens_per_s>100/s",
	)
}
