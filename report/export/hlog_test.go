package export

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/report"
	"brunt/report/reporttest"
)

// TestHistogramLog reads the log back: counts and percentiles are the report's.
func TestHistogramLog(t *testing.T) {
	sc := reporttest.Scene{Seed: 5, Rate: 500, Slots: 16, N: 3000, Median: 12 * time.Millisecond, Spread: 0.4}
	r := report.From(report.Meta{}, sc.Snapshot())
	var b bytes.Buffer
	if err := HistogramLog(&b, r); err != nil {
		t.Fatal(err)
	}
	total := map[string]*hdrhistogram.PackedHistogram{"response": histogram.New(), "service": histogram.New()}
	in := hdrhistogram.NewHistogramLogReader(&b)
	for {
		h, err := in.NextIntervalHistogram()
		if err != nil || h == nil {
			break
		}
		if dropped := total[h.Tag()].MergeFrom(h); dropped != 0 {
			t.Fatalf("%d dropped", dropped)
		}
	}
	for tag, want := range map[string]report.Summary{"response": r.LatencyMS[figure.Response], "service": r.LatencyMS[figure.Service]} {
		got := float64(total[tag].ValueAtPercentile(99)) / 1e6
		if uint64(total[tag].TotalCount()) != want.Count || math.Abs(got-*want.P99) > 1e-3 {
			t.Errorf("%s: %d values, p99 %v; want %d, %v", tag, total[tag].TotalCount(), got, want.Count, *want.P99)
		}
	}
}
