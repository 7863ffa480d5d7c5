// Package attack makes load and times it: the open loop (constant rate) and
// the closed loop (constant concurrency) over HTTP/1.1 or 2. A run hands out
// snapshots; whoever wants to show them reads them.
//
//	Plan ─ schedule ─ turns ─► workers ─► tallies ─(each second)─► timeline ─► Snapshot
package attack

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/setting"
	"brunt/payloads"
)

const (
	// startLead lies between Start and the first instant, so that the first
	// ticket is not late by the time it takes to set up.
	startLead = 5 * time.Millisecond
	// slotsPerTurn is the least number of slots worth a turn of its own: with
	// fewer, turns could run out of slots while another has some to spare.
	slotsPerTurn = 64
)

// Run is a run under way. Its methods may be called from any goroutine.
type Run struct {
	id       []byte // of the run, in the splices of its bodies
	stamped  bool   // some get it as their client_request_id
	plan     Plan
	request  Request
	payloads *payloads.Set
	endpoint *endpoint.Endpoint
	target   endpoint.Target
	dialer   *endpoint.Dialer
	embedded bool   // the endpoint runs within this process
	mux      *mux   // of HTTP/2
	pacer    *pacer // nil where connections are opened as they are needed
	schedule atomic.Pointer[schedule]
	unsaid   unsaid
	clock    clock
	began    usage

	heads      atomic.Pointer[[][]byte] // by payload variant; replaced when credentials change
	lengths    bool                     // requests carry a Content-Length
	head       bool                     // replies have no body (HEAD)
	method     string                   // of the requests
	databricks bool                     // the endpoint is one of Databricks'
	names      []string                 // payload names
	nameOf     []int                    // payload variant → name id, -1 for none

	// Instants of the clock.
	start    int64   // of the schedule
	measured int64   // the warm-up's end
	end      int64   // of the plan
	borders  []int64 // ends of its stages

	turns   []*turn
	alarms  []*alarm // of the turns
	tallies []*tally
	workers sync.WaitGroup

	listMu  sync.Mutex
	list    []*worker
	present int          // workers that have not left
	wanted  atomic.Int64 // workers of a closed loop
	parked  []*worker    // those that a change sent away, for the next one
	left    []claim      // tickets that they left behind

	changeMu sync.Mutex
	changes  []Change

	_       [64]byte
	claimed atomic.Uint64 // measured tickets of a closed loop
	warming atomic.Uint64 // its warm-up tickets
	orderMu sync.Mutex    // keeps both in step with the clock where records are kept
	_       [64]byte

	leaving  atomic.Int64 // workers that a change has yet to send away
	stopAt   atomic.Int64 // 0 before the stop, beginsToStop until its instant is known
	until    atomic.Int64 // end of the window, as far as it is known
	cutting  atomic.Bool
	ending   chan struct{} // closed by the first stop
	endOnce  sync.Once
	dialling context.Context
	noDials  context.CancelFunc

	timeline *timeline
	watch    *delayWatch
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
	if plan.HTTP2 && target.Embedded != nil {
		return nil, setting.Wrong(setting.HTTP2, "", "mock:// speaks HTTP/1.1 only; leave out %v", setting.HTTP2)
	}
	warnings, err := plan.fit(HostLimits(), target.Embedded != nil, len(target.Dialer.Addresses()))
	if err != nil {
		return nil, err
	}
	hasBody := set.MaxBody() > 0
	method := request.MethodFor(hasBody)
	r := &Run{
		id:   newRunID(),
		plan: plan, request: request, payloads: set, endpoint: target, target: target.Target, dialer: target.Dialer, embedded: target.Embedded != nil,
		lengths: hasBody || method != http.MethodGet && method != http.MethodHead,
		head:    method == http.MethodHead,
		method:  method, databricks: target.Databricks(),
		ending:   make(chan struct{}),
		done:     make(chan struct{}),
		warnings: warnings,
	}
	if err := r.staysHome(); err != nil {
		return nil, err
	}
	target.Conceal(r.request.Headers, "")
	for _, v := range set.Variants() {
		target.Conceal(v.Headers, v.Path)
	}
	r.stamp(set)
	r.buildHeads(nil)
	r.schedule.Store(newSchedule(&r.plan))
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
		r.tallies = append(r.tallies, newTally(len(r.names)+len(r.plan.Stages)))
	}
	r.clock = clock{time.Now()}
	r.pacer = newPacer(&r.plan, r.clock)
	if r.plan.HTTP2 {
		r.dialer.UseHTTP2()
		r.mux = newMux(r)
	} else {
		r.dialer.Beneath(beneath)
	}
	if r.plan.Open() {
		if err := r.makeTurns(min(cores, max(1, r.plan.Concurrency/slotsPerTurn))); err != nil {
			return err
		}
	}
	watch, err := watchDelays(r.clock)
	if err != nil {
		r.closeAlarms()
		return fmt.Errorf("timer: %w", err)
	}
	r.watch = watch
	r.endpoint.WatchHeaders(r.buildHeads)
	if sink != nil {
		r.recorder = newRecorder(r, sink)
		go r.recorder.loop()
	}
	r.began = readUsage()
	r.start = r.clock.now() + int64(startLead)
	r.measured = r.start + int64(r.plan.Warmup)
	for _, t := range r.tallies {
		t.last = r.measured
	}
	r.end = math.MaxInt64
	if r.plan.Duration > 0 {
		r.end = r.measured + int64(r.plan.Duration)
	}
	r.markBorders()
	r.planWindow()
	if r.plan.Open() {
		for _, t := range r.turns {
			t.mu.Lock()
			t.grow(true)
		}
	} else {
		first := r.plan.Concurrency
		if len(r.plan.Stages) > 0 {
			first = r.plan.Stages[0].Concurrency
		}
		r.resize(first)
	}
	r.timeline = newTimeline(r)
	r.watch.begin(r.measured)
	go r.timeline.loop()
	if r.plan.staged() {
		go r.openAhead()
	} else if len(r.plan.Stages) > 0 && !r.plan.Open() {
		go r.followStages()
	}
	go r.finish()
	if r.plan.AtEnd == Cut && r.end != math.MaxInt64 {
		go r.cutAtEnd()
	}
	return nil
}

func (r *Run) makeTurns(n int) error {
	for i := range n {
		var alarms [2]*alarm
		for j := range alarms {
			var err error
			if alarms[j], err = newAlarm(r.clock); err != nil {
				r.closeAlarms()
				return fmt.Errorf("timer: %w", err)
			}
			r.alarms = append(r.alarms, alarms[j])
		}
		limit := r.plan.Concurrency / n
		if i < r.plan.Concurrency%n {
			limit++
		}
		r.turns = append(r.turns, &turn{run: r, alarm: alarms[0], scout: alarms[1], stride: uint64(n), next: uint64(i), limit: limit})
	}
	return nil
}

func (r *Run) closeAlarms() {
	for _, a := range r.alarms {
		a.close()
	}
}

// spawn starts a worker, of a turn in an open loop.
func (r *Run) spawn(t *turn) {
	r.listMu.Lock()
	r.enter(t, false)
	r.listMu.Unlock()
}

// enter starts a worker, which opens its connection ahead of its first ticket if it
// is to; listMu is held.
func (r *Run) enter(t *turn, ahead bool) {
	var w *worker
	if n := len(r.parked); n > 0 {
		w, r.parked = r.parked[n-1], r.parked[:n-1]
		w.gone = false
	} else {
		w = newWorker(r, t, r.tallies[len(r.list)%len(r.tallies)])
		if r.mux != nil {
			w.lane, w.reply = r.mux.lane(len(r.list)), &reply{streams: r.plan.Stream, stall: int64(r.plan.StreamStall)}
		}
		r.list = append(r.list, w)
	}
	r.present++
	r.workers.Add(1)
	w.ahead = ahead
	go w.loop()
}

// warn adds a line, unless it is empty, to what the reader should know.
func (r *Run) warn(line string) {
	if line == "" {
		return
	}
	r.timeline.mu.Lock()
	defer r.timeline.mu.Unlock()
	r.warnings = append(r.warnings, line)
}

// Plan is the plan as it is carried out: with the bound on requests in flight
// that follows from defaults and from the open-file limit.
func (r *Run) Plan() Plan { return r.plan }

// Done is closed when the run has ended and its last snapshot stands.
func (r *Run) Done() <-chan struct{} { return r.done }

// finish waits for the workers and closes the books.
func (r *Run) finish() {
	r.workers.Wait()
	r.endpoint.WatchHeaders(nil)
	r.endOnce.Do(func() { close(r.ending) })
	r.noDials()
	if r.recorder != nil {
		r.recorder.close()
	}
	if r.mux != nil {
		r.mux.close()
		r.warn(r.mux.warning())
	}
	if r.pacer != nil {
		r.warn(r.pacer.warning(r.measured))
	}
	r.watch.close()
	r.timeline.close()
	r.closeAlarms()
	close(r.done)
}
