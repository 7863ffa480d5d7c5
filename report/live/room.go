package live

import (
	"context"
	"fmt"
	"slices"
	"sync"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/report/rules"
)

// States besides those of a run.
const (
	stateIdle        = "idle"
	stateInterrupted = "interrupted" // done, but stopped before the plan's end
)

// wholeRuns is how many runs are kept whole, if they take no more than wholeBytes
// together, and keptLines how many in short.
const (
	wholeRuns  = 20
	wholeBytes = wholeRuns * 5e6
	keptLines  = 1000
)

// ConflictError is an action that does not fit the state.
type ConflictError struct {
	Text, State string
}

// Error implements error.
func (e *ConflictError) Error() string { return e.Text }

// room is where runs of this process are started, steered and kept, one at a
// time. What blocks (opening payloads, waiting for replies) is done without
// its lock.
type room struct {
	start     func(ctx context.Context, o Order, waiting func(text string)) (*Job, error)
	rules     []rules.Rule
	touched   func() // something that viewers see has changed
	mu        sync.Mutex
	form      Form
	order     Order  // of the form
	given     string // the command line's target
	now       *round
	preparing *preparation // nil unless a run is about to begin
	closed    bool
	runs      int // begun so far
	kept      []*round
	log       []LogLine
	following sync.WaitGroup
	ended     chan struct{} // closed and replaced whenever a run begins or is over
}

// Start begins a run; by says who asked for it.
func (r *room) Start(read func(form Order) (Order, error), by string) error {
	r.mu.Lock()
	if err := r.mayStart(); err != nil {
		r.mu.Unlock()
		return err
	}
	order, err := read(r.order)
	if err != nil {
		r.mu.Unlock()
		return err
	}
	p := r.prepare()
	r.following.Add(1)
	r.mu.Unlock()
	defer r.following.Done()
	return r.begin(p, order, by)
}

// preparation is what goes before a run.
type preparation struct {
	ctx     context.Context
	giveUp  context.CancelFunc
	how     attack.AtEnd // the strongest stop that was asked for meanwhile
	waiting string       // what for; empty for nothing
}

func (p *preparation) given() bool { return p.ctx.Err() != nil }

// prepare begins a preparation. The lock is held.
func (r *room) prepare() *preparation {
	p := &preparation{how: attack.Drain}
	p.ctx, p.giveUp = context.WithCancel(context.Background())
	r.preparing = p
	return p
}

// mayStart is held against the state. The lock is held.
func (r *room) mayStart() error {
	switch state := r.state(); {
	case r.start == nil:
		return &ConflictError{"runs are not started from this page", state}
	case r.closed:
		return &ConflictError{"brunt is about to end", state}
	case r.underWay():
		return &ConflictError{"a run is under way: stop it first", state}
	}
	return nil
}

// begin carries out an order that was prepared for.
func (r *room) begin(p *preparation, order Order, by string) error {
	r.touched()
	job, err := r.start(p.ctx, order, r.waiting)
	r.mu.Lock()
	defer r.touched()
	defer r.mu.Unlock()
	if err == nil {
		r.order = order
		r.enter(job, order, by)
		return nil
	}
	r.preparing = nil
	r.turned()
	if p.given() {
		r.note("not started: stopped while it was being prepared")
		return &ConflictError{"stopped before the load began", r.state()}
	}
	p.giveUp()
	r.note("not started: " + inForm(err))
	return err
}

// waiting is told what is waited for before a run.
func (r *room) waiting(text string) {
	r.mu.Lock()
	if r.preparing != nil {
		r.preparing.waiting = text
	}
	r.note(text)
	r.mu.Unlock()
	r.touched()
}

// enter makes a job the present run. The lock is held.
func (r *room) enter(job *Job, order Order, by string) *round {
	r.runs++
	if r.now != nil {
		r.now.leaf()
	}
	now := &round{number: r.runs, job: job, order: order, ended: make(chan struct{})}
	r.now = now
	r.kept = append(r.kept, now)
	r.turned()
	r.trim()
	r.note(fmt.Sprintf("run %d started %s: %s", now.number, by, order.load()))
	if p := r.preparing; p != nil {
		if p.given() { // too late for the preparation
			job.Run.Stop(p.how)
		}
		p.giveUp()
		r.preparing = nil
	}
	if r.closed {
		job.Run.Stop(attack.Cut) // brunt ended while the run was being prepared
	}
	r.following.Go(func() { r.follow(now) })
	return now
}

// trim drops what is too old, and what is older than as much as is kept. Runs
// under way are the last of the list, and the one before is kept whatever it takes.
func (r *room) trim() {
	size, newest := 0, len(r.kept)-1
	for i := newest; i >= 0; i-- {
		old := r.kept[i]
		if old.final == nil {
			continue
		}
		size += old.final.size()
		if i <= newest-wholeRuns || i < newest-1 && size > wholeBytes {
			short := *old.line
			short.Kept = false
			r.kept[i] = &round{number: old.number, line: &short}
		}
	}
	if over := len(r.kept) - keptLines; over > 0 {
		r.kept = slices.Delete(r.kept, 0, over)
	}
}

// follow waits for a run's end, keeps its report, and starts the run that a
// reset asked for.
func (r *room) follow(now *round) {
	final := now.finish(r.rules)
	r.mu.Lock()
	now.final, now.line = final, lineOf(now.number, final.Report)
	now.retire()
	close(now.ended)
	text := "is done"
	if final.Interrupted {
		text = "ended before its plan's end"
	}
	if final.Error != nil {
		text += ": " + *final.Error
	}
	r.note(fmt.Sprintf("run %d %s", now.number, text))
	again := now.again && !r.closed && r.start != nil
	now.again = false
	var next *preparation
	if again {
		next = r.prepare()
	}
	r.turned()
	r.mu.Unlock()
	r.touched()
	if next != nil {
		_ = r.begin(next, now.order, "by a reset from the page") // the log tells
	}
}

// turned tells that a run has begun or is over. The lock is held.
func (r *room) turned() {
	close(r.ended)
	r.ended = make(chan struct{})
}

// underway reports whether a run is, and what to wait for to hear otherwise.
func (r *room) underway() (bool, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.underWay(), r.ended
}

// underWay reports whether a run is, or is being prepared. The lock is held.
func (r *room) underWay() bool { return r.preparing != nil || r.now != nil && r.now.final == nil }

// present is the run under way, or why there is none. The lock is held.
func (r *room) present(to string) (*round, error) {
	if r.preparing != nil {
		return nil, &ConflictError{"the run is being prepared: " + to + " it once it has started", string(attack.Starting)}
	}
	if r.now == nil || r.now.final != nil {
		return nil, &ConflictError{"no run is under way: there is nothing to " + to, r.state()}
	}
	return r.now, nil
}

// Stop ends the run: no more is sent, and what is in flight is waited for or
// cut off. What is being prepared is given up.
func (r *room) Stop(how attack.AtEnd, by string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.preparing; p != nil {
		if how == attack.Cut {
			p.how = how
		}
		p.giveUp()
		r.note("stopped " + by)
		r.touched()
		return nil
	}
	now, err := r.present("stop")
	if err != nil {
		return err
	}
	again := now.again
	now.again = false
	if how == attack.Drain && !again && r.state() == string(attack.Draining) {
		return &ConflictError{"the run is draining already: cut it, or wait", r.state()}
	}
	now.job.Run.Stop(how)
	r.note(map[attack.AtEnd]string{attack.Drain: "stopped ", attack.Cut: "cut off "}[how] + by)
	now.forget()
	r.touched()
	return nil
}

// Change gives the run another rate or concurrency; the other one is zero.
func (r *room) Change(rate vegeta.Rate, concurrency int, by string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, err := r.present("change")
	if err != nil {
		return err
	}
	if state := r.state(); state == string(attack.Draining) || now.job.Change == nil {
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
		now.order.Rate = rate
	} else {
		now.order.Concurrency = concurrency
	}
	r.note("changed to " + loadWords(rate, concurrency) + " " + by)
	now.forget()
	r.touched()
	return nil
}

// Reset begins anew: with empty charts after a run, with another run of the
// present load while one is under way.
func (r *room) Reset(by string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil && r.now.final != nil && r.preparing == nil {
		r.now.leaf()
		r.now = nil
		r.note("charts emptied " + by)
		r.touched()
		return nil
	}
	now, err := r.present("reset")
	if err != nil {
		return err
	}
	if r.start == nil || now.again {
		return &ConflictError{"this run cannot be begun anew from the page", r.state()}
	}
	now.again = true
	now.job.Run.Stop(attack.Drain)
	r.note("reset " + by + ": drains, then starts anew")
	now.forget()
	r.touched()
	return nil
}

// find is a run by its number, the present or else last one by 0, and its
// final report where it is over; nil where it was dropped or never was.
func (r *room) find(number int) (*round, *final) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if number == 0 {
		if r.now == nil {
			return nil, nil
		}
		return r.now, r.now.final
	}
	for _, k := range r.kept {
		if k.number == number && k.job != nil {
			return k, k.final
		}
	}
	return nil, nil
}

// close lets no run begin any more, cuts the present one and waits for it.
func (r *room) close() {
	r.mu.Lock()
	r.closed = true
	if r.preparing != nil {
		r.preparing.giveUp()
	}
	if r.now != nil && r.now.final == nil {
		r.now.again = false
		r.now.job.Run.Stop(attack.Cut)
	}
	r.mu.Unlock()
	r.following.Wait()
}
