package histogram

import (
	"bytes"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Sketch is an interval's histogram (see New) at full precision, in
// about four bits per bucket in use: a run keeps thousands of them. It cannot
// be changed. The zero Sketch is empty.
type Sketch struct {
	count   int64
	buckets []byte // written by a Sketcher
}

// SketchOf writes a histogram down.
func SketchOf(h *hdrhistogram.PackedHistogram) Sketch {
	var s Sketcher
	return s.Sketch(h)
}

// Count is the number of values.
func (s Sketch) Count() int64 { return s.count }

// Size is how many bytes the values take.
func (s Sketch) Size() int { return len(s.buckets) }

// AddTo adds the values to a histogram with brunt's bounds.
func (s Sketch) AddTo(h *hdrhistogram.PackedHistogram) {
	for r := s.open(); r.next(); {
		_ = h.RecordValues(valueOf(r.index), int64(r.count)) // came from such a histogram
	}
}

// Histogram opens the sketch.
func (s Sketch) Histogram() *hdrhistogram.PackedHistogram {
	h := New()
	s.AddTo(h)
	return h
}

// Equal reports whether both hold the same values.
func (s Sketch) Equal(o Sketch) bool { return s.count == o.count && bytes.Equal(s.buckets, o.buckets) }

// Sketcher writes sketches, one after the other. Its room grows once, so that a
// run leaves no garbage behind at each interval.
type Sketcher struct {
	out   bitWriter
	model model
	from  uint64 // index of the next bucket
	count int64

	sorted []uint16 // room for a Distribution's recent values
}

// Sketch writes a histogram down.
func (s *Sketcher) Sketch(h *hdrhistogram.PackedHistogram) Sketch {
	s.reset()
	for value, count := range h.ForEachBucket {
		s.add(indexOf(value), uint64(count))
	}
	return s.finish()
}

// Join writes down the sum of two sketches, without opening either.
func (s *Sketcher) Join(a, b Sketch) Sketch {
	s.reset()
	x, y := a.open(), b.open()
	inX, inY := x.next(), y.next()
	for inX || inY {
		switch {
		case !inY || inX && x.index < y.index:
			s.add(x.index, x.count)
			inX = x.next()
		case !inX || y.index < x.index:
			s.add(y.index, y.count)
			inY = y.next()
		default:
			s.add(x.index, x.count+y.count)
			inX, inY = x.next(), y.next()
		}
	}
	return s.finish()
}

// Growth writes down by how much each bucket grew from one sketch to a later one: more
// is what was added, and less what went, empty where none did.
func (s *Sketcher) Growth(now, before Sketch) (more, less Sketch) {
	switch {
	case before.count == 0:
		return now, Sketch{}
	case now.Equal(before):
		return Sketch{}, Sketch{}
	}
	more = s.beyond(now, before)
	if now.count-more.count < before.count {
		less = s.beyond(before, now)
	}
	return more, less
}

// beyond writes down by how much the buckets of a are larger than those of b.
func (s *Sketcher) beyond(a, b Sketch) Sketch {
	s.reset()
	x, y := a.open(), b.open()
	inY := y.next()
	for x.next() {
		for inY && y.index < x.index {
			inY = y.next()
		}
		switch {
		case !inY || y.index > x.index:
			s.add(x.index, x.count)
		case x.count > y.count:
			s.add(x.index, x.count-y.count)
		}
	}
	return s.finish()
}

func (s *Sketcher) reset() {
	s.out.out, s.out.kept, s.out.bits = s.out.out[:0], 0, 0
	s.model, s.from, s.count = model{}, 0, 0
}

// add writes the next bucket that is not empty.
func (s *Sketcher) add(index, count uint64) {
	m := &s.model
	gap := index - s.from
	for ; gap > 0 && m.dense(); gap-- {
		s.dense(0)
	}
	if m.dense() {
		s.dense(count)
	} else {
		s.out.rice(gap, m.gap.shift())
		s.out.rice(count-1, m.single.shift())
		m.sparse(gap, count)
	}
	s.from = index + 1
	s.count += int64(count)
}

func (s *Sketcher) dense(count uint64) {
	m := &s.model
	folded := fold(count, m.guess())
	s.out.rice(folded, m.error.shift())
	m.learn(count, folded)
}

func (s *Sketcher) finish() Sketch {
	if s.count == 0 {
		return Sketch{}
	}
	s.out.flush()
	return Sketch{count: s.count, buckets: append([]byte(nil), s.out.out...)}
}

// sketchReader gives a sketch's buckets, lowest first.
type sketchReader struct {
	in    bitReader
	model model
	from  uint64
	left  int64 // values to come

	index, count uint64 // of the bucket
}

func (s Sketch) open() sketchReader {
	return sketchReader{in: bitReader{in: s.buckets}, left: s.count}
}

// next goes to the next bucket that is not empty; false at the end, and where bytes from
// elsewhere are no sketch.
func (r *sketchReader) next() bool {
	if r.left <= 0 {
		return false
	}
	m := &r.model
	index, count := r.from, uint64(0)
	for ; m.dense(); index++ {
		folded := r.in.rice(m.error.shift())
		count = unfold(folded, m.guess())
		m.learn(count, folded)
		if count > 0 {
			break
		}
	}
	if count == 0 {
		gap := r.in.rice(m.gap.shift())
		count = r.in.rice(m.single.shift()) + 1
		if gap >= uint64(bucketCount) {
			return false
		}
		m.sparse(gap, count)
		index += gap
	}
	if index >= uint64(bucketCount) || count == 0 || count > uint64(r.left) {
		return false // no writer's
	}
	r.index, r.count = index, count
	r.from = index + 1
	r.left -= int64(count)
	return true
}
