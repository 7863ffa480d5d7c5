//go:build !race

package attack

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/clock"
	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/needs"
)

// day is a run without a clock or slots: its tallies are filled by hand, and
// its timeline collects when it is told to.
type day struct {
	*timeline
	tally  *tally
	loop   *loop
	random *rand.Rand

	sent, succeeded, failed, in uint64
	response                    *hdrhistogram.PackedHistogram
}

func newDay() *day {
	d := &day{tally: newTally(0), random: rand.New(rand.NewPCG(7, 8)), response: histogram.New()}
	r := &Run{plan: plan.Plan{Concurrency: 1}, clock: clock.From(time.Now())}
	d.loop = &loop{run: r, tally: d.tally, slots: []*slot{{}}}
	r.loops = []*loop{d.loop}
	d.timeline = newTimeline(r)
	return d
}

// second is one of the day's, and the end of an interval where one is due: so
// many replies whose times spread over the decades, around a middle that wanders by the hour.
func (d *day) second(i, replies int) {
	middle := 12 + 3*math.Sin(float64(i)/600)
	for range replies {
		ns := min(int64(math.Exp(middle+d.random.NormFloat64())), histogram.Max)
		d.tally.add(d.tally.histograms[figure.Response], time.Duration(ns))
		d.tally.add(d.tally.histograms[figure.Service], time.Duration(ns/2))
		_ = d.response.RecordValue(ns)
	}
	if i%60 == 0 {
		d.tally.add(d.tally.histograms[figure.Lateness], time.Duration(i))
	}
	d.sent += uint64(replies + i%3)
	d.succeeded += uint64(replies)
	d.failed += uint64(i % 3)
	d.in += uint64(replies * i)
	d.loop.started = d.sent
	d.tally.counts.Succeeded, d.tally.counts.Failed, d.tally.counts.BytesIn = d.succeeded, d.failed, d.in
	if at := Instant(0).Add(time.Duration(i+1) * intervalWidth); at == d.boundary.Add(d.width) {
		d.collect(at)
	}
}

// check holds the intervals against what was put in.
func (d *day) check(t *testing.T, seconds int) {
	t.Helper()
	var sum result.Interval
	buckets := histogram.New()
	lateness := int64(0)
	for i := range d.intervals {
		iv := &d.intervals[i]
		if iv.At != sum.Width || iv.Width != d.width {
			t.Fatalf("interval %d of %d is at %v, %v wide; want it at %v, %v wide", i, len(d.intervals), iv.At, iv.Width, sum.Width, d.width)
		}
		if n := int64(iv.Succeeded); iv.Response.Count() != n || iv.Service.Count() != n {
			t.Fatalf("interval %d has %d successes, %d response times and %d service times", i, n, iv.Response.Count(), iv.Service.Count())
		}
		lateness += iv.Lateness.Count()
		iv.Response.AddTo(buckets)
		flat := *iv
		flat.Response, flat.Service, flat.Lateness = histogram.Sketch{}, histogram.Sketch{}, histogram.Sketch{}
		sum.Join(&flat)
	}
	if n := len(d.intervals); n > maxIntervals+1 || n < minIntervals/2 || sum.Width != time.Duration(seconds)*intervalWidth {
		t.Fatalf("%d intervals over %v", n, sum.Width)
	}
	if sum.Sent != d.sent || sum.Succeeded != d.succeeded || sum.Failed != d.failed || sum.BytesIn != d.in || sum.InFlight != 0 {
		t.Fatalf("%+v, want %d sent, %d succeeded, %d failed, %d bytes", sum, d.sent, d.succeeded, d.failed, d.in)
	}
	if lateness != d.total[figure.Lateness].TotalCount() || lateness == 0 {
		t.Fatalf("%d values of lateness, %d in total", lateness, d.total[figure.Lateness].TotalCount())
	}
	if !slices.Equal(bars(buckets), bars(d.response)) {
		t.Fatal("the intervals' buckets do not add up to what was recorded")
	}
	if !slices.Equal(bars(d.response), bars(d.total[figure.Response])) {
		t.Fatal("the totals' buckets are not what was recorded")
	}
}

func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestDay drives a timeline through 24 hours: no count is lost as intervals
// are joined, and a day takes no more memory than its first two hours. Nothing
// in it runs at once, so that the race detector would only slow it down.
func TestDay(t *testing.T) {
	needs.Time(t)
	d := newDay()
	const replies = 20
	var early, late uint64
	for second, checked := 1, 0; second <= 24*3600; second++ {
		d.second(second-1, replies)
		if hours := second / 7200 * 2; hours > checked && d.boundary == Instant(0).Add(time.Duration(second)*intervalWidth) {
			checked = hours
			d.check(t, second)
			if late = max(late, liveHeap()); hours <= 2 {
				early = late
			}
		}
	}
	t.Logf("%d intervals, %v wide; at most %d bytes in use, %d within 2 h", len(d.intervals), d.width, late, early)
	if late > early+early/5 {
		t.Errorf("up to %d bytes in use within 24 h, %d within 2 h", late, early)
	}
}
