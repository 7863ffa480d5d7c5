package export

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode"

	"brunt/report"
	"brunt/report/rules"
	"brunt/report/text"
)

// The shapes of JUnit's XML, as CI systems read it.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr,omitempty"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
		Skipped *junitSkipped `xml:"skipped,omitempty"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes test cases that fail where the exit code is not 0: one that the
// run was made, so that there is always a case to see, one for each rule, and
// with strict one that its figures can be trusted, skipped where nobody judged.
func JUnit(w io.Writer, r *report.Report, strict bool) error {
	name := r.Name
	if name == "" {
		name = "brunt " + r.Target.URL
	}
	suite := junitSuite{Name: xmlText(name), Time: fmt.Sprintf("%.3f", r.ElapsedS)}
	if r.Started != nil {
		suite.Timestamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	var undone []string
	for _, e := range rules.Reasons(r, strict) {
		if e.Code == rules.ExitInterrupted || e.Code == rules.ExitFailed {
			undone = append(undone, e.Why)
		}
	}
	suite.add("the run was made", strings.Join(undone, "; "))
	for _, j := range r.SLO {
		why := ""
		if !j.Met {
			why = cmp.Or(j.Reason, "broken")
		}
		suite.add(j.Rule, why)
	}
	if strict {
		why := ""
		if r.Verdict.Untrusted() {
			why = text.EndpointWords(&r.Verdict) + "; " + text.FiguresWords(&r.Verdict)
		}
		c := suite.add("the run is valid", why)
		if !r.Verdict.Judged() {
			c.Skipped = &junitSkipped{Message: xmlText(report.NotJudged + ": " + strings.Join(r.Verdict.Reasons, ", "))}
			suite.Skipped++
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(junitSuites{Tests: suite.Tests, Failures: suite.Failures, Skipped: suite.Skipped, Suites: []junitSuite{suite}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add adds a case that failed if there is a reason why.
func (s *junitSuite) add(name, why string) *junitCase {
	c := junitCase{Name: xmlText(name), Class: "brunt", Time: s.Time}
	if why != "" {
		c.Failure = &junitFailure{Message: xmlText(why), Type: "broken", Text: xmlText(why)}
		s.Failures++
	}
	s.Cases = append(s.Cases, c)
	s.Tests++
	return &s.Cases[len(s.Cases)-1]
}

// xmlText drops what XML 1.0 cannot hold.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, s)
}
