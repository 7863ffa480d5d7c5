package histogram

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// latencies is a second's worth of replies, as a busy endpoint gives them: most
// within a factor of two, and a long tail.
func latencies(n int) *hdrhistogram.PackedHistogram {
	random := rand.New(rand.NewPCG(5, 6))
	h := New()
	for range n {
		ns := 6e5 * math.Exp(0.4*random.NormFloat64())
		if random.IntN(100) == 0 {
			ns *= math.Exp(3 * random.Float64())
		}
		_ = h.RecordValue(int64(ns))
	}
	return h
}

// BenchmarkSketch writes and opens one second's histogram of 100,000 replies,
// and joins two of them.
func BenchmarkSketch(b *testing.B) {
	h := latencies(100_000)
	s := SketchOf(h)
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		b.ReportMetric(float64(len(s.buckets)), "bytes")
		b.ReportMetric(float64(h.Populated()), "buckets")
		var w Sketcher
		for b.Loop() {
			w.Sketch(h)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Histogram()
		}
	})
	b.Run("add", func(b *testing.B) {
		b.ReportAllocs()
		var all Buckets
		for b.Loop() {
			all.Add(s)
		}
	})
	b.Run("join", func(b *testing.B) {
		b.ReportAllocs()
		var w Sketcher
		for b.Loop() {
			w.Join(s, s)
		}
	})
}
