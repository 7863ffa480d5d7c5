package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
	"brunt/report/reporttest"
	"brunt/report/rules"
	"brunt/report/text"
)

// What a verdict is made of, and what every output has to say of it.
var verdicts = map[string]struct {
	of      result.Verdict
	json    string
	says    []string // in text and markdown, whatever its case
	endsRun bool     // exit 4 with --strict
}{
	"trusted": {result.Verdict{Headline: setting.Plain("the endpoint kept up"), LimitedBy: result.LimitNone, Trust: result.TrustFull, Reasons: []string{"the endpoint kept up", "brunt used 8 % of 2 cores"}},
		`{"headline":"the endpoint kept up","brief":null,"notes":[],"limited_by":"none","valid":true,"trust":"full","error_ms":null,"reasons":["brunt used 8 % of 2 cores"]}`,
		[]string{"the endpoint kept up", "limited by nothing", "figures trusted: brunt used 8 %"}, false},
	"trusted with an error": {result.Verdict{Headline: setting.Plain("the endpoint refused 33 %"), LimitedBy: result.LimitEndpoint, Trust: result.TrustLimited, Error: 8 * time.Millisecond, Reasons: []string{"sent late"}},
		`{"headline":"the endpoint refused 33 %","brief":null,"notes":[],"limited_by":"endpoint","valid":true,"trust":"limited","error_ms":8,"reasons":["sent late"]}`,
		[]string{"the endpoint refused 33 %", "limited by the endpoint", "figures trusted, but times may be up to 8.00 ms too high: sent late"}, false},
	"settings are named by their flags": {result.Verdict{Headline: setting.Textf("lower %v", setting.Concurrency), Notes: []setting.Text{setting.Textf("raise %v", setting.Connections)}, LimitedBy: result.LimitConnections, Trust: result.TrustFull},
		`{"headline":"lower --concurrency","brief":null,"notes":["raise --connections"],"limited_by":"connections","valid":true,"trust":"full","error_ms":null,"reasons":[]}`,
		[]string{"lower --concurrency", "raise --connections"}, false},
	"not trusted": {result.Verdict{Headline: setting.Plain("the endpoint refused 33 %"), LimitedBy: result.LimitEndpoint, Trust: result.TrustNone, Reasons: []string{"sent late"}},
		`{"headline":"the endpoint refused 33 %","brief":null,"notes":[],"limited_by":"endpoint","valid":false,"trust":"none","error_ms":null,"reasons":["sent late"]}`,
		[]string{"the endpoint refused 33 %", "limited by the endpoint", "figures not trusted: sent late"}, true},
	"not judged": {result.Verdict{Reasons: []string{"nobody looked"}},
		`{"headline":null,"brief":null,"notes":[],"limited_by":null,"valid":null,"trust":null,"error_ms":null,"reasons":["nobody looked"]}`,
		[]string{"not judged: nobody looked"}, false},
}

// A verdict is said in every output, what the endpoint did before how far that
// can be trusted, and what nobody judged is said to be so.
func TestVerdictEverywhere(t *testing.T) {
	for name, c := range verdicts {
		t.Run(name, func(t *testing.T) {
			s := reporttest.Healthy.Snapshot()
			s.Verdict = c.of
			r := reporttest.ThroughJSON(t, report.From(reporttest.Healthy.Meta(), s))
			shown, _ := json.Marshal(r.Verdict)
			if string(shown) != c.json {
				t.Errorf("JSON: %s, want %s", shown, c.json)
			}
			if err := reporttest.Compiled(t).Validate(reporttest.Document(t, reporttest.JSONOf(t, r))); err != nil {
				t.Error(err)
			}
			for form, shown := range map[string]string{"text": reporttest.TextOf(t, r, text.Options{Width: 200}), "markdown": reporttest.MarkdownOf(t, r)} {
				shown, at := strings.ToLower(shown), 0
				for _, want := range c.says {
					next := strings.Index(shown[at:], want)
					if next < 0 {
						t.Fatalf("%s: no %q after %d in\n%s", form, want, at, shown)
					}
					at += next
				}
				if !c.of.Judged() && (strings.Contains(shown, "limited by") || strings.Contains(shown, "trusted")) {
					t.Errorf("%s: of what nobody judged it says\n%s", form, shown)
				}
			}
			for _, strict := range []bool{false, true} {
				code, why := rules.Exit(r, strict)
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
		"valid":   {false, `{"valid":true,"limited_by":"none","reasons":["the endpoint kept up","brunt used 8 %"]}`, `{"headline":"the endpoint kept up","brief":null,"notes":[],"limited_by":"none","valid":true,"trust":"full","error_ms":null,"reasons":["brunt used 8 %"]}`},
		"invalid": {false, `{"valid":false,"limited_by":"client","reasons":[]}`, `{"headline":null,"brief":null,"notes":[],"limited_by":"client","valid":false,"trust":"none","error_ms":null,"reasons":[]}`},
		"rebuilt": {true, `{"valid":true,"limited_by":"none","reasons":["not judged: results do not say what the client used"]}`, verdictNull("results do not say what the client used")},
	} {
		r := reporttest.Healthy.Report()
		r.Rebuilt = c.rebuilt
		var doc map[string]json.RawMessage
		reporttest.Must(json.Unmarshal([]byte(reporttest.JSONOf(t, r)), &doc))
		doc["verdict"] = json.RawMessage(c.old)
		text, _ := json.Marshal(doc)
		again, err := report.Read(strings.NewReader(string(text)), "old.json")
		reporttest.Must(err)
		if got, _ := json.Marshal(again.Verdict); string(got) != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func verdictNull(reason string) string {
	return `{"headline":null,"brief":null,"notes":[],"limited_by":null,"valid":null,"trust":null,"error_ms":null,"reasons":["` + reason + `"]}`
}

// A merge is trusted as far as the least trusted of its parts, and judged where
// all of them are, or one is known not to be trusted.
func TestMergedVerdict(t *testing.T) {
	part := func(name string) *report.Report {
		s := reporttest.Healthy.Snapshot()
		s.Verdict = verdicts[name].of
		m := reporttest.Healthy.Meta()
		m.Name = name
		return report.From(m, s)
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
		var reports []*report.Report
		for _, name := range c.parts {
			reports = append(reports, part(name))
		}
		v := reporttest.MergedOf(t, reports...).Verdict
		headline := ""
		if v.Headline != nil {
			headline = *v.Headline
		}
		got := ""
		if v.Judged() {
			got = *v.Trust
		}
		if got != c.trust || v.Limit() != c.limit || headline != c.headline || !slices.Equal(v.Reasons, c.reasons) || (v.ErrorMS != nil) != (got == "limited") {
			text, _ := json.Marshal(v)
			t.Errorf("%v: %s", c.parts, text)
		}
	}
}
