package report

import (
	"math"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	r := scenes()["failing"]
	l := &r.LatencyMS
	for _, c := range []struct {
		rule, canonical string
		value           float64
		unit            Unit
		met             bool
		reason          string
	}{
		{"p99<400ms", "p99<400ms", *l.Response.P99, UnitMS, true, ""},
		{" p99 < 400ms ", "p99<400ms", *l.Response.P99, UnitMS, true, ""},
		{"p99 < 400 ms", "p99<400ms", *l.Response.P99, UnitMS, true, ""},
		{"p99<0.4s", "p99<0.4s", *l.Response.P99, UnitMS, true, ""},
		{"p99>=1m", "p99>=1m", *l.Response.P99, UnitMS, false, "p99 is 316 ms, not >= 1m"},
		{"response.p99.9<=1s", "response.p99.9<=1s", *l.Response.P999, UnitMS, true, ""},
		{"p99_9<1s", "p99.9<1s", *l.Response.P999, UnitMS, true, ""},
		{"p99.900<1s", "p99.9<1s", *l.Response.P999, UnitMS, true, ""},
		{"service.p95<100ms", "service.p95<100ms", *l.Service.P95, UnitMS, false, "service.p95 is 221 ms, not < 100ms"},
		{"mean<1s", "mean<1s", *l.Response.Mean, UnitMS, true, ""},
		{"max>1ms", "max>1ms", *l.Response.Max, UnitMS, true, ""},
		{"service.mean>1h", "service.mean>1h", *l.Service.Mean, UnitMS, false, "service.mean is 108 ms, not > 1h"},
		{"lateness.p99<1ms", "lateness.p99<1ms", *r.LatenessMS.P99, UnitMS, true, ""},
		{"first_byte.p99<1s", "first_byte.p99<1s", *l.FirstByte.P99, UnitMS, true, ""},
		{"failed.p50<1s", "failed.p50<1s", *l.Failed.P50, UnitMS, true, ""},
		{"connect.max<301us", "connect.max<301us", *l.Connect.Max, UnitMS, true, ""},
		{"connect.max<301µs", "connect.max<301µs", *l.Connect.Max, UnitMS, true, ""},
		{"failed<0.1%", "failed<0.1%", 35.9747, UnitPercent, false, "failed is 36 %, not < 0.1%"},
		{"failed < 36 %", "failed<36%", 35.9747, UnitPercent, true, ""},
		{"failed<10", "failed<10", 6928, UnitCount, false, "failed is 6,928, not < 10"},
		{"failed<=6928", "failed<=6928", 6928, UnitCount, true, ""},
		{"failed<6928", "failed<6928", 6928, UnitCount, false, "failed is 6,928, not < 6928"},
		{"succeeded_per_s>900", "succeeded_per_s>900", r.Throughput.SucceededPerS, UnitRate, false, "succeeded_per_s is 632.0/s, not > 900"},
		{"sent_per_s>900/s", "sent_per_s>900/s", r.Throughput.SentPerS, UnitRate, true, ""},
		{"sent_per_s>=963.6", "sent_per_s>=963.6", 963.5, UnitRate, false, "sent_per_s is 963.5/s, not >= 963.6"},
		{"offered_per_s>=1000", "offered_per_s>=1000", 1000, UnitRate, true, ""},
		{"p99.999999<1s", "p99.999999<1s", math.NaN(), UnitMS, false, "too few samples: p99.999999 needs 100,000,000, there are 12,330"},
		{"tls.p50<1s", "tls.p50<1s", math.NaN(), UnitMS, false, "too few samples: there is no TLS handshake and so no tls time"},
	} {
		rule, err := ParseRule(c.rule)
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
		rule, err := ParseRule(c.rule)
		must(err)
		if got := rule.words(c.value); got != c.want {
			t.Errorf("%s with %v: %q, want %q", c.rule, c.value, got, c.want)
		}
	}
}

// A run without a reply meets no rule on replies.
func TestJudgeNothing(t *testing.T) {
	r := From(Meta{}, (&tape{}).empty())
	for _, s := range []string{"p50<1h", "mean<1h", "max<1h", "service.max<1h", "lateness.max<1h", "failed<100%", "failed.p50<1h"} {
		rule, err := ParseRule(s)
		must(err)
		if j := rule.Judge(r); j.Met || j.Value != nil || j.Reason == "" {
			t.Errorf("%s on nothing: %+v", s, j)
		}
	}
}

func TestParseRuleRefuses(t *testing.T) {
	for rule, want := range map[string]string{
		"":                       "no comparison",
		"p99":                    "no comparison",
		"p99=200ms":              `operator "=" is none of < <= > >=`,
		"p99==200ms":             `operator "=="`,
		"p99=<200ms":             `operator "=<"`,
		"p99<>200ms":             `operator "<>"`,
		"p99<200ms<300ms":        "limit",
		"p99<":                   "no limit after <; a duration carries its unit",
		"p99<200":                "a duration carries its unit",
		"p99<0":                  "a duration carries its unit",
		"p99<-200ms":             "a duration carries its unit",
		"p99<+200ms":             "a duration carries its unit",
		"p99<200 300ms":          "a duration carries its unit",
		"p99<5%":                 "a duration carries its unit",
		"p0<1s":                  "not above p0",
		"p100<1s":                "for the highest value write max",
		"p999<1s":                "for the highest value write max",
		"p99.<1s":                "percentile",
		"p99.1234567<1s":         "at most 6 decimals",
		"p<1s":                   `unknown figure "p"`,
		"P99<1s":                 "did you mean p99?",
		"pp99<1s":                "did you mean p99?",
		"latency.p99<1s":         "unknown figure",
		"respones.p99<1s":        "did you mean response.p99?",
		"service.maximum<1s":     "unknown figure",
		"service.men<1s":         "did you mean service.mean?",
		"mena<1s":                "did you mean mean?",
		"failled<1%":             "did you mean failed?",
		"succeded_per_s>900":     "did you mean succeeded_per_s?",
		"tftt.p99<1s":            "did you mean ttft.p99?",
		"tpot.p99<1":             "a duration carries its unit",
		"output_tokens_per_s<1s": "write a number per second",
		"rps>900":                "figures are pNN",
		"failed<101%":            "write a share",
		"failed<1.5":             "write a share as in 0.1% or a whole number",
		"failed<-1":              "write a share",
		"failed<NaN%":            "write a share",
		"failed<1e3":             "write a share",
		"failed<10ms":            "write a share",
		"sent_per_s>":            "write a number per second",
		"sent_per_s>Inf":         "write a number per second",
		"sent_per_s>0x10":        "write a number per second",
		"sent_per_s>9/m":         "write a number per second",
		"response.failed<1%":     "unknown figure",
		".p99<1s":                "unknown figure",
		"a\nb\x1b[31m<1s":        `unknown figure "a\nb\x1b[31m"`,
		"p99\u202e<1s":           `"p99\u202e"`,
		"max" + long + "<1s":     "unknown figure",
		"p99<" + long + "ms":     "limit",
		"p99" + long + "<200ms":  "",
	} {
		_, err := ParseRule(rule)
		switch {
		case err == nil:
			t.Errorf("%.60q was read", rule)
		case !strings.HasPrefix(err.Error(), "slo ") || !strings.Contains(err.Error(), want):
			t.Errorf("%.60q: %v, want %q", rule, err, want)
		case strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 500:
			t.Errorf("%.60q: not one line: %q", rule, err)
		}
	}
}

var long = strings.Repeat("x", 10_000)

func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{"p99<200ms", "service.p95 <= 1.5s", "failed<0.1%", "failed<10", "succeeded_per_s>900/s", "p99.999<1h2m", "max>=0s", "µ<µs"} {
		f.Add(seed)
	}
	r := scenes()["few"]
	f.Fuzz(func(t *testing.T, s string) {
		rule, err := ParseRule(s)
		if err != nil {
			if text := err.Error(); strings.ContainsAny(text, "\n\r\x00\x1b") || len(text) > 600 {
				t.Errorf("%q: not one line: %q", s, text)
			}
			return
		}
		again, err := ParseRule(rule.String())
		if err != nil || again != rule {
			t.Errorf("%q is written %q, which reads as %+v, %v", s, rule, again, err)
		}
		j := rule.Judge(r)
		if j.Met != (j.Reason == "") || j.Met && j.Value == nil {
			t.Errorf("%q: %+v", s, j)
		}
	})
}
