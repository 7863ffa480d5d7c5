package histogram

import (
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	// halfBuckets is half the number of buckets per power of two that 3
	// significant digits take [HdrHistogram: subBucketHalfCount].
	halfBuckets = 1024
	// topShift is the width of the bucket of Max, as a power of two.
	topShift    = 31
	bucketCount = topShift*halfBuckets + int(Max>>topShift) + 1
)

// indexOf is the index of a value's bucket: 1,024 per doubling.
func indexOf(value int64) uint64 {
	shift := max(bits.Len64(uint64(value)), 11) - 11
	return uint64(shift)*halfBuckets + uint64(value)>>shift
}

// EndOf is the highest value in the bucket of a value.
func EndOf(value int64) int64 { return valueOf(indexOf(value)+1) - 1 }

// valueOf is the lowest value of a bucket.
func valueOf(index uint64) int64 {
	if index < 2*halfBuckets {
		return int64(index)
	}
	shift := index/halfBuckets - 1
	return int64((index - shift*halfBuckets) << shift)
}

// Buckets is a histogram (see New) to record in and to empty: what
// requests pay for recording, and intervals for emptying, is a fraction of what
// a general one takes.
type Buckets struct {
	count  int64
	counts [bucketCount]int64
}

// Count is the number of values.
func (b *Buckets) Count() int64 { return b.count }

// Record counts a value from 0 to Max.
func (b *Buckets) Record(ns int64) {
	b.counts[indexOf(ns)]++
	b.count++
}

// AddTo adds b to another one and empties b.
func (b *Buckets) AddTo(o *Buckets) {
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

// Add adds a sketch.
func (b *Buckets) Add(s Sketch) {
	s.each(&b.counts, 1)
	b.count += s.count
}

// Remove takes off a sketch that was added.
func (b *Buckets) Remove(s Sketch) {
	s.each(&b.counts, -1)
	b.count -= s.count
}

// CopyTo adds b to a histogram and keeps b as it is.
func (b *Buckets) CopyTo(into *hdrhistogram.PackedHistogram) {
	for i, n := range &b.counts {
		if n != 0 {
			_ = into.RecordValues(valueOf(uint64(i)), n) // has the same buckets
		}
	}
}

// Drain writes b down and empties it.
func (b *Buckets) Drain(s *Sketcher) Sketch {
	if b.count == 0 {
		return Sketch{}
	}
	s.reset()
	for i, n := range &b.counts {
		if n == 0 {
			continue
		}
		if b.counts[i] = 0; n > 0 { // less than none is where more was removed than added
			s.add(uint64(i), uint64(n))
		}
	}
	b.count = 0
	return s.finish()
}

// movesBetweenPauses is how many buckets are moved in one go, in some 50 µs.
const movesBetweenPauses = 256

// MoveTo adds b to a total, empties b, and writes it down unless s is nil.
// pause, which may be nil, is called now and then: others may need the core.
func (b *Buckets) MoveTo(total *hdrhistogram.PackedHistogram, s *Sketcher, pause func()) (sketch Sketch) {
	if b.count == 0 {
		return sketch
	}
	if s != nil {
		s.reset()
	}
	moved := 0
	for i, n := range &b.counts {
		if n == 0 {
			continue
		}
		if moved++; moved%movesBetweenPauses == 0 && pause != nil {
			pause()
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
