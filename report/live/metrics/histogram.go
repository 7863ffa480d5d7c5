package metrics

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Classic buckets: 48 a decade from 0.1 ms to 100 s, each of which ends 4.9 %
// above its start, so that a quantile that Prometheus interpolates within one is
// less than 5 % off. To these come the round bounds that people ask for by name.
const (
	boundsPerDecade = 48
	lowestBound     = 1e-4 // seconds
	decades         = 6
)

var roundBounds = []float64{.0005, .0025, .005, .025, .05, .25, .5, 2.5, 5, 30, 60}

// classicBounds are the upper bounds of the classic buckets, in seconds: 300 and
// one more for what is longer.
var classicBounds = func() []float64 {
	bounds := slices.Clone(roundBounds)
	for i := range decades*boundsPerDecade + 1 {
		bound := lowestBound * math.Pow(10, float64(i)/boundsPerDecade)
		text := strconv.FormatFloat(bound, 'g', 4, 64) // le="0.1049", and no more digits
		bound, _ = strconv.ParseFloat(text, 64)        // of a number just written, so it cannot fail
		bounds = append(bounds, bound)
	}
	slices.Sort(bounds)
	return bounds
}()

// Native buckets: each doubling is divided into 2^4, so that one ends 4.4 % above
// its start. The zero bucket is half a nanosecond wide, the least that brunt tells
// from nothing.
const (
	nativeSchema = 4
	nativeZero   = 5e-10
)

// buckets is a histogram sorted into Prometheus's buckets. Each of brunt's own,
// which are 0.1 % wide, goes where its highest value belongs.
type buckets struct {
	count   uint64
	sum     float64            // seconds
	classic map[float64]uint64 // cumulative, by upper bound in seconds
	native  map[int]int64      // by index
	zeros   uint64
}

func bucketsOf(h *hdrhistogram.PackedHistogram) *buckets {
	b := &buckets{native: map[int]int64{}, classic: make(map[float64]uint64, len(classicBounds))}
	within := make([]uint64, len(classicBounds))
	for value, count := range h.ForEachBucket {
		seconds := float64(value) / 1e9
		if shift := math.Ilogb(float64(max(value, 1))) - 10; shift > 0 {
			seconds = float64(value+int64(1)<<shift-1) / 1e9
		}
		b.count += uint64(count)
		b.sum += seconds * float64(count)
		if i, _ := slices.BinarySearch(classicBounds, seconds); i < len(classicBounds) {
			within[i] += uint64(count)
		}
		if seconds <= 0 {
			b.zeros += uint64(count)
			continue
		}
		b.native[int(math.Ceil(math.Log2(seconds)*(1<<nativeSchema)))] += count
	}
	total := uint64(0)
	for i, bound := range classicBounds {
		total += within[i]
		b.classic[bound] = total
	}
	return b
}

// bothKinds is a prometheus.Metric with classic buckets and native ones at once,
// each kind as the library writes it, which has both only for histograms that it
// records itself. The format that is asked for decides which ones are read.
type bothKinds struct{ classic, native prometheus.Metric }

func newHistogram(d *prometheus.Desc, h *hdrhistogram.PackedHistogram, started time.Time) *bothKinds {
	b := bucketsOf(h)
	return &bothKinds{
		prometheus.MustNewConstHistogramWithCreatedTimestamp(d, b.count, b.sum, b.classic, started),
		prometheus.MustNewConstNativeHistogram(
			d,
			b.count,
			b.sum,
			b.native,
			nil,
			b.zeros,
			nativeSchema,
			nativeZero,
			started,
		),
	}
}

// Desc names the metric.
func (h *bothKinds) Desc() *prometheus.Desc { return h.native.Desc() }

// Write fills in both kinds of buckets.
func (h *bothKinds) Write(out *dto.Metric) error {
	var classic dto.Metric
	if err := h.classic.Write(&classic); err != nil {
		return err
	}
	if err := h.native.Write(out); err != nil {
		return err
	}
	out.Histogram.Bucket = classic.Histogram.Bucket
	return nil
}
