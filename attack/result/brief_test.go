//go:build !race

package result

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// briefs are what a strip on a wall should say of the scenarios, written down before.
var briefs = map[string]string{
	"healthy":                            "kept up",
	"healthy, closed loop":               "set the pace",
	"stopped by its user":                "kept up",
	"20 s a reply, at 11 s":              `filling: no reply yet, longest wait 11\.0 s`,
	"20 s a reply, at 25 s":              `filling: 100 in flight, a reply takes about 20\.0 s`,
	"20 s a reply, in a load of 15 s":    "answered; too short to show whether it keeps up",
	"at twice its capacity":              `fell behind: in flight rose from \d+ to [0-9,]+`,
	"a third refused":                    `33 % refused \(429\)`,
	"nobody listens":                     `all refused \(connection\)`,
	"refused credentials":                `all denied \(403\)`,
	"two kinds of failures":              `25 % failed \(503\)`,
	"failures for a while":               `nearly all failed \(500\), 0:08–0:12`,
	"failures to the end":                `nearly all reset since 0:08`,
	"too few slots, and failures":        `33 % failed \(500\)`,
	"a pause of the endpoint in a stage": `kept up, but for a pause of 3\.0\d? s at 0:0[67]`,
}

func TestBriefs(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, c := range scenarios {
		s, p := c.world.snapshot(t)
		brief := Judge(s, p).Brief.String()
		if n := utf8.RuneCountInString(brief); n == 0 || n > 90 || strings.Contains(brief, "the endpoint") {
			t.Errorf("%s: %d characters: %q", c.name, n, brief)
		}
		want, known := briefs[c.name]
		if !known {
			continue
		}
		seen++
		if !regexp.MustCompile("^(?:" + want + ")$").MatchString(brief) {
			t.Errorf("%s: %q, want %q", c.name, brief, want)
		}
	}
	if seen != len(briefs) {
		t.Errorf("%d of %d scenarios are there", seen, len(briefs))
	}
}

// Failures that are over are told as such while the run goes on.
func TestBriefOfWhatIsOver(t *testing.T) {
	w := world{rate: 100, duration: 60 * sec, at: 30 * sec, fault: within(8*sec, 12*sec, "status_503", 503)}
	s, p := w.snapshot(t)
	if got := Judge(s, p).Brief.String(); !regexp.MustCompile(`^nearly all failed \(503\), 0:08–0:12, none since$`).MatchString(got) {
		t.Errorf("%q", got)
	}
	for at, want := range map[time.Duration]string{-1: "0:00", 8 * sec: "0:08", 75 * sec: "1:15", 3601 * sec: "1:00:01"} {
		if got := clockTime(at); got != want {
			t.Errorf("%v is %s", at, got)
		}
	}
}

// Of many kinds, none of which is half of the failures, all together are told.
func TestBriefOfManyKinds(t *testing.T) {
	w := world{rate: 100, duration: 60 * sec, at: 60 * sec, fault: within(0, 60*sec, "status_503", 503)}
	s, p := w.snapshot(t)
	whole := s.Failures[0]
	s.Failures = nil
	for i := range 3 {
		f := whole
		f.Kind, f.Status, f.Count = fmt.Sprint("status_", 500+i), 500+i, whole.Count/3
		s.Failures = append(s.Failures, f)
	}
	if got := Judge(s, p).Brief.String(); !strings.Contains(got, "failed (3 kinds)") || strings.Contains(got, "33 %") {
		t.Errorf("%q", got)
	}
	s.Failures[0].Count *= 4
	if got := Judge(s, p).Brief.String(); !strings.Contains(got, "failed (500)") {
		t.Errorf("%q", got)
	}
}
