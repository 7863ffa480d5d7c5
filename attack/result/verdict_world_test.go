package result

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
)

// world is a load, an endpoint and a client, played through without a clock:
// what a run in it would have measured is worked out request by request.
type world struct {
	rate        float64       // of an open loop; 0 for a closed one
	concurrency int           // of a closed loop, or the most in flight; 0: 10,000
	duration    time.Duration // 0: 10 s
	warmup      time.Duration
	timeout     time.Duration // 0: 60 s
	cut, skip   bool
	at          time.Duration // the run is looked at then; 0: when it is done
	stopAt      time.Duration // it is stopped then
	changes     []plan.Change
	stages      string // of an open loop; rate is set to anything above 0 then

	servers int                                         // that answer one request each at a time; 0: as many as it takes
	queue   int                                         // requests that may wait for one; 0: any number. The next one is refused with 429
	service func(i int, at time.Duration) time.Duration // nil: 20 ms
	pauses  [][2]time.Duration                          // in which the endpoint does nothing
	fault   func(i int, at time.Duration) (kind string, status int)

	faultTakes time.Duration // nil: 1 ms

	late   func(i int, at time.Duration) time.Duration // brunt's own lateness; nil: 50 µs
	delays []time.Duration                             // besides the 60 µs of every 20 ms
	client Client                                      // Wall and Cores are filled in
	adjust func(s *Snapshot)                           // what cannot be played
}

// took is a service time that is always the same.
func took(d time.Duration) func(int, time.Duration) time.Duration {
	return func(int, time.Duration) time.Duration { return d }
}

// spread is log-normal about a median.
func spread(median time.Duration, sigma float64, seed uint64) func(int, time.Duration) time.Duration {
	random := rand.New(rand.NewPCG(seed, 0))
	return func(int, time.Duration) time.Duration { return logNormal(random, median, sigma) }
}

func logNormal(random *rand.Rand, median time.Duration, sigma float64) time.Duration {
	return time.Duration(float64(median) * math.Exp(sigma*random.NormFloat64()))
}

func record(t *testing.T, h *hdrhistogram.PackedHistogram, d time.Duration) {
	if err := h.RecordValue(int64(d)); err != nil {
		t.Fatal(err)
	}
}

// each has one request in n fail.
func each(n int, kind string, status int) func(int, time.Duration) (string, int) {
	return func(i int, _ time.Duration) (string, int) {
		if i%n == 0 {
			return kind, status
		}
		return "", 0
	}
}

// exchanged is one request of a world.
type exchanged struct {
	planned, begin, end time.Duration
	kind                string
	status              int
	waited              bool // no slot was free when it was due
	unsent              bool // nor until the end
}

// instants is a heap of when something comes free.
type instants []time.Duration

func (h instants) Len() int           { return len(h) }
func (h instants) Less(i, j int) bool { return h[i] < h[j] }
func (h instants) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *instants) Push(x any)        { *h = append(*h, x.(time.Duration)) }
func (h *instants) Pop() any {
	x := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return x
}

// after is the instant at which work of that length is done that begins at from.
func (w *world) after(from, work time.Duration) time.Duration {
	end := from + work
	for _, p := range w.pauses {
		if from < p[1] && end > p[0] {
			end += p[1] - max(p[0], from)
		}
	}
	return end
}

// answer plays one request that reaches the endpoint at that instant.
func (w *world) answer(x *exchanged, i int, free *instants, queued *instants) {
	for len(*queued) > 0 && (*queued)[0] <= x.begin {
		heap.Pop(queued)
	}
	if w.fault != nil {
		if kind, status := w.fault(i, x.begin); kind != "" {
			x.kind, x.status = kind, status
			x.end = w.after(x.begin, cmp.Or(w.faultTakes, time.Millisecond))
			if kind == KindTimeoutReply {
				x.end = x.begin + w.timeout
			}
			return
		}
	}
	start := x.begin
	if w.servers > 0 {
		start = max(start, (*free)[0])
		if start > x.begin {
			if w.queue > 0 && len(*queued) >= w.queue {
				x.kind, x.status, x.end = "status_429", 429, w.after(x.begin, time.Millisecond)
				return
			}
			heap.Push(queued, start)
		}
	}
	x.end = w.after(start, w.service(i, x.begin))
	if w.servers > 0 {
		(*free)[0] = x.end
		heap.Fix(free, 0)
	}
	if x.end > x.begin+w.timeout {
		x.kind, x.end = KindTimeoutReply, x.begin+w.timeout
	}
}

// play works out all requests, and the tickets that were dropped.
func (w *world) play() (all []exchanged, skipped, noRoom uint64) {
	if w.service == nil {
		w.service = took(20 * time.Millisecond)
	}
	w.duration, w.timeout = cmp.Or(w.duration, 10*time.Second), cmp.Or(w.timeout, time.Minute)
	end := w.duration
	if w.stopAt > 0 {
		end = w.stopAt
	}
	free, queued, slots := make(instants, w.servers), instants{}, make(instants, cmp.Or(w.concurrency, 10_000))
	for i := range slots {
		slots[i] = -w.warmup
	}
	late := w.late
	if late == nil {
		late = func(int, time.Duration) time.Duration { return 50 * time.Microsecond }
	}
	next := -w.warmup
	var staged *plan.Schedule
	if w.stages != "" {
		p := &plan.Plan{}
		stages, _ := plan.ParseStages(w.stages)
		p.SetStages(stages)
		staged = plan.NewSchedule(p)
		end = min(end, p.Duration)
	}
	for i := 0; ; i++ {
		x := exchanged{planned: slots[0]}
		if w.rate > 0 {
			x.planned = next
			next += time.Duration(float64(time.Second) / w.rateAt(next))
		}
		if staged != nil {
			at, ok := staged.At(uint64(i))
			if x.planned = at; !ok {
				x.planned = end
			}
		}
		if x.planned >= end {
			return all, skipped, noRoom
		}
		x.begin = x.planned
		if w.rate > 0 {
			x.begin += late(i, x.planned)
			if slots[0] > x.begin {
				x.begin, x.waited = slots[0], true
			}
			if w.skip && x.begin-x.planned > plan.SkipAfter {
				skipped++
				if x.waited {
					noRoom++
				}
				continue
			}
		}
		if x.unsent = w.rate > 0 && x.waited && x.begin >= end; x.unsent {
			all = append(all, x)
			continue
		}
		w.answer(&x, i, &free, &queued)
		slots[0] = x.end
		heap.Fix(&slots, 0)
		all = append(all, x)
	}
}

func (w *world) rateAt(at time.Duration) float64 {
	rate := w.rate
	for _, c := range w.changes {
		if c.At <= at {
			rate = plan.PerSecond(c.Rate)
		}
	}
	return rate
}

// snapshot is what a run in the world would have measured.
func (w *world) snapshot(t *testing.T) (*Snapshot, *plan.Plan) {
	t.Helper()
	all, skipped, noRoom := w.play()
	p := &plan.Plan{Concurrency: cmp.Or(w.concurrency, 10_000), Duration: w.duration, Warmup: w.warmup, Timeout: w.timeout}
	if w.rate > 0 {
		p.Rate.Freq, p.Rate.Per = int(w.rate*1000), 1000*time.Second
	}
	if w.stages != "" {
		stages, err := plan.ParseStages(w.stages)
		if err != nil {
			t.Fatal(err)
		}
		p.SetStages(stages)
	}
	s := &Snapshot{State: Running, Client: w.client, Changes: w.changes, Interrupted: w.stopAt > 0}
	l := &s.Latencies
	*l = NewLatencies()
	now, sending := w.at, w.duration
	if w.stopAt > 0 {
		sending = w.stopAt
	}
	if now == 0 {
		s.State, now = Done, sending
		for _, x := range all {
			if w.cut {
				continue
			}
			now = max(now, x.end)
		}
		p.AtEnd = plan.Drain
		if w.cut {
			p.AtEnd = plan.Cut
		}
	}
	s.PlanElapsed = min(now, sending)
	kinds := map[string]*Failure{}
	var intervals []Interval
	for at := time.Duration(0); at < now; at += time.Second {
		intervals = append(intervals, Interval{At: at, Width: min(time.Second, now-at)})
	}
	responses := make([]*hdrhistogram.PackedHistogram, len(intervals))
	in := func(at time.Duration) int { return min(max(int(at/time.Second), 0), len(intervals)-1) }
	c := &s.Counts
	c.Skipped, c.SkippedNoSlot = skipped, noRoom
	c.Planned = skipped
	var last time.Duration
	var ends []time.Duration
	for _, x := range all {
		if x.planned < 0 {
			c.Warmup++
			continue
		}
		if x.planned >= now {
			continue
		}
		c.Planned++
		if x.begin >= now || x.unsent {
			c.NoSlot++
			continue
		}
		c.Sent++
		intervals[in(x.begin)].Sent++
		intervals[in(x.planned)].Planned++
		lateness := x.begin - x.planned
		record(t, l[figure.Lateness], lateness)
		if x.waited {
			record(t, l[figure.SlotWait], lateness)
		}
		if lateness > LateEnough {
			if x.waited {
				c.LateNoSlots++
			} else {
				c.LateWithSlots++
			}
		}
		for i := range intervals {
			if until := intervals[i].At + intervals[i].Width; x.begin < until && (x.end >= until || x.end > now) && until <= now {
				intervals[i].InFlight++
			}
		}
		if x.end <= now {
			ends = append(ends, x.end)
		}
		switch {
		case x.end > now:
			if s.State == Done {
				c.CutOff++
			}
		case x.kind != "":
			c.Failed++
			last = max(last, x.end)
			intervals[in(x.end)].Failed++
			record(t, l[figure.Failed], x.end-x.planned)
			f := kinds[x.kind]
			if f == nil {
				f = &Failure{Kind: x.kind, Status: x.status, First: x.end}
				kinds[x.kind] = f
			}
			f.Count++
			f.First, f.Last = min(f.First, x.end), max(f.Last, x.end)
		default:
			c.Succeeded++
			last = max(last, x.end)
			i := in(x.end)
			intervals[i].Succeeded++
			record(t, l[figure.Response], x.end-x.planned)
			record(t, l[figure.Service], x.end-x.begin)
			if responses[i] == nil {
				responses[i] = histogram.New()
			}
			_ = responses[i].RecordValue(int64(x.end - x.planned))
		}
	}
	for i, h := range responses {
		if h != nil {
			intervals[i].Response = histogram.SketchOf(h)
		}
	}
	s.Intervals = intervals
	if s.State == Done && c.NoSlot > 0 && s.Interrupted {
		c.Stopped, c.NoSlot = c.NoSlot, 0
	}
	slices.Sort(ends)
	before := time.Duration(0)
	for _, end := range ends {
		if end-before > s.Silence.Length {
			s.Silence = Silence{before, end - before}
		}
		before = end
	}
	for _, f := range kinds {
		if f.Status > 0 {
			if s.Status == nil {
				s.Status = map[int]uint64{}
			}
			s.Status[f.Status] += f.Count
		}
		s.Failures = append(s.Failures, *f)
	}
	slices.SortFunc(s.Failures, func(a, b Failure) int { return cmp.Compare(b.Count, a.Count) })
	s.Elapsed = last
	if s.State != Done || c.CutOff > 0 {
		s.Elapsed = now
	}
	for range int(now / DelayEvery) {
		s.Delays.Record(60 * time.Microsecond)
	}
	for _, d := range w.delays {
		s.Delays.Record(d)
	}
	if s.Client.Cores == 0 {
		s.Client.Cores, s.Client.CPU = 2, now/10
	}
	s.Client.Wall = now + w.warmup
	if w.adjust != nil {
		w.adjust(s)
	}
	return s, p
}
