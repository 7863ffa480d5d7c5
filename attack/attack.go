package attack

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"brunt/attack/clock"
	"brunt/attack/endpoint"
	"brunt/attack/host"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/setting"
)

const (
	// startDelay is the time between Start and the schedule's start, so that the
	// setting up of the run does not make the first ticket late.
	startDelay = 5 * time.Millisecond
	// minSlotsPerLoop is the least number of slots that a loop of its own is worth in
	// an open loop: with fewer, slots would be passed from one to the other all the time.
	minSlotsPerLoop = 16
	// filesPerLoop is how many files the process may open for each loop: a loop takes
	// three itself, and most are for connections.
	filesPerLoop = 512
)

// Run is a run under way, or one that has ended. Its methods may be called from any
// goroutine.
type Run struct {
	id          string // of the run, in the splices of its bodies
	stamped     bool   // some get it as their client_request_id
	plan        plan.Plan
	request     Request
	payloads    *payloads.Set
	endpoint    *endpoint.Endpoint
	target      endpoint.Target
	dialer      *endpoint.Dialer
	embedded    bool   // the endpoint runs within this process
	mux         *mux   // of HTTP/2
	pacer       *pacer // nil where connections are opened as they are needed
	share       runShare
	schedule    atomic.Pointer[plan.Schedule]
	unannounced unannouncedCloses
	clock       clock.Clock
	began       host.Usage

	hosts      []*runHost             // that requests go to
	kinds      []requestKind          // by payload variant
	heads      atomic.Pointer[[]head] // the same; replaced when credentials change
	databricks bool                   // the endpoint is one of Databricks'
	sessions   bool                   // bodies are the turns of sessions
	pathed     bool                   // some requests have a path of their own
	packed     bool                   // some bodies are compressed
	names      []string               // payload names
	nameOf     []int                  // payload variant → name id, -1 for none

	// Instants of the clock.
	start    Instant             // of the schedule
	joined   Instant             // when it joined others that send the plan; 0 where it was there from the start
	measured clock.AtomicInstant // the warm-up's end
	end      clock.AtomicInstant // of the plan
	borders  []Instant           // ends of its stages
	settled  atomic.Bool         // the warm-up ended once latency had settled
	steady   chan struct{}       // closed when the run's own latency has
	settling chan struct{}       // closed when the warm-up's end has been moved

	loops    []*loop
	blocking bool           // goroutines make the connections' system calls, not the loops
	workers  sync.WaitGroup // the loops' goroutines
	helpers  sync.WaitGroup // those that work for them
	present  atomic.Int64   // slots of a closed loop that have not left
	wanted   atomic.Int64   // slots of a closed loop
	slots    atomic.Int64   // those over HTTP/2, ever
	wanting  atomic.Int32   // loops that want slots of others

	claimsMu   sync.Mutex
	leftClaims []claim // tickets that loops without slots left over

	changeMu sync.Mutex
	changes  []loadChange
	length   atomic.Pointer[time.Duration] // of the measured part, once it was changed
	endMoved chan struct{}                 // it was, for whoever waits for the end

	_       [64]byte
	claimed atomic.Uint64 // measured tickets of a closed loop
	warming atomic.Uint64 // its warm-up tickets
	orderMu sync.Mutex    // keeps both in step with the clock where records are kept
	_       [64]byte

	overlong          atomic.Uint64       // bodies that were matched in part
	sequence          atomic.Uint64       // of {{seq}}
	checked, unasked  atomic.Uint64       // replies that were checked; those too long for queries
	lease             clock.AtomicInstant // see TakeUntil; 0 for none
	allowed           atomic.Uint64       // see TakeUpTo; 0 for no bound
	stopAt            clock.AtomicInstant // 0 before the stop, beginsToStop until its instant is known
	until             clock.AtomicInstant // end of the window, as far as it is known
	cutting           atomic.Bool
	ending            chan struct{} // closed by the first stop
	endOnce           sync.Once
	dialContextParent context.Context
	cancelDials       context.CancelFunc

	timeline *timeline
	watch    delayWatch
	recorder *recorder // nil without a sink
	warnings []setting.Text
	moves    moves // guarded by the timeline's lock
	done     chan struct{}

	errMu sync.Mutex
	err   error // why the run ended on its own
}

// Start begins a run of the plan against the target, which payloads.Set gives the
// bodies of; the set must stay open until Done is closed. An error means that
// nothing was sent. The sink, which may be nil, gets a record of every measured
// request.
func Start(p plan.Plan, request Request, set *payloads.Set, target *endpoint.Endpoint, sink Sink) (*Run, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := request.Validate(); err != nil {
		return nil, err
	}
	if p.HTTP2 && target.Embedded != nil {
		return nil, setting.Wrong(setting.HTTP2, "", "mock:// speaks HTTP/1.1 only; leave out %v", setting.HTTP2)
	}
	warnings, err := p.Complete(host.ReadLimits(), target.Embedded != nil, target.Dialer.Ways())
	if err != nil {
		return nil, err
	}
	r := &Run{
		id:   cmp.Or(p.RunID, newRunID()),
		plan: p, request: request, payloads: set, endpoint: target, target: target.Target, dialer: target.Dialer, embedded: target.Embedded != nil,
		databricks: target.Databricks(),
		sessions:   set.Sessions(),
		pathed:     set.Pathed(),
		packed:     set.Packed() && !set.Sessions(), // whose bodies are put together as they are sent
		endMoved:   make(chan struct{}, 1),
		steady:     make(chan struct{}),
		settling:   make(chan struct{}),
		ending:     make(chan struct{}),
		done:       make(chan struct{}),
		warnings:   setting.Plains(warnings),
	}
	if err := r.checkSessions(); err != nil {
		return nil, err
	}
	if err := r.findKinds(); err != nil {
		return nil, err
	}
	if err := r.checkTemplates(); err != nil {
		return nil, err
	}
	if err := r.checkHostHeaders(); err != nil {
		return nil, err
	}
	if r.ownHost() {
		// A proxy goes by the URL of a request, and makes its Host of that.
		for _, h := range r.hosts {
			h.dialer.UseTunnel()
		}
	}
	target.AddSecrets(r.request.Headers, "")
	if err := r.addSecrets(); err != nil {
		return nil, err
	}
	r.stamp(set)
	r.buildHeads(nil)
	r.schedule.Store(plan.NewSchedule(&r.plan))
	r.indexNames(set.Variants())
	r.dialContextParent, r.cancelDials = context.WithCancel(context.Background())
	if err := r.begin(sink); err != nil {
		r.cancelDials()
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

// begin starts the clock, the slots and the timeline.
func (r *Run) begin(sink Sink) error {
	if err := r.startClock(); err != nil {
		return err
	}
	r.pacer = newPacer(&r.plan, r.clock)
	if forced, _ := forcedPoller.Load().(plan.Poller); forced != "" {
		r.plan.Poller = forced
	}
	r.blocking = !socketsAreOwn || r.plan.Poller == plan.PollerGoroutines || r.layered()
	r.readyHosts()
	if err := r.makeLoops(); err != nil {
		r.closeLoops()
		return fmt.Errorf("timer: %w", err)
	}
	r.endpoint.WatchHeaders(r.buildHeads)
	if sink != nil {
		r.recorder = newRecorder(r, sink)
		go r.recorder.loop()
	}
	r.setStart()
	r.planMeasured(r.start.Add(r.plan.Warmup))
	r.timeline = newTimeline(r)
	if !r.plan.Open() {
		first := r.plan.Concurrency
		if len(r.plan.Stages) > 0 {
			first = r.plan.Stages[0].Concurrency
		}
		r.resize(first)
	}
	for _, l := range r.loops {
		r.workers.Add(1)
		go l.work()
	}
	for _, h := range r.hosts {
		h.dialer.Follow(r.follow)
	}
	if !r.plan.StartAt.IsZero() {
		go r.costFromStart()
	}
	if r.plan.WarmupUntilSettled {
		go r.settle()
	} else {
		r.followMeasured()
	}
	go r.finish()
	return nil
}

// forcedPoller is a plan.Poller that all runs have in place of their plan's, for tests.
var forcedPoller atomic.Value

// makeLoops makes a loop per core.
func (r *Run) makeLoops() error {
	most := mostInFlight(&r.plan)
	n := min(runtime.GOMAXPROCS(0), max(1, most))
	if files := host.MaxFiles(); files > 0 {
		n = min(n, max(2, int(files/filesPerLoop)))
	}
	if r.plan.Open() {
		n = min(n, max(1, most/minSlotsPerLoop))
	}
	tallies := make([]*tally, n)
	for i := range tallies {
		tallies[i] = newTally(len(r.names) + len(r.plan.Stages))
	}
	pollers, err := r.makePollers(tallies)
	for i, p := range pollers { // also those before one that failed: to be closed
		t := tallies[i]
		if r.plan.WarmupUntilSettled {
			t.warmup = make(warmupTimes, 0, maxWarmupTimes)
		}
		limit := most / n
		if i < most%n {
			limit++
		}
		r.loops = append(r.loops, newLoop(r, p, t, limit))
	}
	if err == nil {
		r.deal()
	}
	return err
}

func (r *Run) closeLoops() {
	for _, l := range r.loops {
		l.poller.Close()
	}
}

// planMeasured has the measured part begin at the instant. Nothing is measured yet, and
// all loops are held.
func (r *Run) planMeasured(at Instant) {
	for _, l := range r.loops {
		l.tally.last = max(at, r.joined)
	}
	end := Instant(never)
	if length := r.lasting().Duration; length > 0 {
		end = at.Add(length)
	}
	r.end.Store(end)
	r.measured.Store(at)
	r.markBorders()
	r.planWindow()
}

// followMeasured starts what goes by the measured start, once that is certain.
func (r *Run) followMeasured() {
	r.watchDelays(max(r.measured.Load(), r.joined))
	go r.timeline.loop()
	if staged(&r.plan) {
		go r.openAhead()
	} else if len(r.plan.Stages) > 0 && !r.plan.Open() {
		go r.followStages()
	}
	if r.plan.AtEnd == plan.Cut {
		go r.cutAtEnd()
	}
}

// warn adds a line, unless it is empty, to what the reader should know.
func (r *Run) warn(line setting.Text) {
	if line.Empty() {
		return
	}
	r.timeline.mu.Lock()
	defer r.timeline.mu.Unlock()
	r.warnings = append(r.warnings, line)
}

// Plan returns the plan as it was asked for, but that Concurrency holds the bound on
// requests in flight that follows from the defaults and the open-file limit.
func (r *Run) Plan() plan.Plan { return r.plan }

// Done returns a channel that is closed when the run has ended and its last snapshot
// is ready.
func (r *Run) Done() <-chan struct{} { return r.done }

// Ending returns a channel that is closed by the first stop, or when the run has ended.
func (r *Run) Ending() <-chan struct{} { return r.ending }

// finish waits for the slots, ends everything else and has the last snapshot made.
func (r *Run) finish() {
	r.workers.Wait()
	r.helpers.Wait()
	r.endpoint.WatchHeaders(nil)
	for _, h := range r.hosts {
		h.dialer.Follow(nil)
	}
	r.endOnce.Do(func() { close(r.ending) })
	r.cancelDials()
	if r.recorder != nil {
		r.recorder.close()
	}
	r.muxes(func(m *mux) {
		m.close()
		r.warn(m.warning())
	})
	r.warn(r.overlongWarning())
	r.warn(r.checkWarning())
	if r.pacer != nil {
		r.warn(r.pacer.warning(r.measured.Load()))
	}
	r.timeline.close()
	r.closeLoops()
	close(r.done)
}
