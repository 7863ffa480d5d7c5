package result

import (
	"math"
	"math/bits"
	"time"

	"brunt/attack/figure"
	"brunt/attack/histogram"
)

const (
	// DelayEvery is the time from one look at the client's own delay to the next:
	// often enough that some hundred looks make a p99, seldom enough that the
	// wake-ups cost a few thousandths of a core.
	DelayEvery = 20 * time.Millisecond
	// delaySteps is the number of classes per doubling of a delay: each is known
	// to an eighth, from above.
	delaySteps = 8
	delayRoom  = 64 * delaySteps
)

// Delays are how late the client itself was to act: each 20 ms it waits for an
// instant in the way in which it waits for replies, and counts how much later
// than that instant it runs. What keeps it from running (other programs, a
// quota, garbage collection, a stopped process) delays replies just so.
type Delays struct {
	counts  [delayRoom]uint32
	total   uint64
	longest time.Duration
	clients int // whose looks these are; 0 for one
}

// Record counts a delay.
func (d *Delays) Record(delay time.Duration) {
	d.counts[delayClass(delay)]++
	d.total++
	d.longest = max(d.longest, delay)
}

// Max is the longest delay that was seen.
func (d *Delays) Max() time.Duration { return d.longest }

// watched is how many clients looked.
func (d *Delays) watched() int { return max(d.clients, 1) }

// stopped is the time that the client lost to delays of more than a look's time; of
// several clients the mean.
func (d *Delays) stopped() time.Duration {
	sum := 0.0
	for class, n := range d.counts {
		if delay := delayOf(class); n > 0 && delay > float64(DelayEvery) {
			sum += float64(n) * min(delay, float64(d.longest))
		}
	}
	return time.Duration(sum / float64(d.watched()))
}

// quantile is the delay, in nanoseconds, that all but a share of 1 − q of the
// events stayed below. A look stands for the events of its 20 ms. One that came
// later than the next was due stands for those that were left out, too: each
// would have found a delay that was 20 ms shorter than the one before
// (HdrHistogram's correction for coordinated omission, here of the looks). Of all
// these events no more can have waited than were pending.
func (d *Delays) quantile(q float64, e events) float64 {
	if d.total == 0 || e.count <= 0 {
		return 0
	}
	var hit [delayRoom]float64
	each := e.rate * float64(DelayEvery) / float64(d.watched()) // of the client that looked
	for class, n := range d.counts {
		if n == 0 {
			continue
		}
		delay := delayOf(class)
		looks := math.Ceil(delay / float64(DelayEvery))
		if looks == 1 {
			hit[class] += float64(n) * each
			continue
		}
		// Of a very long delay some pieces will do.
		pieces := min(looks, 1000)
		of := float64(n) * min(each*looks, max(e.pending/float64(d.watched()), 1)) / pieces
		for i := range int(pieces) {
			hit[delayClass(time.Duration(delay-float64(i)*float64(DelayEvery)*looks/pieces))] += of
		}
	}
	q = min(q, 1-1/float64(d.total)) // so many looks tell no more
	left := (1 - q) * e.count
	for class := len(hit) - 1; class >= 0; class-- {
		if left -= hit[class]; left < 0 {
			return delayOf(class)
		}
	}
	return 0
}

// events are what delays may have hit: so many per nanosecond over the run, of
// which no more than pending can have waited at one time.
type events struct {
	count   float64
	rate    float64
	pending float64
}

// ownLateness is the quantile of the lateness of those requests that found a
// slot free: of the others it is the want of one. 0 without any.
func (l *Latencies) ownLateness(q float64) float64 {
	all, waited := l[figure.Lateness], l[figure.SlotWait]
	if all == nil || all.TotalCount() == 0 {
		return 0
	}
	if waited == nil || waited.TotalCount() == 0 {
		return float64(all.ValueAtPercentile(100 * q))
	}
	n := all.TotalCount() - waited.TotalCount()
	if n <= 0 {
		return 0
	}
	rank, seen := int64(math.Ceil(q*float64(n))), int64(0)
	for value, count := range all.ForEachBucket {
		if seen += count - waited.CountAtValue(value); seen >= rank {
			return float64(histogram.EndOf(value))
		}
	}
	return float64(all.Max())
}

func delayClass(delay time.Duration) int {
	ns := uint64(max(delay, 1))
	top := bits.Len64(ns) - 1
	step := 0
	if top >= 3 {
		step = int(ns>>(top-3)) & (delaySteps - 1)
	}
	return min(top*delaySteps+step, delayRoom-1)
}

// delayOf is the upper bound of a class.
func delayOf(class int) float64 {
	return math.Ldexp(1+float64(class%delaySteps+1)/delaySteps, class/delaySteps)
}
