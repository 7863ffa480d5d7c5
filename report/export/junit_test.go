package export

import (
	"encoding/xml"
	"strings"
	"testing"

	"brunt/report"
	"brunt/report/reporttest"
	"brunt/report/rules"
)

// The exit code, its one line and the JUnit file tell the same story, whatever
// ends a run.
func TestExitCodeAndJUnitAgree(t *testing.T) {
	broken := func(r *report.Report) {
		r.SLO = []report.Judgement{{Rule: "p99<1ms", Reason: "p99 is 9.00 ms, not < 1ms"}, {Rule: "p50<1s", Met: true}}
	}
	untrusted := func(r *report.Report) { r.Verdict.Trust, r.Verdict.Reasons = new("none"), []string{"brunt was late"} }
	for name, c := range map[string]struct {
		change  func(*report.Report)
		code    int // with --strict; without it the same but for an untrusted run
		lenient int
		says    string
		fails   []string // test cases, with --strict
	}{
		"sound":                  {func(*report.Report) {}, 0, 0, "", nil},
		"broken":                 {broken, 3, 3, "p99<1ms broken: p99 is 9.00 ms, not < 1ms", []string{"p99<1ms"}},
		"untrusted":              {untrusted, 4, 0, "not trusted: brunt was late", []string{"the run is valid"}},
		"untrusted and broken":   {func(r *report.Report) { broken(r); untrusted(r) }, 4, 3, "not trusted: brunt was late; p99<1ms broken", []string{"p99<1ms", "the run is valid"}},
		"interrupted":            {func(r *report.Report) { r.Interrupted = true }, 130, 130, "interrupted after", []string{"the run was made"}},
		"interrupted and broken": {func(r *report.Report) { r.Interrupted = true; broken(r) }, 130, 130, "p99<1ms broken", []string{"the run was made", "p99<1ms"}},
		"lapsed":                 {func(r *report.Report) { r.CredentialsExpired = true }, 1, 1, "credentials expired", []string{"the run was made"}},
		"ended early":            {func(r *report.Report) { r.Interrupted, r.Error = true, new("the file shrank") }, 1, 1, "ended early: the file shrank", []string{"the run was made"}},
		"all refused":            {func(r *report.Report) { r.Status = map[int]uint64{401: 5} }, 1, 1, "every reply was 401 or 403", []string{"the run was made"}},
		"no reply":               {func(r *report.Report) { r.Status = nil; r.Errors = []report.Failure{{Message: "connection refused"}} }, 1, 1, "no reply to any of the 5,000 requests sent: connection refused", []string{"the run was made"}},
		"no reply, and broken":   {func(r *report.Report) { r.Status = nil; broken(r) }, 1, 1, "p99<1ms broken", []string{"the run was made", "p99<1ms"}},
		"not judged":             {func(r *report.Report) { r.Verdict = report.Verdict{} }, 0, 0, "", nil},
	} {
		r := reporttest.Healthy.Report()
		c.change(r)
		for _, strict := range []bool{false, true} {
			code, why := rules.Exit(r, strict)
			want := c.code
			if !strict {
				want = c.lenient
			}
			if code != want || (code == 0) != (why == "") || code != 0 && !strings.Contains(why, c.says) && strict || strings.Contains(why, "\n") {
				t.Errorf("%s, strict %t: exit %d, %q", name, strict, code, why)
			}
			failed, skipped := junitOf(t, r, strict)
			if (len(failed) > 0) != (code != 0) {
				t.Errorf("%s, strict %t: exit %d, and in junit %q failed", name, strict, code, failed)
			}
			if strict && strings.Join(failed, ", ") != strings.Join(c.fails, ", ") {
				t.Errorf("%s: in junit %q failed", name, failed)
			}
			if (name == "not judged" && strict) != (len(skipped) > 0) {
				t.Errorf("%s, strict %t: %q skipped", name, strict, skipped)
			}
		}
	}
}

// junitOf are the names of the test cases that failed or were skipped.
func junitOf(t *testing.T, r *report.Report, strict bool) (failed, skipped []string) {
	t.Helper()
	var b strings.Builder
	if err := JUnit(&b, r, strict); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal([]byte(b.String()), &suites); err != nil {
		t.Fatal(err)
	}
	suite := suites.Suites[0]
	for _, c := range suite.Cases {
		if c.Failure != nil {
			failed = append(failed, c.Name)
		}
		if c.Skipped != nil {
			skipped = append(skipped, c.Name)
		}
	}
	if suite.Tests != len(suite.Cases) || suite.Failures != len(failed) || suites.Failures != len(failed) || suites.Skipped != len(skipped) {
		t.Errorf("%+v", suites)
	}
	return failed, skipped
}
