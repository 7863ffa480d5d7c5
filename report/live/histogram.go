package live

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// histogram is a prometheus.Metric with classic buckets and native ones at
// once, which the library's constant histograms do not do.
type histogram struct {
	desc    *prometheus.Desc
	of      *hdrhistogram.PackedHistogram // nanoseconds
	started time.Time
}

// nativeZero is the width of the native zero bucket: half a nanosecond, the
// least that brunt tells from nothing.
const nativeZero = 5e-10

// Desc names the metric.
func (h *histogram) Desc() *prometheus.Desc { return h.desc }

// Write fills in both kinds of buckets; the format that is asked for decides
// which ones are read.
func (h *histogram) Write(out *dto.Metric) error {
	b := bin(h.of)
	d := &dto.Histogram{
		SampleCount: &b.count, SampleSum: &b.sum, CreatedTimestamp: timestamppb.New(h.started),
		Schema: new(int32(nativeSchema)), ZeroThreshold: new(nativeZero), ZeroCount: &b.zeros,
	}
	for i, bound := range classicBounds {
		d.Bucket = append(d.Bucket, &dto.Bucket{UpperBound: new(bound), CumulativeCount: new(b.classic[i])})
	}
	b.spans(d)
	out.Histogram = d
	return nil
}

// spans writes the native buckets: runs of them, and each one's difference
// from the one before.
func (b *binned) spans(d *dto.Histogram) {
	if b.first > b.last {
		d.PositiveSpan = []*dto.BucketSpan{{Offset: new(int32(0)), Length: new(uint32(0))}} // native, though empty
		return
	}
	before, end := int64(0), math.MinInt
	for index := b.first; index <= b.last; index++ {
		count, filled := b.native[index]
		if !filled {
			continue
		}
		switch {
		case end == math.MinInt:
			d.PositiveSpan = append(d.PositiveSpan, &dto.BucketSpan{Offset: new(int32(index)), Length: new(uint32(0))})
		case index > end:
			d.PositiveSpan = append(d.PositiveSpan, &dto.BucketSpan{Offset: new(int32(index - end)), Length: new(uint32(0))})
		}
		last := d.PositiveSpan[len(d.PositiveSpan)-1]
		*last.Length++
		d.PositiveDelta = append(d.PositiveDelta, count-before)
		before, end = count, index+1
	}
}
