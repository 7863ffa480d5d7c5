package panel

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/format"
)

// alive is the time between two lines where no terminal shows the progress.
const alive = 10 * time.Second

// pulse writes a line now and then, so that whoever reads a log knows that
// brunt lives, until the function that it returns is called. The line is asked
// for with the time since its beginning.
func pulse(w io.Writer, every time.Duration, line func(since time.Duration) string) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() {
		defer close(gone)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintln(w, "brunt: "+line(time.Since(began)))
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

// longDrain is how long a stopped run may wait for replies before that is told: most are
// over by then.
const longDrain = time.Second

// plain tells of a run, a line at a time, and when it is stopped what is waited for.
func plain(w io.Writer, every time.Duration, run report.Run, plan *plan.Plan) (stop func()) {
	end := pulse(w, every, func(since time.Duration) string {
		return format.Span(since.Round(time.Second)) + " · " + progress(run.Snapshot(), plan)
	})
	noMore := tellDrain(w, run.Ending(), run.Done())
	return func() {
		noMore()
		end()
	}
}

// tellDrain says once, of a run that was stopped, that replies are waited for.
func tellDrain(w io.Writer, ending, done <-chan struct{}) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-ending:
		case <-quit:
			return
		}
		select {
		case <-time.After(longDrain):
			fmt.Fprintln(w, "brunt: no more is sent: waiting for the replies to what was; another interrupt cuts them off")
		case <-done:
		case <-quit:
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}

// waitPlain tells of what is waited for before a run, a line at a time.
func waitPlain(w io.Writer, every time.Duration) (tell func(text string), stop func()) {
	var newest atomic.Value
	newest.Store("opening the endpoint")
	stop = pulse(w, every, func(since time.Duration) string {
		return format.Span(since.Round(time.Second)) + " · " + format.Plain(newest.Load().(string))
	})
	return func(text string) { newest.Store(text) }, stop
}
