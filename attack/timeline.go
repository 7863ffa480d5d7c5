package attack

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// intervalWidth is the width of the timeline's intervals, until there are
	// more than maxIntervals; then neighbours are merged and the width doubles.
	intervalWidth = time.Second
	maxIntervals  = 3600
	// shortTail is the width below which a run's last interval is joined to the
	// one before: rates over a few milliseconds mean nothing.
	shortTail = 200 * time.Millisecond
)

// timeline empties the tallies each second into totals and intervals.
type timeline struct {
	run  *Run
	quit chan struct{}
	gone chan struct{}

	mu        sync.Mutex
	total     *slice
	interval  *slice // scratch: one interval's merged histograms
	scratch   *hdrhistogram.PackedHistogram
	room      []byte
	spare     *slice // swapped into one tally after the other
	counts    Counts // as of the last collection
	started   uint64
	planned   uint64
	intervals []Interval
	width     time.Duration
	boundary  int64 // end of the last interval
	closed    bool
	final     *Snapshot
}

func newTimeline(r *Run) *timeline {
	return &timeline{
		run: r, quit: make(chan struct{}), gone: make(chan struct{}),
		total: newSlice(), scratch: newPacked(), room: make([]byte, 0, 64<<10), interval: newSlice(), spare: newSlice(),
		width: intervalWidth, boundary: r.measured,
	}
}

// loop collects at each interval's end until close.
func (t *timeline) loop() {
	defer close(t.gone)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := t.boundary + int64(t.width)
		timer.Reset(time.Duration(next - t.run.clock.now()))
		select {
		case <-timer.C:
			t.mu.Lock()
			// After a stall of more than an interval the next one is wider; it
			// is not made up of intervals in which nothing was looked at.
			behind := (t.run.clock.now() - next) / int64(t.width)
			t.collect(next + behind*int64(t.width))
			t.mu.Unlock()
		case <-t.quit:
			return
		}
	}
}

// collect closes the interval that ends at the instant.
func (t *timeline) collect(at int64) {
	run := t.run
	started := run.startedSoFar()
	var now Counts
	for _, tally := range run.tallies {
		tally.mu.Lock()
		tally.slice, t.spare = t.spare, tally.slice
		now.add(&tally.counts)
		tally.mu.Unlock()
		t.spare.addTo(t.interval)
	}
	planned := run.plannedSoFar(at, started)
	prev := &t.counts
	done := now.Succeeded + now.Failed + now.CutOff
	iv := Interval{
		At: time.Duration(t.boundary - run.measured), Width: time.Duration(at - t.boundary),
		Planned: planned - t.planned, Sent: started - t.started,
		Succeeded: now.Succeeded - prev.Succeeded, Failed: now.Failed - prev.Failed, CutOff: now.CutOff - prev.CutOff,
		InFlight: started - min(started, done),
		BytesIn:  now.BytesIn - prev.BytesIn, BytesOut: now.BytesOut - prev.BytesOut,
		Response: t.sketch(t.interval.response), Service: t.sketch(t.interval.service), Lateness: t.sketch(t.interval.lateness),
	}
	if string(iv.Service.buckets) == string(iv.Response.buckets) {
		iv.Service = iv.Response // a closed loop: one copy will do
	}
	t.interval.addTo(t.total)
	t.counts, t.started, t.planned, t.boundary = now, started, planned, at
	t.append(iv)
}

// append adds an interval and, when there are too many, halves their number
// without losing a count.
func (t *timeline) append(iv Interval) {
	t.intervals = append(t.intervals, iv)
	if len(t.intervals) <= maxIntervals {
		return
	}
	half := t.intervals[:0]
	for i := 0; i+1 < len(t.intervals); i += 2 {
		a := t.intervals[i]
		a.join(&t.intervals[i+1])
		half = append(half, a)
	}
	if len(t.intervals)%2 == 1 {
		half = append(half, t.intervals[len(t.intervals)-1])
	}
	clear(t.intervals[len(half):])
	t.intervals = half
	t.width *= 2
}

// join adds the interval that follows.
func (iv *Interval) join(next *Interval) {
	iv.Width += next.Width
	iv.Planned += next.Planned
	iv.Sent += next.Sent
	iv.Succeeded += next.Succeeded
	iv.Failed += next.Failed
	iv.CutOff += next.CutOff
	iv.InFlight = next.InFlight
	iv.BytesIn += next.BytesIn
	iv.BytesOut += next.BytesOut
	iv.Response = iv.Response.joined(next.Response)
	iv.Service = iv.Service.joined(next.Service)
	iv.Lateness = iv.Lateness.joined(next.Lateness)
}

func (iv *Interval) empty() bool {
	return iv.Planned+iv.Sent+iv.Succeeded+iv.Failed+iv.CutOff == 0
}

// sketch writes a histogram down. The scratch space grows once, so that a run
// leaves no garbage behind at each interval.
func (t *timeline) sketch(h *hdrhistogram.Histogram) Sketch {
	t.scratch.Reset()
	t.scratch.MergeFrom(h)
	t.room = t.room[:0]
	return sketch(t.scratch, t.room)
}

func (s Sketch) joined(next Sketch) Sketch {
	h := s.Histogram()
	next.AddTo(h)
	return SketchOf(h)
}

// close ends the timeline once no worker is left and makes the result.
func (t *timeline) close() {
	close(t.quit)
	<-t.gone
	t.mu.Lock()
	defer t.mu.Unlock()
	t.collect(max(t.run.clock.now(), t.boundary))
	if n := len(t.intervals); n > 1 {
		tail := &t.intervals[n-1]
		switch {
		case tail.empty():
			t.intervals = t.intervals[:n-1]
		case tail.Width < shortTail:
			t.intervals[n-2].join(tail)
			t.intervals = t.intervals[:n-1]
		}
	}
	t.closed = true
	t.final = t.snapshot()
}

// startedSoFar is the number of measured requests begun.
func (r *Run) startedSoFar() uint64 {
	r.listMu.Lock()
	list := r.list
	r.listMu.Unlock()
	var n uint64
	for _, w := range list {
		n += w.started.Load()
	}
	return n
}

// plannedSoFar is the number of tickets with an instant before at, within the
// plan or the moment of the stop. A closed loop plans as it sends.
func (r *Run) plannedSoFar(at int64, started uint64) uint64 {
	if !r.plan.Open() {
		return started
	}
	if r.stopping.Load() {
		at = min(at, r.stopAt.Load())
	}
	return r.schedule.plannedBefore(at - r.start)
}

func (c *Counts) add(o *Counts) {
	c.Sent += o.Sent
	c.Succeeded += o.Succeeded
	c.Failed += o.Failed
	c.CutOff += o.CutOff
	c.Warmup += o.Warmup
	c.Reconnected += o.Reconnected
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
	c.Connections += o.Connections
	c.LateWithSlots += o.LateWithSlots
	c.LateNoSlots += o.LateNoSlots
	c.Clamped += o.Clamped
}
