package histogram

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// bucketsOf reads a histogram from pairs of gaps and counts.
func bucketsOf(data []byte) *hdrhistogram.PackedHistogram {
	h := New()
	index := uint64(0)
	for len(data) > 0 {
		gap, n := binary.Uvarint(data)
		if n <= 0 {
			break
		}
		count, m := binary.Uvarint(data[n:])
		if m <= 0 {
			break
		}
		data = data[n+m:]
		index += gap % 4096
		if index > indexOf(Max) {
			break
		}
		_ = h.RecordValues(valueOf(index), int64(count%(1<<63))) // what would overflow is refused
		index++
	}
	return h
}

func contents(h *hdrhistogram.PackedHistogram) (list []int64) {
	for value, count := range h.ForEachBucket {
		list = append(list, value, count)
	}
	return list
}

// FuzzSketch writes down whatever histograms there are, reads them back, and
// joins two of them.
func FuzzSketch(f *testing.F) {
	f.Add([]byte{}, []byte{0, 1})
	f.Add([]byte{0, 100, 0, 101, 0, 99, 0, 0, 5, 1, 200, 30, 2}, []byte{7, 7, 7, 7})
	f.Add(binary.AppendUvarint([]byte{0}, math.MaxInt64), []byte{1, 255, 255, 3})
	f.Add(binary.AppendUvarint([]byte{3, 1, 0, 1, 0}, 1<<50), slices.Repeat([]byte{0, 9}, 500))
	f.Add(slices.Repeat([]byte{255, 31, 1}, 8), slices.Repeat([]byte{1, 2, 0, 1, 90, 200, 1}, 90))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		a, b := bucketsOf(one), bucketsOf(two)
		x, y := SketchOf(a), SketchOf(b)
		for _, c := range []struct {
			s Sketch
			h *hdrhistogram.PackedHistogram
		}{{x, a}, {y, b}} {
			if got := c.s.Histogram(); c.s.Count() != c.h.TotalCount() || !slices.Equal(contents(got), contents(c.h)) {
				t.Fatalf("%d buckets are read back as %d", c.h.Populated(), got.Populated())
			}
		}
		var s Sketcher
		sameEachWay(t, x)
		growth(t, &s, x, y)
		if a.TotalCount() > math.MaxInt64-b.TotalCount() {
			return
		}
		joined := s.Join(x, y)
		for value, count := range b.ForEachBucket {
			_ = a.RecordValues(value, count)
		}
		if !slices.Equal(contents(joined.Histogram()), contents(a)) || !joined.Equal(SketchOf(a)) {
			t.Fatal("joined sketches are not their sum")
		}
	})
}

// sameEachWay checks that both ways of reading a sketch give the same buckets.
func sameEachWay(t *testing.T, s Sketch) {
	t.Helper()
	var b Buckets
	b.Add(s)
	for r := s.open(); r.next(); {
		if got := b.counts[r.index]; got != int64(r.count) {
			t.Fatalf("bucket %d has %d values, or %d", r.index, r.count, got)
		}
		b.counts[r.index] = 0
	}
	if b != (Buckets{count: s.count}) {
		t.Fatal("buckets are read that are not there")
	}
}

// growth checks that what was added, less what went, makes one sketch of the other.
func growth(t *testing.T, s *Sketcher, before, now Sketch) {
	t.Helper()
	more, less := s.Growth(now, before)
	var b Buckets
	b.Add(before)
	b.Remove(less)
	for i, n := range &b.counts {
		if n < 0 {
			t.Fatalf("of bucket %d more went than it had", i)
		}
	}
	b.Add(more)
	if got := b.Drain(s); !got.Equal(now) {
		t.Fatalf("%d values and %d more, less %d, are %d", before.count, more.count, less.count, got.count)
	}
}

// TestSketchIndex has every bucket's index, and no bucket twice.
func TestSketchIndex(t *testing.T) {
	if last := indexOf(Max); last != uint64(bucketCount-1) {
		t.Errorf("the last of %d buckets is number %d", bucketCount, last)
	}
	for index := range indexOf(Max) {
		if got := indexOf(valueOf(index)); got != index || valueOf(index+1) <= valueOf(index) {
			t.Fatalf("bucket %d starts at %d, which is in bucket %d", index, valueOf(index), got)
		}
	}
}
