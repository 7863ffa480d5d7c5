package report

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"brunt/attack"
)

var healthy = scene{seed: 1, rate: 500, slots: 40, n: 5000, median: 21 * time.Millisecond, spread: 0.25, statuses: map[int]float64{429: 0.002}, resets: 0.0005, tls: true}

// scenes are the reports that goldens are kept of; tests do not change them.
var scenes = sync.OnceValue(func() map[string]*Report {
	return map[string]*Report{
		"healthy":     judged(healthy.report(), "p99<200ms", "failed<0.5%", "succeeded_per_s>=499.5"),
		"failing":     failing(),
		"invalid":     invalid(),
		"interrupted": interrupted(),
		"few":         judged(scene{seed: 5, rate: 2, slots: 1, n: 14, median: 80 * time.Millisecond, spread: 0.2}.report(), "p99<200ms", "mean<1s"),
		"closed":      closed(),
		"names":       named(),
		"running":     scene{seed: 8, rate: 500, slots: 40, n: 1600, median: 21 * time.Millisecond, spread: 0.25, cutOff: 11, inProgress: true}.report(),
		"unreachable": unreachable(),
		"hostile":     hostile(),
		"outlier":     outlier(),
		"merged":      merged(),
		"causes":      causes(),
		"streamed":    streamed(),
		"served":      served(),
	}
})

func judged(r *Report, rules ...string) *Report {
	var parsed []Rule
	for _, s := range rules {
		rule, err := ParseRule(s)
		must(err)
		parsed = append(parsed, rule)
	}
	r.JudgeAll(parsed)
	return r
}

// failing has more kinds of failures than a screen holds.
func failing() *Report {
	sc := scene{seed: 2, rate: 1000, slots: 200, n: 20000, median: 95 * time.Millisecond, spread: 0.5, noSlot: 730, cutOff: 12,
		statuses: map[int]float64{429: 0.2, 500: 0.05, 400: 0.01, 404: 0.01, 408: 0.01, 413: 0.01, 422: 0.01, 502: 0.01, 503: 0.01, 504: 0.01, 507: 0.01},
		resets:   0.02}
	s := sc.snapshot()
	s.Counts.Warmup, s.Counts.Reconnected = 2000, 17
	s.Verdict = attack.Verdict{Trust: attack.TrustLimited, LimitedBy: "endpoint", Error: 8 * time.Millisecond, Headline: "the endpoint refused 35 % of the requests (429 too many concurrent requests)",
		Reasons: []string{"1.2 % of the requests were sent up to 8.00 ms late", "brunt used 12 % of 2 cores"}}
	m := sc.meta()
	m.Plan.Warmup, m.Concurrency = 2*time.Second, 200
	m.Name = "nightly"
	m.Order, m.Seed = "shuffle", 42
	m.Payloads = append(m.Payloads, m.Payloads[0], m.Payloads[0])
	return judged(From(m, s), "response.p99.9 < 250ms", "service.p95<150ms", "failed<0.1%", "failed<10", "connect.p99.99<1ms")
}

// causes has failures of one status that tell each other apart, and replies of
// three models.
func causes() *Report {
	sc := scene{seed: 12, rate: 400, slots: 100, n: 8000, median: 60 * time.Millisecond, spread: 0.4, statuses: map[int]float64{429: 0.1, 400: 0.01}, resets: 0.001}
	s := sc.snapshot()
	split := map[int]attack.Failure{}
	for i := range s.Failures {
		split[s.Failures[i].Status] = s.Failures[i]
	}
	slow, bad := split[429], split[400]
	slow.Advice = "at its provisioned concurrency: raise it, or this is your limit"
	slow.Cause, slow.Headers = attack.CauseConcurrency, map[string]string{"retry-after": "1", "x-databricks-request-id": "req-0a1b2c"}
	tokens, gateway := slow, slow
	tokens.Cause, tokens.Count, tokens.Message = attack.CauseTokens, slow.Count/3, "Exceeded workspace input tokens per minute rate limit"
	tokens.Advice = "token quota: max_tokens is reserved ahead of output, so lower it"
	gateway.Advice = "rate limit set in the endpoint's AI Gateway: raise it there"
	gateway.Cause, gateway.Count, gateway.Message = attack.CauseGateway, slow.Count/5, "User defined rate limit(s) exceeded: Requests-per-minute (RPM)"
	slow.Count -= tokens.Count + gateway.Count
	bad.Cause, bad.Message, bad.Payload = attack.CauseBadInput, "Failed to parse input as a DataFrame", "bodies.jsonl:17"
	bad.Advice = bad.Payload + " does not fit the model's signature"
	s.Failures = []attack.Failure{slow, tokens, gateway, bad, split[0]}
	for i, name := range []string{"champion", "challenger", nasty} {
		m := attack.Served{Name: name}
		for n := range int64(3000 >> i) {
			m.Response.Record(n * 41_000)
			m.Service.Record(n * 40_000)
		}
		m.Count = uint64(m.Response.Count())
		s.Models = append(s.Models, m)
	}
	s.Verdict = attack.Verdict{Trust: attack.TrustFull, LimitedBy: "endpoint", Headline: "the endpoint refused 11 % of the requests", Reasons: []string{"brunt used 12 % of 2 cores"}}
	return From(sc.meta(), s)
}

func invalid() *Report {
	sc := scene{seed: 3, rate: 20000, slots: 64, n: 40000, median: 3 * time.Millisecond, spread: 0.4}
	s := sc.snapshot()
	s.Counts.LateWithSlots = 8123
	s.Verdict = attack.Verdict{Trust: attack.TrustNone, LimitedBy: "client", Headline: "brunt could not send what was asked", Reasons: []string{
		"brunt sent 20 % of the requests over 10 ms late though slots were free", "brunt used 97 % of 2 cores"}}
	s.Warnings = []string{"the open-file limit is 1,024: at most 1,000 requests can be in flight; raise it with ulimit -n"}
	return From(sc.meta(), s)
}

func interrupted() *Report {
	sc := scene{seed: 4, rate: 100, slots: 16, n: 321, median: 30 * time.Millisecond, spread: 0.3, stopped: 2}
	s := sc.snapshot()
	s.Interrupted = true
	s.Err = "bodies.jsonl:17: the file shrank while it was in use; give a file that nobody writes to"
	m := sc.meta()
	m.Plan.Duration = 10 * time.Minute
	return From(m, s)
}

func closed() *Report {
	sc := scene{seed: 6, slots: 16, n: 20000, median: 900 * time.Microsecond, spread: 0.35}
	s := sc.snapshot()
	s.Client.Embedded = true
	s.Verdict.Reasons[0] = "brunt and its embedded endpoint used 81 % of 2 cores"
	m := sc.meta()
	m.Endpoint, m.URL = "", "http://127.0.0.1:8088/invocations"
	return From(m, s)
}

func named() *Report {
	sc := scene{seed: 7, rate: 300, slots: 40, n: 9000, median: 40 * time.Millisecond, spread: 0.6, statuses: map[int]float64{503: 0.004}}
	for i := range 13 {
		sc.names = append(sc.names, []string{"short prompt", "long prompt with a context of many pages and a name to match", "日本語の要約", "chat"}[i%4]+strings.Repeat("+", i/4))
	}
	return sc.report()
}

func unreachable() *Report {
	sc := scene{seed: 9, rate: 10, slots: 10, n: 50, median: time.Millisecond, resets: 1}
	s := sc.snapshot()
	s.Failures[0].Kind, s.Failures[0].Message = "refused", "dial tcp 192.0.2.7:443: connect: connection refused"
	s.Failures[0].Advice = "nothing listens there: check host and port, and whether the endpoint is still up"
	s.Verdict = attack.Verdict{Trust: attack.TrustFull, LimitedBy: "endpoint", Headline: "the endpoint refused all connections"}
	return judged(From(sc.meta(), s), "p50<1s")
}

const nasty = "\x1b[31m</script>\r\n\t\u202eevil\u2066\x00\"'\\ שלום \u0301\u0301 日本"

func hostile() *Report {
	sc := scene{seed: 10, rate: 50, slots: 8, n: 500, median: 10 * time.Millisecond, spread: 1.2, statuses: map[int]float64{500: 0.05, 502: 0.02}, resets: 0.02,
		names: []string{nasty, strings.Repeat("n", 10_000), "", "\xff\xfe" + strings.Repeat("\u0301", 10_000)}}
	s := sc.snapshot()
	for i, message := range []string{nasty, strings.Repeat(nasty, 300), "429 " + strings.Repeat("語", 5000)} {
		s.Failures[i].Message = message
		s.Failures[i].RequestID = nasty
		s.Failures[i].Cause, s.Failures[i].Payload, s.Failures[i].Headers = attack.CauseBadInput, strings.Repeat(nasty, 50), map[string]string{nasty: nasty}
		s.Failures[i].Advice = s.Failures[i].Payload + " does not fit the model's signature"
	}
	s.Slowest[0].Payload, s.Slowest[0].RequestID = strings.Repeat(nasty, 50), nasty
	s.Slowest[0].Response = 10 * time.Minute
	s.Err, s.Warnings = nasty, []string{strings.Repeat("w", 10_000), nasty}
	s.Verdict.Reasons = []string{strings.Repeat(nasty, 100)}
	m := sc.meta()
	m.Name, m.Endpoint, m.URL = strings.Repeat(nasty, 3), "", "http://"+strings.Repeat("é.example/", 1000)
	m.Payloads[0].File, m.Order = "/tmp/"+nasty+".jsonl", nasty
	m.Labels = map[string]string{nasty: nasty}
	return From(m, s)
}

func outlier() *Report {
	sc := scene{seed: 11, rate: 100, slots: 16, n: 1000, median: 12 * time.Millisecond, spread: 0.1}
	s := sc.snapshot()
	// Two replies more, which took 0.9 s.
	for range 2 {
		s.Counts.Planned, s.Counts.Sent, s.Counts.Succeeded = s.Counts.Planned+1, s.Counts.Sent+1, s.Counts.Succeeded+1
		s.Status[200]++
		in := &s.Intervals[3]
		in.Planned, in.Sent, in.Succeeded = in.Planned+1, in.Sent+1, in.Succeeded+1
		must(s.Latencies.Response.RecordValue(int64(900 * time.Millisecond)))
		must(s.Latencies.Service.RecordValue(int64(899 * time.Millisecond)))
		must(s.Latencies.FirstByte.RecordValue(int64(890 * time.Millisecond)))
		must(s.Latencies.Lateness.RecordValue(int64(40 * time.Microsecond)))
	}
	slow := attack.Slow{At: 3200 * time.Millisecond, Response: 900 * time.Millisecond, Service: 899 * time.Millisecond, Status: 200,
		Payload: "bodies.jsonl:17", RequestID: "6c1f2a8e-4f0b-4c4e-9a51-0d2f7f9a9f31"}
	s.Slowest = append([]attack.Slow{slow, slow}, s.Slowest[:18]...)
	return From(sc.meta(), s)
}

func merged() *Report {
	var reports []*Report
	for i := range 3 {
		sc := healthy
		sc.seed = uint64(20 + i)
		m, s := sc.meta(), sc.snapshot()
		s.Started = s.Started.Add(time.Duration(i) * 370 * time.Millisecond)
		m.Name = fmt.Sprintf("worker-%d", i+1)
		reports = append(reports, judged(From(m, s), "p99<200ms"))
	}
	m, err := Merge(reports)
	must(err)
	return m
}
