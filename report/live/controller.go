package live

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report/format"
	"brunt/report/rules"
)

// States besides those of a run.
const (
	stateIdle        = "idle"
	stateInterrupted = "interrupted" // done, but stopped before the plan's end
)

// ConflictError is an action that does not fit the state.
type ConflictError struct {
	Text, State string
}

// Error implements error.
func (e *ConflictError) Error() string { return e.Text }

// controller starts, changes, stops and keeps the runs of this process, of which one
// at a time is under way. What blocks (opening payloads, waiting for replies) is done
// without its lock.
type controller struct {
	start         func(ctx context.Context, s Settings, waiting func(text string)) (*Job, error)
	notify        func() // to be called when something that the page shows has changed
	mu            sync.Mutex
	form          Form
	settings      Settings // that the form has
	commandTarget string   // TARGET of the command line
	addresses     []string // at which the page may be reached
	addressNote   string
	current       *run
	preparing     *preparation // nil unless a run is about to begin
	closed        bool
	started       int // runs so far
	history       []*run
	log           []LogLine
	pending       sync.WaitGroup
	changed       chan struct{} // closed and replaced whenever a run begins or ends
}

// Start begins a run; by says who asked for it.
func (c *controller) Start(read func(form Settings) (Settings, error), by string) error {
	c.mu.Lock()
	if err := c.mayStart(); err != nil {
		c.mu.Unlock()
		return err
	}
	settings, err := read(c.settings)
	if err != nil {
		c.mu.Unlock()
		return err
	}
	p := c.prepare()
	c.pending.Add(1)
	c.mu.Unlock()
	defer c.pending.Done()
	return c.begin(p, settings, by)
}

// mayStart is why no run can be started now, nil where one can. The lock is held.
func (c *controller) mayStart() error {
	switch state := c.state(); {
	case c.start == nil:
		return &ConflictError{"runs are not started from this page", state}
	case c.closed:
		return &ConflictError{"brunt is about to end", state}
	case c.active():
		return &ConflictError{"a run is under way: stop it first", state}
	}
	return nil
}

// begin starts a run that was prepared.
func (c *controller) begin(p *preparation, settings Settings, by string) error {
	c.notify()
	job, err := c.start(p.ctx, settings, c.waiting)
	c.mu.Lock()
	defer c.notify()
	defer c.mu.Unlock()
	if err == nil {
		c.settings = settings
		c.attach(job, settings, by)
		return nil
	}
	c.preparing = nil
	c.signalChange()
	if p.canceled() {
		c.addLog("not started: stopped while it was being prepared")
		return &ConflictError{"stopped before the load began", c.state()}
	}
	p.cancel()
	c.addLog("not started: " + pageText(err))
	return err
}

// attach makes a job the current run. The lock is held.
func (c *controller) attach(job *Job, settings Settings, by string) *run {
	c.started++
	if c.current != nil {
		c.current.dropEncoded()
	}
	now := &run{number: c.started, job: job, settings: settings, ended: make(chan struct{})}
	now.judge(settings.Rules)
	c.current = now
	c.history = append(c.history, now)
	c.signalChange()
	c.trim()
	c.addLog(fmt.Sprintf("run %d started %s: %s", now.number, by, settings.loadText()))
	if p := c.preparing; p != nil {
		if p.canceled() { // too late for the preparation
			job.Run.Stop(p.stopMode)
		}
		p.cancel()
		c.preparing = nil
	}
	if c.closed {
		job.Run.Stop(plan.Cut) // brunt ended while the run was being prepared
	}
	c.pending.Go(func() { c.follow(now) })
	return now
}

// follow waits for a run's end, keeps its report, and starts the run that a
// reset asked for.
func (c *controller) follow(now *run) {
	c.mu.Lock()
	settings := now.settings
	c.mu.Unlock()
	<-now.job.Run.Done()
	final := now.finish(now.judgedBy(), settings)
	c.mu.Lock()
	now.final, now.summary = final, summaryOf(now.number, final.Report)
	now.release()
	close(now.ended)
	text := "is done"
	if final.Interrupted {
		text = "ended before its plan's end"
	}
	if final.Error != nil {
		text += ": " + *final.Error
	}
	c.addLog(fmt.Sprintf("run %d %s", now.number, text))
	again := now.restart && !c.closed && c.start != nil
	now.restart = false
	var next *preparation
	if again {
		next = c.prepare()
	}
	c.signalChange()
	c.mu.Unlock()
	c.notify()
	if next != nil {
		_ = c.begin(next, now.next, "by a reset from the page") // it is in the log
	}
}

// signalChange wakes whoever waits for a run to begin or to end. The lock is held.
func (c *controller) signalChange() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// watchActive reports whether a run is under way or being prepared, with a channel
// that is closed when that may have changed.
func (c *controller) watchActive() (bool, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.active(), c.changed
}

// active reports whether a run is under way or being prepared. The lock is held.
func (c *controller) active() bool {
	return c.preparing != nil || c.current != nil && c.current.final == nil
}

// steerable is the run under way, or why there is none to stop, change or reset. The
// lock is held.
func (c *controller) steerable(to string) (*run, error) {
	if c.preparing != nil {
		return nil, &ConflictError{
			"the run is being prepared: " + to + " it once it has started",
			string(result.Starting),
		}
	}
	if c.current == nil || c.current.final != nil {
		return nil, &ConflictError{"no run is under way: there is nothing to " + to, c.state()}
	}
	return c.current, nil
}

// Stop ends the run: no more is sent, and what is in flight is waited for or
// cut off. A preparation is canceled.
func (c *controller) Stop(how plan.AtEnd, by string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.preparing; p != nil {
		if how == plan.Cut {
			p.stopMode = how
		}
		p.cancel()
		c.addLog("stopped " + by)
		c.notify()
		return nil
	}
	now, err := c.steerable("stop")
	if err != nil {
		return err
	}
	again := now.restart
	now.restart = false
	if how == plan.Drain && !again && c.state() == string(result.Draining) {
		return &ConflictError{"the run is draining already: cut it, or wait", c.state()}
	}
	now.job.Run.Stop(how)
	c.addLog(map[plan.AtEnd]string{plan.Drain: "stopped ", plan.Cut: "cut off "}[how] + by)
	now.invalidate()
	c.notify()
	return nil
}

// Change gives the run another rate or concurrency; the other one is zero.
func (c *controller) Change(rate vegeta.Rate, concurrency int, by string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, err := c.steerable("change")
	if err != nil {
		return err
	}
	if state := c.state(); state == string(result.Draining) || now.job.Change == nil {
		return &ConflictError{"the load of this run cannot be changed: it sends no more", state}
	}
	if err := now.job.Change(rate, concurrency); err != nil {
		field := "rate_per_s"
		if concurrency > 0 {
			field = "concurrency"
		}
		return &FieldError{field, err}
	}
	if rate.Freq > 0 {
		now.settings.Rate = rate
	} else {
		now.settings.Concurrency = concurrency
	}
	c.addLog("changed to " + loadText(rate, concurrency) + " " + by)
	now.invalidate()
	c.notify()
	return nil
}

// Last has the run last so long, 0 for until it is stopped.
func (c *controller) Last(length time.Duration, by string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, err := c.steerable("change")
	if err != nil {
		return err
	}
	if state := c.state(); state == string(result.Draining) || now.job.Change == nil {
		return &ConflictError{"the length of this run cannot be changed: it sends no more", state}
	}
	if err := now.job.Run.Last(length); err != nil {
		return &FieldError{"duration_s", errors.New(pageText(err))}
	}
	now.settings.Duration = length
	words := "until it is stopped"
	if length > 0 {
		words = "for " + format.Span(length)
	}
	c.addLog("to run " + words + " " + by)
	now.invalidate()
	c.notify()
	return nil
}

// Judge has the run under way be judged by other rules, from now to its end.
func (c *controller) Judge(slos []rules.Rule, by string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, err := c.steerable("judge")
	if err != nil {
		return err
	}
	now.settings.Rules = slos
	now.judge(slos)
	words := "no rules"
	if len(slos) > 0 {
		words = strings.Join(rules.Texts(slos), ", ")
	}
	c.addLog("judged by " + words + " " + by)
	now.invalidate()
	c.notify()
	return nil
}

// Reset begins anew: with empty charts after a run, with another run while one is under
// way, of the present load or, unless read is nil, of the settings that it gives.
func (c *controller) Reset(read func(form Settings) (Settings, error), by string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil && c.current.final != nil && c.preparing == nil {
		c.current.dropEncoded()
		c.current = nil
		c.addLog("charts emptied " + by)
		c.notify()
		return nil
	}
	now, err := c.steerable("reset")
	if err != nil {
		return err
	}
	if c.start == nil || now.restart {
		return &ConflictError{"this run cannot be begun anew from the page", c.state()}
	}
	next := now.settings
	if read != nil {
		if next, err = read(now.settings); err != nil {
			return err
		}
	}
	now.restart, now.next = true, next
	now.job.Run.Stop(plan.Drain)
	c.addLog("reset " + by + ": drains, then starts anew")
	now.invalidate()
	c.notify()
	return nil
}

// close starts no more runs, cuts the current one off and waits for its end.
func (c *controller) close() {
	c.mu.Lock()
	c.closed = true
	if c.preparing != nil {
		c.preparing.cancel()
	}
	if c.current != nil && c.current.final == nil {
		c.current.restart = false
		c.current.job.Run.Stop(plan.Cut)
	}
	c.mu.Unlock()
	c.pending.Wait()
}
