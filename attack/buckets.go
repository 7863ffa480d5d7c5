package attack

import (
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// halfBuckets is half the number of buckets per power of two that 3
	// significant digits take [HdrHistogram: subBucketHalfCount].
	halfBuckets = 1024
	// topShift is the width of the bucket of HistogramMax, as a power of two.
	topShift    = 31
	bucketCount = topShift*halfBuckets + int(HistogramMax>>topShift) + 1
)

// indexOf is the index of a value's bucket: 1,024 per doubling.
func indexOf(value int64) uint64 {
	shift := max(bits.Len64(uint64(value)), 11) - 11
	return uint64(shift)*halfBuckets + uint64(value)>>shift
}

// valueOf is the lowest value of a bucket.
func valueOf(index uint64) int64 {
	if index < 2*halfBuckets {
		return int64(index)
	}
	shift := index/halfBuckets - 1
	return int64((index - shift*halfBuckets) << shift)
}

// buckets is a histogram (see NewHistogram) to record in and to empty: what
// requests pay for recording, and intervals for emptying, is a fraction of what
// a general one takes.
type buckets struct {
	count  int64
	counts [bucketCount]int64
}

// record counts a value from 0 to HistogramMax.
func (b *buckets) record(ns int64) {
	b.counts[indexOf(ns)]++
	b.count++
}

// addTo adds b to another one and empties b.
func (b *buckets) addTo(o *buckets) {
	if b.count == 0 {
		return
	}
	for i, n := range &b.counts {
		if n != 0 {
			o.counts[i] += n
			b.counts[i] = 0
		}
	}
	o.count += b.count
	b.count = 0
}

// copyTo adds b to a histogram and keeps b as it is.
func (b *buckets) copyTo(into *hdrhistogram.PackedHistogram) {
	for i, n := range &b.counts {
		if n != 0 {
			_ = into.RecordValues(valueOf(uint64(i)), n) // has the same buckets
		}
	}
}

// drain writes b down and empties it.
func (b *buckets) drain(s *sketcher) Sketch {
	if b.count == 0 {
		return Sketch{}
	}
	s.reset()
	for i, n := range &b.counts {
		if n != 0 {
			s.add(uint64(i), uint64(n))
			b.counts[i] = 0
		}
	}
	b.count = 0
	return s.finish()
}

// moveTo adds b to a total, empties b, and writes it down unless s is nil.
func (b *buckets) moveTo(total *hdrhistogram.PackedHistogram, s *sketcher) (sketch Sketch) {
	if b.count == 0 {
		return sketch
	}
	if s != nil {
		s.reset()
	}
	for i, n := range &b.counts {
		if n == 0 {
			continue
		}
		_ = total.RecordValues(valueOf(uint64(i)), n) // has the same buckets
		if s != nil {
			s.add(uint64(i), uint64(n))
		}
		b.counts[i] = 0
	}
	b.count = 0
	if s != nil {
		sketch = s.finish()
	}
	return sketch
}
