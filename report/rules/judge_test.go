package rules_test

import (
	"math"
	"testing"

	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/reporttest"
	"brunt/report/rules"
)

func TestJudge(t *testing.T) {
	r := reporttest.Scenes()["failing"]
	l := &r.LatencyMS
	for _, c := range []struct {
		rule, canonical string
		value           float64
		unit            report.Unit
		met             bool
		reason          string
	}{
		{"p99<400ms", "p99<400ms", *l[figure.Response].P99, report.UnitMS, true, ""},
		{" p99 < 400ms ", "p99<400ms", *l[figure.Response].P99, report.UnitMS, true, ""},
		{"p99 < 400 ms", "p99<400ms", *l[figure.Response].P99, report.UnitMS, true, ""},
		{"p99<0.4s", "p99<0.4s", *l[figure.Response].P99, report.UnitMS, true, ""},
		{"p99>=1m", "p99>=1m", *l[figure.Response].P99, report.UnitMS, false, "p99 is 316 ms, not >= 1m"},
		{"response.p99.9<=1s", "response.p99.9<=1s", *l[figure.Response].P999, report.UnitMS, true, ""},
		{"p99_9<1s", "p99.9<1s", *l[figure.Response].P999, report.UnitMS, true, ""},
		{"p99.900<1s", "p99.9<1s", *l[figure.Response].P999, report.UnitMS, true, ""},
		{"service.p95<100ms", "service.p95<100ms", *l[figure.Service].P95, report.UnitMS, false, "service.p95 is 221 ms, not < 100ms"},
		{"mean<1s", "mean<1s", *l[figure.Response].Mean, report.UnitMS, true, ""},
		{"max>1ms", "max>1ms", *l[figure.Response].Max, report.UnitMS, true, ""},
		{"service.mean>1h", "service.mean>1h", *l[figure.Service].Mean, report.UnitMS, false, "service.mean is 108 ms, not > 1h"},
		{"lateness.p99<1ms", "lateness.p99<1ms", *r.LatenessMS.P99, report.UnitMS, true, ""},
		{"first_byte.p99<1s", "first_byte.p99<1s", *l[figure.FirstByte].P99, report.UnitMS, true, ""},
		{"failed.p50<1s", "failed.p50<1s", *l[figure.Failed].P50, report.UnitMS, true, ""},
		{"connect.max<301us", "connect.max<301us", *l[figure.Connect].Max, report.UnitMS, true, ""},
		{"connect.max<301µs", "connect.max<301µs", *l[figure.Connect].Max, report.UnitMS, true, ""},
		{"failed<0.1%", "failed<0.1%", 35.9747, report.UnitPercent, false, "failed is 36 %, not < 0.1%"},
		{"failed < 36 %", "failed<36%", 35.9747, report.UnitPercent, true, ""},
		{"failed<10", "failed<10", 6928, report.UnitCount, false, "failed is 6,928, not < 10"},
		{"failed<=6928", "failed<=6928", 6928, report.UnitCount, true, ""},
		{"failed<6928", "failed<6928", 6928, report.UnitCount, false, "failed is 6,928, not < 6928"},
		{"succeeded_per_s>900", "succeeded_per_s>900", r.Throughput.SucceededPerS, report.UnitRate, false, "succeeded_per_s is 632.0/s, not > 900"},
		{"sent_per_s>900/s", "sent_per_s>900/s", r.Throughput.SentPerS, report.UnitRate, true, ""},
		{"sent_per_s>=963.6", "sent_per_s>=963.6", 963.5, report.UnitRate, false, "sent_per_s is 963.5/s, not >= 963.6"},
		{"offered_per_s>=1000", "offered_per_s>=1000", 1000, report.UnitRate, true, ""},
		{"p99.999999<1s", "p99.999999<1s", math.NaN(), report.UnitMS, false, "too few samples: p99.999999 needs 100,000,000, there are 12,330"},
		{"tls.p50<1s", "tls.p50<1s", math.NaN(), report.UnitMS, false, "too few samples: there is no TLS handshake and so no tls time"},
	} {
		rule, err := rules.Parse(c.rule)
		if err != nil {
			t.Error(err)
			continue
		}
		j := rule.Judge(r)
		value := math.NaN()
		if j.Value != nil {
			value = *j.Value
		}
		same := value == c.value || math.IsNaN(value) && math.IsNaN(c.value)
		if j.Rule != c.canonical || !same || j.Unit != c.unit || j.Met != c.met || j.Reason != c.reason {
			t.Errorf("%s: %+v with value %v, want %+v", c.rule, j, value, c)
		}
	}
}

// Where a figure lies near its limit, its words have the digits to tell.
func TestJudgedWordsNearLimit(t *testing.T) {
	for _, c := range []struct {
		rule  string
		value float64
		want  string
	}{
		{"p99<200ms", 200.412, "200.412 ms"}, {"p99<200ms", 143.218, "143 ms"}, {"p99<200ms", 203, "203 ms"},
		{"failed<0.1%", 0.1004, "0.1004 %"}, {"sent_per_s>=500", 499.9981, "499.9981/s"}, {"failed<1000", 1001, "1,001"},
	} {
		rule, err := rules.Parse(c.rule)
		reporttest.Must(err)
		if got := rule.Words(c.value); got != c.want {
			t.Errorf("%s with %v: %q, want %q", c.rule, c.value, got, c.want)
		}
	}
}

// A run without a reply meets no rule on replies.
func TestJudgeNothing(t *testing.T) {
	r := report.From(report.Meta{}, reporttest.Empty())
	for _, s := range []string{"p50<1h", "mean<1h", "max<1h", "service.max<1h", "lateness.max<1h", "failed<100%", "failed.p50<1h"} {
		rule, err := rules.Parse(s)
		reporttest.Must(err)
		if j := rule.Judge(r); j.Met || j.Value != nil || j.Reason == "" {
			t.Errorf("%s on nothing: %+v", s, j)
		}
	}
}

func TestStreamRules(t *testing.T) {
	r := reporttest.Streamed()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true, true, false} {
		if j := r.SLO[i]; j.Met != want || j.Value == nil || j.Met == (j.Reason != "") {
			t.Errorf("%+v", j)
		}
	}
	if s := r.Stream; *s.PerUserTokensPerS != format.Per(1e3, *s.LatencyMS[figure.TPOT].P50) || s.OutputTokensPerS != format.Per(float64(*s.CompletedTokens), *r.Throughput.WindowS) {
		t.Errorf("%+v", s)
	}
	plain := reporttest.Judged(reporttest.Healthy.Report(), "ttft.p99<500ms", "output_tokens_per_s>0", "per_user_tokens_per_s>0")
	for _, j := range plain.SLO {
		if j.Met || j.Value != nil || j.Reason == "" {
			t.Errorf("without streams: %+v", j)
		}
	}
}
