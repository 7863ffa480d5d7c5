package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// The shapes of JUnit's XML, as CI systems read it.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr,omitempty"`
		Cases     []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the rules as test cases, and one more that the run is valid, so
// that there is always a case to see.
func JUnit(w io.Writer, r *Report) error {
	name := r.Name
	if name == "" {
		name = "brunt " + r.Target.URL
	}
	suite := junitSuite{Name: xmlText(name), Time: fmt.Sprintf("%.3f", r.ElapsedS)}
	if r.Started != nil {
		suite.Timestamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	add := func(name, message string, broken bool) {
		c := junitCase{Name: xmlText(name), Class: "brunt", Time: suite.Time}
		if broken {
			c.Failure = &junitFailure{Message: xmlText(message), Type: "broken", Text: xmlText(message)}
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, c)
		suite.Tests++
	}
	for _, j := range r.SLO {
		add(j.Rule, j.Reason, !j.Met)
	}
	add("the run is valid", "limited by the "+r.Verdict.LimitedBy+": "+strings.Join(r.Verdict.Reasons, ", "), !r.Verdict.Valid)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(junitSuites{Tests: suite.Tests, Failures: suite.Failures, Suites: []junitSuite{suite}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
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
