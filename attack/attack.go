// Package attack makes load and times it: the open loop (constant rate) and
// the closed loop (constant concurrency) over HTTP/1.1. A run hands out
// snapshots; whoever wants to show them reads them.
//
//	Plan ─ schedule ─ turns ─► workers ─► tallies ─(each second)─► timeline ─► Snapshot
package attack

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads"
)

const (
	// startLead lies between Start and the first instant, so that the first
	// ticket is not late by the time it takes to set up.
	startLead = 5 * time.Millisecond
	// slotsPerTurn is the least number of slots worth a turn of its own: with
	// fewer, turns could run out of slots while another has some to spare.
	slotsPerTurn = 64
	// gcPercent is the growth of the heap that starts a collection.
	gcPercent = 20
	// spareFiles are left to payloads, reports, timers and the runtime.
	spareFiles = 24
)

// Run is a run under way. Its methods may be called from any goroutine.
type Run struct {
	plan     Plan
	request  Request
	payloads *payloads.Set
	target   endpoint.Target
	dialer   *endpoint.Dialer
	embedded bool // the endpoint runs within this process
	schedule schedule
	clock    clock
	began    usage

	heads   [][]byte // by payload variant
	lengths bool     // requests carry a Content-Length
	head    bool     // replies have no body (HEAD)
	names   []string // payload names
	nameOf  []int    // payload variant → name id, -1 for none

	// Instants of the clock.
	start    int64 // of the schedule
	measured int64 // the warm-up's end
	end      int64 // of the plan

	turns   []*turn
	tallies []*tally
	workers sync.WaitGroup

	listMu sync.Mutex
	list   []*worker

	_       [64]byte
	claimed atomic.Uint64 // measured tickets of a closed loop
	warming atomic.Uint64 // its warm-up tickets
	_       [64]byte

	stopping atomic.Bool
	stopAt   atomic.Int64
	cutting  atomic.Bool
	ending   chan struct{} // closed by the first stop
	endOnce  sync.Once
	dialling context.Context
	noDials  context.CancelFunc

	timeline *timeline
	recorder *recorder // nil without a sink
	warnings []string
	done     chan struct{}

	errMu sync.Mutex
	err   error // why the run ended on its own
}

// Start begins a run of the plan; payloads must stay open until Done. An error
// means that nothing was sent. A sink, which may be nil, gets a record of every
// measured request.
func Start(plan Plan, request Request, set *payloads.Set, target *endpoint.Endpoint, sink Sink) (*Run, error) {
	if err := plan.Validate(); err != nil {
		return nil, err
	}
	if err := request.Validate(); err != nil {
		return nil, err
	}
	warning, err := plan.fitFiles(maxFiles(), target.Embedded != nil)
	if err != nil {
		return nil, err
	}
	hasBody := set.MaxBody() > 0
	method := request.MethodFor(hasBody)
	r := &Run{
		plan: plan, request: request, payloads: set, target: target.Target, dialer: target.Dialer, embedded: target.Embedded != nil,
		heads:   request.heads(&target.Target, set.Variants(), plan.KeepAlive, hasBody),
		lengths: hasBody || method != http.MethodGet && method != http.MethodHead,
		head:    method == http.MethodHead,
		ending:  make(chan struct{}),
		done:    make(chan struct{}),
	}
	if warning != "" {
		r.warnings = append(r.warnings, warning)
	}
	r.schedule = newSchedule(&r.plan)
	r.indexNames(set.Variants())
	r.dialling, r.noDials = context.WithCancel(context.Background())
	if err := r.begin(sink); err != nil {
		r.noDials()
		return nil, err
	}
	return r, nil
}

// indexNames numbers the payload names.
func (r *Run) indexNames(variants []payloads.Variant) {
	ids := map[string]int{}
	for _, v := range variants {
		id, known := ids[v.Name]
		switch {
		case v.Name == "":
			id = -1
		case !known:
			id = len(r.names)
			ids[v.Name] = id
			r.names = append(r.names, v.Name)
		}
		r.nameOf = append(r.nameOf, id)
	}
}

// begin starts the clock, the workers and the timeline.
func (r *Run) begin(sink Sink) error {
	cores := runtime.GOMAXPROCS(0)
	for range min(cores, r.plan.Concurrency) {
		r.tallies = append(r.tallies, newTally(len(r.names)))
	}
	r.clock = clock{time.Now()}
	if r.plan.Open() {
		if err := r.makeTurns(min(cores, max(1, r.plan.Concurrency/slotsPerTurn))); err != nil {
			return err
		}
	}
	if os.Getenv("GOGC") == "" {
		// Nearly all of the heap are the run's fixed histograms, and next to
		// nothing is allocated per request: garbage may be collected early, at
		// no cost, so that memory stands still from the first seconds on.
		debug.SetGCPercent(gcPercent)
	}
	if sink != nil {
		r.recorder = newRecorder(r, sink)
		go r.recorder.loop()
	}
	r.began = readUsage()
	r.start = r.clock.now() + int64(startLead)
	r.measured = r.start + int64(r.plan.Warmup)
	r.end = math.MaxInt64
	if r.plan.Duration > 0 {
		r.end = r.measured + int64(r.plan.Duration)
	}
	if r.plan.Open() {
		for _, t := range r.turns {
			t.workers++
			r.spawn(t)
		}
	} else {
		for range r.plan.Concurrency {
			r.spawn(nil)
		}
	}
	r.timeline = newTimeline(r)
	go r.timeline.loop()
	go r.finish()
	if r.plan.AtEnd == Cut && r.end != math.MaxInt64 {
		go r.cutAtEnd()
	}
	return nil
}

func (r *Run) makeTurns(n int) error {
	for i := range n {
		a, err := newAlarm(r.clock)
		if err != nil {
			for _, t := range r.turns {
				t.alarm.close()
			}
			return fmt.Errorf("timer: %w", err)
		}
		limit := r.plan.Concurrency / n
		if i < r.plan.Concurrency%n {
			limit++
		}
		r.turns = append(r.turns, &turn{run: r, alarm: a, stride: uint64(n), next: uint64(i), limit: limit})
	}
	return nil
}

// spawn starts a worker, of a turn in an open loop.
func (r *Run) spawn(t *turn) {
	r.listMu.Lock()
	w := newWorker(r, t, r.tallies[len(r.list)%len(r.tallies)])
	r.list = append(r.list, w)
	r.listMu.Unlock()
	r.workers.Add(1)
	go w.loop()
}

// rest waits, and returns false when the run ends first.
func (r *Run) rest(d time.Duration) bool {
	if r.end != math.MaxInt64 {
		d = min(d, max(0, time.Duration(r.end-r.clock.now())))
	}
	select {
	case <-time.After(d):
		return true
	case <-r.ending:
		return false
	}
}

// cutAtEnd cuts what is in flight at the plan's end.
func (r *Run) cutAtEnd() {
	if r.rest(time.Duration(math.MaxInt64)) {
		r.cut()
	}
}

// Stop ends the run before its plan does: no more tickets are sent, and those
// in flight are waited for (Drain) or cut off (Cut). A stopped run may be cut
// by a second Stop.
func (r *Run) Stop(how AtEnd) {
	r.endOnce.Do(func() {
		r.stopping.Store(true)
		// Read after the flag is set: no ticket taken without seeing it has a
		// later instant.
		r.stopAt.Store(r.clock.now() + 1)
		close(r.ending)
		for _, t := range r.turns {
			t.alarm.kick()
		}
	})
	if how == Cut || r.plan.AtEnd == Cut {
		r.cut()
	}
}

// Obey waits for the run's end and takes interrupts meanwhile: the first
// drains the run, the second cuts it, the third calls die.
func (r *Run) Obey(interrupts <-chan os.Signal, die func()) {
	for seen := 0; ; {
		select {
		case <-r.done:
			return
		case <-interrupts:
			switch seen++; seen {
			case 1:
				r.Stop(Drain)
			case 2:
				r.Stop(Cut)
			default:
				die()
			}
		}
	}
}

// over reports whether no more tickets are to be sent, whatever the schedule
// says.
func (r *Run) over() bool { return r.stopping.Load() || r.cutting.Load() }

// cut ends everything in flight.
func (r *Run) cut() {
	if r.cutting.Swap(true) {
		return
	}
	r.noDials()
	r.listMu.Lock()
	list := r.list
	r.listMu.Unlock()
	for _, w := range list {
		w.cut()
	}
}

// abort stops the run for a reason of its own, which its snapshot then tells.
func (r *Run) abort(err error) {
	r.errMu.Lock()
	if r.err == nil {
		r.err = err
	}
	r.errMu.Unlock()
	r.Stop(Drain)
}

// fitFiles settles how many requests an open loop may have in flight when its
// plan does not say, and refuses a concurrency beyond what the open-file limit
// (0: none) allows, since each request in flight needs a connection.
func (p *Plan) fitFiles(limit uint64, embedded bool) (warning string, err error) {
	room := uint64(math.MaxUint64)
	if limit > 0 {
		room = max(limit, spareFiles+1) - spareFiles
		if embedded {
			room = max(1, room/2) // the endpoint's ends of the connections count too
		}
	}
	switch {
	case p.Concurrency == 0 && room < DefaultOpenConcurrency:
		p.Concurrency = int(room)
		if room >= DefaultOpenConcurrency/2 {
			return "", nil // nothing that anyone would miss
		}
		return fmt.Sprintf("at most %d requests in flight: this process may open %d files (ulimit -n)", room, limit), nil
	case p.Concurrency == 0:
		p.Concurrency = DefaultOpenConcurrency
	case uint64(p.Concurrency) > room:
		return "", fmt.Errorf("--concurrency %d: this process may open %d files, enough for %d connections; raise the limit with ulimit -n, or lower --concurrency", p.Concurrency, limit, room)
	}
	return "", nil
}

// Done is closed when the run has ended and its last snapshot stands.
func (r *Run) Done() <-chan struct{} { return r.done }

// finish waits for the workers and closes the books.
func (r *Run) finish() {
	r.workers.Wait()
	r.endOnce.Do(func() { close(r.ending) })
	r.noDials()
	if r.recorder != nil && !r.recorder.close() {
		r.warnings = append(r.warnings, "the results' reader stopped reading: records at the end are missing")
	}
	r.timeline.close()
	for _, t := range r.turns {
		t.alarm.close()
	}
	close(r.done)
}
