package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/attack"
)

// What a verdict is made of, and what every output has to say of it.
var verdicts = map[string]struct {
	of      attack.Verdict
	json    string
	says    []string // in text and markdown, whatever its case
	endsRun bool     // exit 4 with --strict
}{
	"trusted": {attack.Verdict{Headline: "the endpoint kept up", LimitedBy: attack.LimitNone, Trust: attack.TrustFull, Reasons: []string{"the endpoint kept up", "brunt used 8 % of 2 cores"}},
		`{"headline":"the endpoint kept up","notes":[],"limited_by":"none","valid":true,"trust":"full","error_ms":null,"reasons":["brunt used 8 % of 2 cores"]}`,
		[]string{"the endpoint kept up", "limited by nothing", "figures trusted: brunt used 8 %"}, false},
	"trusted with an error": {attack.Verdict{Headline: "the endpoint refused 33 %", LimitedBy: attack.LimitEndpoint, Trust: attack.TrustLimited, Error: 8 * time.Millisecond, Reasons: []string{"sent late"}},
		`{"headline":"the endpoint refused 33 %","notes":[],"limited_by":"endpoint","valid":true,"trust":"limited","error_ms":8,"reasons":["sent late"]}`,
		[]string{"the endpoint refused 33 %", "limited by the endpoint", "figures trusted, but times may be up to 8.00 ms too high: sent late"}, false},
	"not trusted": {attack.Verdict{Headline: "the endpoint refused 33 %", LimitedBy: attack.LimitEndpoint, Trust: attack.TrustNone, Reasons: []string{"sent late"}},
		`{"headline":"the endpoint refused 33 %","notes":[],"limited_by":"endpoint","valid":false,"trust":"none","error_ms":null,"reasons":["sent late"]}`,
		[]string{"the endpoint refused 33 %", "limited by the endpoint", "figures not trusted: sent late"}, true},
	"not judged": {attack.Verdict{Reasons: []string{"nobody looked"}},
		`{"headline":null,"notes":[],"limited_by":null,"valid":null,"trust":null,"error_ms":null,"reasons":["nobody looked"]}`,
		[]string{"not judged: nobody looked"}, false},
}

// A verdict is said in every output, what the endpoint did before how far that
// can be trusted, and what nobody judged is said to be so.
func TestVerdictEverywhere(t *testing.T) {
	for name, c := range verdicts {
		t.Run(name, func(t *testing.T) {
			s := healthy.snapshot()
			s.Verdict = c.of
			r := throughJSON(t, From(healthy.meta(), s))
			text, _ := json.Marshal(r.Verdict)
			if string(text) != c.json {
				t.Errorf("JSON: %s, want %s", text, c.json)
			}
			if err := compiled(t).Validate(document(t, jsonOf(t, r))); err != nil {
				t.Error(err)
			}
			for form, text := range map[string]string{"text": textOf(t, r, TextOptions{Width: 200}), "markdown": markdownOf(t, r)} {
				text, at := strings.ToLower(text), 0
				for _, want := range c.says {
					next := strings.Index(text[at:], want)
					if next < 0 {
						t.Fatalf("%s: no %q after %d in\n%s", form, want, at, text)
					}
					at += next
				}
				if !c.of.Judged() && (strings.Contains(text, "limited by") || strings.Contains(text, "trusted")) {
					t.Errorf("%s: of what nobody judged it says\n%s", form, text)
				}
			}
			for _, strict := range []bool{false, true} {
				code, why := r.Ending(strict)
				if ends := c.endsRun && strict; ends != (code == 4) || ends != strings.Contains(why, "not trusted: sent late") {
					t.Errorf("strict %t: exit %d, %q", strict, code, why)
				}
			}
		})
	}
}

// Trust that reports of earlier versions do not state follows from what they do,
// and results that these called valid were never judged.
func TestVerdictOfEarlierVersions(t *testing.T) {
	for name, c := range map[string]struct {
		rebuilt bool
		old     string
		want    string
	}{
		"valid":   {false, `{"valid":true,"limited_by":"none","reasons":["the endpoint kept up","brunt used 8 %"]}`, `{"headline":"the endpoint kept up","notes":[],"limited_by":"none","valid":true,"trust":"full","error_ms":null,"reasons":["brunt used 8 %"]}`},
		"invalid": {false, `{"valid":false,"limited_by":"client","reasons":[]}`, `{"headline":null,"notes":[],"limited_by":"client","valid":false,"trust":"none","error_ms":null,"reasons":[]}`},
		"rebuilt": {true, `{"valid":true,"limited_by":"none","reasons":["not judged: results do not say what the client used"]}`, verdictNull("results do not say what the client used")},
	} {
		r := healthy.report()
		r.Rebuilt = c.rebuilt
		var doc map[string]json.RawMessage
		must(json.Unmarshal([]byte(jsonOf(t, r)), &doc))
		doc["verdict"] = json.RawMessage(c.old)
		text, _ := json.Marshal(doc)
		again, err := Read(strings.NewReader(string(text)), "old.json")
		must(err)
		if got, _ := json.Marshal(again.Verdict); string(got) != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func verdictNull(reason string) string {
	return `{"headline":null,"notes":[],"limited_by":null,"valid":null,"trust":null,"error_ms":null,"reasons":["` + reason + `"]}`
}

// A merge is trusted as far as the least trusted of its parts, and judged where
// all of them are, or one is known not to be trusted.
func TestMergedVerdict(t *testing.T) {
	part := func(name string) *Report {
		s := healthy.snapshot()
		s.Verdict = verdicts[name].of
		m := healthy.meta()
		m.Name = name
		return From(m, s)
	}
	for _, c := range []struct {
		parts    []string
		trust    string // empty: not judged
		limit    string
		headline string
		reasons  []string
	}{
		{[]string{"trusted", "trusted"}, "full", "none", "the endpoint kept up", []string{"brunt used 8 % of 2 cores"}},
		{[]string{"trusted", "trusted with an error"}, "limited", "endpoint", "trusted with an error: the endpoint refused 33 %", []string{"trusted with an error: sent late"}},
		{[]string{"trusted with an error", "not judged"}, "", "", "", []string{"trusted with an error: sent late", "not judged: nobody looked"}},
		{[]string{"trusted", "not judged"}, "", "", "", []string{"not judged: nobody looked"}},
		{[]string{"not judged", "not trusted", "trusted"}, "none", "endpoint", "not trusted: the endpoint refused 33 %", []string{"not trusted: sent late"}},
	} {
		var reports []*Report
		for _, name := range c.parts {
			reports = append(reports, part(name))
		}
		v := mergedOf(t, reports...).Verdict
		headline := ""
		if v.Headline != nil {
			headline = *v.Headline
		}
		if got := trustOf(&Report{Verdict: v}); got != c.trust || v.limit() != c.limit || headline != c.headline || !slices.Equal(v.Reasons, c.reasons) || (v.ErrorMS != nil) != (got == "limited") {
			text, _ := json.Marshal(v)
			t.Errorf("%v: %s", c.parts, text)
		}
	}
}
