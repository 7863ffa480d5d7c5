package histogram

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestDistribution records values in every way there is, and compares with a
// histogram that was given the same ones. What was handed out stays as it was.
func TestDistribution(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var d, merged Distribution
	want, w := New(), &Sketcher{}
	var frozen Distribution
	var then []int64
	for round := range 200 {
		part := New()
		for range random.IntN(1 + 1<<random.IntN(9)) {
			ns := int64(1 << random.IntN(30) * (1 + random.IntN(1000)) / 7)
			_ = part.RecordValue(ns)
		}
		want.Merge(part)
		switch round % 3 {
		case 0:
			d.Add(part, w)
		case 1:
			d.Merge(DistributionOf(part))
		default:
			for value, count := range part.ForEachBucket {
				for range count {
					d.Record(value)
				}
			}
		}
		merged.Merge(DistributionOf(part))
		if d.Count() != want.TotalCount() || !slices.Equal(bars(d.Histogram()), bars(want)) || !slices.Equal(bars(merged.Histogram()), bars(want)) {
			t.Fatalf("round %d: %d values, want %d", round, d.Count(), want.TotalCount())
		}
		if !slices.Equal(bars(frozen.Histogram()), then) {
			t.Fatalf("round %d: what was frozen has changed", round)
		}
		if round%5 == 0 {
			frozen, then = d.Frozen(), bars(want)
		}
	}
	d.Record(-1)
	d.Record(Max + 1)
	_, _ = want.RecordValue(0), want.RecordValue(Max)
	if !slices.Equal(bars(d.Histogram()), bars(want)) {
		t.Error("values out of bounds are not counted at the bound")
	}
}

// bars are a histogram's buckets, value and count in turn.
func bars(h *hdrhistogram.PackedHistogram) (list []int64) {
	for value, count := range h.ForEachBucket {
		list = append(list, value, count)
	}
	return list
}
