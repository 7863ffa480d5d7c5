package rules_test

import (
	"strings"
	"testing"

	"brunt/report/reporttest"
	"brunt/report/rules"
)

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
		_, err := rules.Parse(rule)
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
	r := reporttest.Scenes()["few"]
	f.Fuzz(func(t *testing.T, s string) {
		rule, err := rules.Parse(s)
		if err != nil {
			if text := err.Error(); strings.ContainsAny(text, "\n\r\x00\x1b") || len(text) > 600 {
				t.Errorf("%q: not one line: %q", s, text)
			}
			return
		}
		again, err := rules.Parse(rule.String())
		if err != nil || again != rule {
			t.Errorf("%q is written %q, which reads as %+v, %v", s, rule, again, err)
		}
		j := rule.Judge(r)
		if j.Met != (j.Reason == "") || j.Met && j.Value == nil {
			t.Errorf("%q: %+v", s, j)
		}
	})
}
