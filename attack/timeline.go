package attack

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/host"
	"brunt/attack/result"
)

const (
	// intervalWidth is the width of the timeline's intervals, until there are
	// more than maxIntervals; then neighbours are merged and the width doubles.
	intervalWidth = time.Second
	maxIntervals  = 3600
	// Wider intervals have larger sketches, so that as many of them would take
	// several times the memory: neighbours are merged, too, where the sketches
	// take more bytes than they did when that first happened, within these
	// bounds, unless there are fewer than minIntervals.
	minSketchBytes = 1 << 20
	maxSketchBytes = 32 << 20
	minIntervals   = maxIntervals / 4
	// shortTail is the width below which a run's last interval is joined to the
	// one before: rates over a few milliseconds mean nothing.
	shortTail = 200 * time.Millisecond
)

// timeline empties the tallies each second into totals and intervals.
type timeline struct {
	run      *Run
	quit     chan struct{}
	finished chan struct{}

	mu             sync.Mutex
	total          result.Latencies // of the whole run
	aggregate      *aggregate
	interval       *intervalHistograms // scratch: one interval's merged histograms
	sketcher       histogram.Sketcher
	spare          *intervalHistograms // swapped into one tally after the other
	counts         result.Counts       // as of the last collection
	started        uint64
	chunks         uint64
	kept           uint64
	planned        uint64
	intervals      []result.Interval
	sketchBytes    int // bytes of the sketches
	maxSketchBytes int // most of them
	width          time.Duration
	boundary       Instant // end of the last interval
	closed         bool
	common         *result.Snapshot // what all snapshots have in common until the next collection; nil until one is asked for
	final          *result.Snapshot
	gcTuner        *host.GCTuner
}

func newTimeline(r *Run) *timeline {
	width := cmp.Or(r.plan.Interval, intervalWidth)
	boundary := r.measured.Load()
	boundary = boundary.Add(max(0, r.joined.Sub(boundary)) / width * width)
	return &timeline{
		run: r, quit: make(chan struct{}), finished: make(chan struct{}),
		total: result.NewLatencies(), aggregate: newAggregate(r), interval: newSlice(), spare: newSlice(),
		width: width, boundary: boundary, maxSketchBytes: maxSketchBytes, gcTuner: host.NewGCTuner(),
	}
}

// loop collects at each interval's end until close.
func (t *timeline) loop() {
	defer close(t.finished)
	timer := time.NewTimer(0)
	defer timer.Stop()
	defer t.gcTuner.Restore()
	for {
		t.gcTuner.Adjust()
		t.mu.Lock()
		next := t.boundary.Add(t.width)
		t.mu.Unlock()
		timer.Reset(next.Sub(t.run.clock.Now()))
		select {
		case <-timer.C:
			t.mu.Lock()
			// After a stall of more than an interval the next one is wider; it
			// is not made up of intervals in which nothing was looked at.
			behind := t.run.clock.Now().Sub(next) / t.width
			t.collect(next.Add(behind * t.width))
			t.mu.Unlock()
		case <-t.quit:
			return
		}
	}
}

// collect closes the interval that ends at the instant.
func (t *timeline) collect(at Instant) {
	run := t.run
	var now result.Counts
	t.common = nil
	t.aggregate.reset()
	t.kept = run.keptSoFar()
	for i, l := range run.loops {
		tally := l.tally
		tally.mu.Lock()
		tally.histograms, t.spare = t.spare, tally.histograms
		now.Add(&tally.counts)
		t.aggregate.take(tally)
		tally.mu.Unlock()
		t.aggregate.addSwapped(run)
		if i == 0 {
			t.interval, t.spare = t.spare, t.interval // which is empty
			continue
		}
		t.spare.addTo(t.interval)
	}
	// After the tallies: what they have counted was sent before, and a stream
	// has all its chunks here.
	so := run.soFar()
	now.Window.Tokens.Estimate(so.windowChunks)
	prev := &t.counts
	done := now.Succeeded + now.Failed + now.CutOff
	// What was sent since the tallies were read is the next interval's, as far as
	// it shows by more being in flight than there are slots; and so is what was
	// sent since the instant, unless it has its reply in this one.
	started := min(so.started, done+so.slots)
	planned := max(t.planned, run.plannedSoFar(at, started, so.followed))
	started = max(done, min(started, planned))
	planned = max(planned, started)
	iv := result.Interval{
		At: t.boundary.Sub(run.measured.Load()), Width: at.Sub(t.boundary),
		Planned: planned - t.planned, Sent: started - t.started,
		Succeeded: now.Succeeded - prev.Succeeded, Failed: now.Failed - prev.Failed, CutOff: now.CutOff - prev.CutOff,
		Completed: now.Window.Completed - prev.Window.Completed, CompletedOK: now.Window.OK - prev.Window.OK,
		InFlight: started - done,
		BytesIn:  now.BytesIn - prev.BytesIn, BytesOut: now.BytesOut - prev.BytesOut, Chunks: so.chunks - t.chunks,
	}
	iv.Tokens = now.Stream.OutputTokens + now.Usage.OutputTokens - prev.Stream.OutputTokens - prev.Usage.OutputTokens
	iv.Names, iv.Kinds = t.aggregate.followed.interval(t.aggregate.failures)
	t.addInterval(&iv)
	t.counts, t.started, t.chunks, t.planned, t.boundary = now, started, so.chunks, planned, at
	t.append(iv)
}

// giveWay lets the loops run where they share one core with the timeline: the runtime
// looks for what has come from the network only when no goroutine can run, and would
// else let this one run for 10 ms.
func giveWay() { time.Sleep(50 * time.Microsecond) }

// addInterval adds the interval's histograms to the totals, writes down those that
// are kept, and empties them.
func (t *timeline) addInterval(iv *result.Interval) {
	now, total := t.interval, &t.total
	if now.streamed() {
		total.BeginStreams()
	}
	if waited := now[figure.SlotWait]; waited.Count() > 0 {
		waited.CopyTo(total[figure.SlotWait])
		waited.AddTo(now[figure.Lateness])
	}
	kept := [figure.Len]*histogram.Sketch{
		figure.Response: &iv.Response,
		figure.Service:  &iv.Service,
		figure.Lateness: &iv.Lateness,
		figure.TTFT:     &iv.TTFT,
		figure.TPOT:     &iv.TPOT,
	}
	for f, b := range now {
		switch {
		case b == nil:
		case kept[f] != nil:
			*kept[f] = b.MoveTo(total[f], &t.sketcher, giveWay)
		default:
			b.MoveTo(total[f], nil, giveWay)
		}
	}
	if iv.Service.Equal(iv.Response) {
		iv.Service = iv.Response // a closed loop: one copy will do
	}
}

// append adds an interval and, when there are too many, halves their number
// without losing a count. An odd one waits for its neighbour, so that all are
// as wide again.
func (t *timeline) append(iv result.Interval) {
	t.intervals = append(t.intervals, iv)
	t.sketchBytes += iv.Size()
	n := len(t.intervals)
	crowded := n > maxIntervals || n > minIntervals && t.sketchBytes > t.maxSketchBytes
	if !crowded || n%2 > 0 {
		return
	}
	if t.width <= intervalWidth {
		t.maxSketchBytes = min(max(t.sketchBytes, minSketchBytes), maxSketchBytes)
	}
	half := make([]result.Interval, 0, n) // snapshots have the others
	t.sketchBytes = 0
	for i := 0; i < n; i += 2 {
		a := t.intervals[i]
		a.JoinWith(&t.intervals[i+1], &t.sketcher)
		t.sketchBytes += a.Size()
		half = append(half, a)
	}
	t.intervals = half
	t.width *= 2
}

// close ends the timeline once no slot is left and makes the result.
func (t *timeline) close() {
	close(t.quit)
	<-t.finished
	t.mu.Lock()
	defer t.mu.Unlock()
	t.collect(max(t.run.clock.Now(), t.boundary))
	if n := len(t.intervals); n > 1 {
		tail := &t.intervals[n-1]
		switch {
		case tail.Empty():
			t.intervals = t.intervals[:n-1]
		case tail.Width < shortTail:
			t.intervals = slices.Clone(t.intervals[:n-1]) // snapshots have the others
			t.intervals[n-2].Join(tail)
		}
	}
	t.closed = true
	t.final = t.snapshot()
}

// progress is how far the slots are.
type progress struct {
	started      uint64 // measured requests begun
	followed     uint64 // of them, those that an earlier turn of their session has planned
	chunks       uint64 // that came in their streams
	windowChunks uint64 // that came within the window, in any stream
	slots        uint64 // that there have been, each with one request in flight at most
}

func (r *Run) soFar() (so progress) {
	for _, l := range r.loops {
		l.lock()
		so.started += l.started
		so.followed += l.followed
		so.slots += uint64(l.size() + l.away)
		for _, r := range l.replies {
			so.chunks += r.chunks.Load()
			so.windowChunks += r.windowChunks.Load()
		}
		l.unlock()
	}
	return so
}

// keptSoFar is the number of records that the sink has taken.
func (r *Run) keptSoFar() uint64 {
	if r.recorder == nil {
		return 0
	}
	return r.recorder.kept.Load()
}

// plannedSoFar is the number of tickets with an instant before at, within the
// plan or the moment of the stop, and of the turns that followed on those. A closed
// loop plans as it sends.
func (r *Run) plannedSoFar(at Instant, started, followed uint64) uint64 {
	if !r.plan.Open() {
		return started
	}
	if stop, stopped := r.stopInstant(); stopped {
		at = min(at, stop)
	} else if lease := r.lease.Load(); lease != 0 && r.clock.Now() < r.end.Load() {
		at = min(at, lease) // what is due later may be another's, which Leave says
	}
	return r.schedule.Load().PlannedBefore(at.Sub(r.start)) + followed
}
