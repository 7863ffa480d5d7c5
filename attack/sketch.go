package attack

import (
	"encoding/binary"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Sketch is an interval's histogram (see NewHistogram) at full precision, in
// about two bytes per bucket in use: a run keeps thousands of them. It cannot
// be changed. The zero Sketch is empty.
type Sketch struct {
	count   int64
	buckets []byte // pairs of varints: steps between bucket indices, and counts
}

// halfBuckets is half the number of buckets per power of two that 3
// significant digits take [HdrHistogram: subBucketHalfCount].
const halfBuckets = 1024

// SketchOf writes a histogram down.
func SketchOf(h *hdrhistogram.PackedHistogram) Sketch { return sketch(h, nil) }

// sketch uses room as scratch space.
func sketch(h *hdrhistogram.PackedHistogram, room []byte) Sketch {
	s := Sketch{count: h.TotalCount()}
	last := uint64(0)
	for value, count := range h.ForEachBucket {
		// The index of a bucket by its lowest value: 1,024 per doubling.
		shift := max(bits.Len64(uint64(value)), 11) - 11
		index := uint64(shift)*halfBuckets + uint64(value)>>shift
		room = binary.AppendUvarint(room, index-last)
		room = binary.AppendUvarint(room, uint64(count))
		last = index
	}
	s.buckets = append([]byte(nil), room...)
	return s
}

// Count is the number of values.
func (s Sketch) Count() int64 { return s.count }

// AddTo adds the values to a histogram with brunt's bounds.
func (s Sketch) AddTo(h *hdrhistogram.PackedHistogram) {
	index := uint64(0)
	for b := s.buckets; len(b) > 0; {
		step, n := binary.Uvarint(b)
		count, m := binary.Uvarint(b[n:])
		b = b[n+m:]
		index += step
		value := index
		if index >= 2*halfBuckets {
			shift := index/halfBuckets - 1
			value = (index - shift*halfBuckets) << shift
		}
		_ = h.RecordValues(int64(value), int64(count)) // came from such a histogram
	}
}

// Histogram opens the sketch.
func (s Sketch) Histogram() *hdrhistogram.PackedHistogram {
	h := newPacked()
	s.AddTo(h)
	return h
}

func newPacked() *hdrhistogram.PackedHistogram {
	return hdrhistogram.NewPacked(1, HistogramMax, HistogramDigits)
}
