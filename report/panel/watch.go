package panel

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
)

// lineEvery is the time between two progress lines; snapshots change once a
// second.
const lineEvery = 500 * time.Millisecond

// watch shows the run's progress on one line of a terminal, redrawn in place.
// The function it returns ends that and clears the line; call it once the run
// is done. It uses no escape codes, so that any terminal will do.
func watch(f *os.File, run report.Run, plan *plan.Plan) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		ticker := time.NewTicker(lineEvery)
		defer ticker.Stop()
		for {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil || width < 20 {
				width = 80
			}
			select {
			case <-ticker.C:
				fmt.Fprintf(f, "\r%s", format.Pad(format.Clip(progress(run.Snapshot(), plan), width-1), width-1))
			case <-quit:
				fmt.Fprintf(f, "\r%s\r", strings.Repeat(" ", width-1))
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

// progress is one line on a run under way: time left, rate asked and reached,
// p50 and p99 of the last interval, requests in flight, failures.
func progress(s *result.Snapshot, plan *plan.Plan) string {
	line := string(s.State)
	length := plan.Duration
	if s.Length != nil {
		length = *s.Length
	}
	if length > 0 && s.State == result.Running {
		line += " · " + format.Span(max(0, length-s.Elapsed).Round(time.Second)) + " left"
	}
	line += " · " + format.Count(s.Counts.Sent) + " sent"
	if n := len(s.Intervals); n > 0 {
		last := &s.Intervals[n-1]
		reached := format.Rate(float64(last.Succeeded) / last.Width.Seconds())
		if plan.Open() && !s.Sessions {
			reached += " of " + format.Rate(report.AskedNow(plan, s))
		}
		line += " · " + reached
		if last.Response.Count() > 0 {
			h := last.Response.Histogram()
			line += fmt.Sprintf(" · p50 %s p99 %s",
				format.Duration(time.Duration(h.ValueAtPercentile(50))),
				format.Duration(time.Duration(h.ValueAtPercentile(99))))
		}
	}
	c := &s.Counts
	return line + " · " + format.Count(c.InFlight()) + " in flight · " + format.Count(c.Failed) + " failed"
}
