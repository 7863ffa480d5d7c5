package panel

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPulse: a line each 10 s, none in a run that is over before, and none
// after the end.
func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		tell, stop := waitPlain(&log, alive)
		<-time.After(alive - 1)
		synctest.Wait()
		if log.Len() > 0 {
			t.Errorf("early: %q", &log)
		}
		tell("waiting for endpoint x to wake, soon")
		<-time.After(2*alive + 1)
		synctest.Wait()
		stop()
		<-time.After(alive)
		if want := "brunt: 10 s · waiting for endpoint x to wake, soon\nbrunt: 20 s · waiting for endpoint x to wake, soon\nbrunt: 30 s · waiting for endpoint x to wake, soon\n"; log.String() != want {
			t.Errorf("%q", &log)
		}
	})
}

// TestTellDrain: a stop that takes long is told once, and no other.
func TestTellDrain(t *testing.T) {
	for _, c := range []struct {
		name       string
		stop, over bool // it is stopped, and over at once
		lines      int
	}{{"stopped", true, false, 1}, {"over at once", true, true, 0}, {"not stopped", false, false, 0}} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			ending, done := make(chan struct{}), make(chan struct{})
			stop := tellDrain(&log, ending, done)
			if c.stop {
				close(ending)
			}
			if c.over {
				close(done)
			}
			<-time.After(5 * longDrain)
			stop()
			if n := strings.Count(log.String(), "waiting for the replies"); n != c.lines {
				t.Errorf("%s: %q", c.name, &log)
			}
		})
	}
}

// TestPlain: off a terminal a run tells of itself in lines, and not when quiet.
func TestPlain(t *testing.T) {
	p := testPlan(t)
	run := start(t, p)
	var log bytes.Buffer
	stop := plain(&log, 50*time.Millisecond, run, &p)
	for run.Snapshot().Counts.Failed == 0 || len(run.Snapshot().Intervals) == 0 {
		<-time.After(10 * time.Millisecond)
	}
	<-time.After(100 * time.Millisecond)
	run.Stop(p.AtEnd)
	<-run.Done()
	stop()
	line := regexp.MustCompile(`^brunt: \d+ s · (starting|running|draining|done)( · \d+ (s|min) left)? · \d+ sent( · [\d.]+/s of 200.0/s( · p50 [\d.]+ m?s p99 [\d.]+ m?s)?)? · \d+ in flight · \d+ failed$`)
	for text := range strings.Lines(log.String()) {
		if !line.MatchString(strings.TrimSpace(text)) {
			t.Errorf("%q", text)
		}
	}
	if !strings.Contains(log.String(), "p99") {
		t.Errorf("%q", &log)
	}
	log.Reset()
	Show(&log, nil, run, &p, true, nil)()
	_, quiet := Waiting(&log, true)
	if quiet(); log.Len() > 0 {
		t.Errorf("%q", &log)
	}
}
