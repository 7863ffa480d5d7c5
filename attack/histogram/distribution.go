package histogram

import (
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Distribution holds durations in the buckets of New, in a byte or two
// per bucket in use: a run keeps two for each payload name, and there may be
// thousands of those. The zero Distribution is empty and ready for use. What
// Frozen gives may be read while values are recorded in the original.
type Distribution struct {
	old    Sketch
	recent []uint16 // indexes of the buckets of the values since, in any order
}

// DistributionOf writes a histogram down.
func DistributionOf(h *hdrhistogram.PackedHistogram) Distribution {
	return Distribution{old: SketchOf(h)}
}

// minRecent is how many values wait at least before they are written to the
// sketch, each of which takes as long as the sketch is.
const minRecent = 64

const _ = uint16(bucketCount) // an index fits

// Count is the number of values.
func (d *Distribution) Count() int64 { return d.old.count + int64(len(d.recent)) }

// Size is how many bytes the values take.
func (d *Distribution) Size() int { return d.old.Size() + 2*cap(d.recent) }

// Record counts a duration in nanoseconds; what is out of bounds is counted at
// the bound.
func (d *Distribution) Record(ns int64) {
	if d.append(ns) {
		d.fold(&Sketcher{})
	}
}

// append counts a duration among the recent ones, and reports whether they are
// enough to be written to the sketch.
func (d *Distribution) append(ns int64) bool {
	d.recent = append(d.recent, uint16(indexOf(min(max(ns, 0), Max))))
	return len(d.recent) >= max(minRecent, len(d.old.buckets)/2)
}

// Add adds a histogram of brunt's bounds.
func (d *Distribution) Add(h *hdrhistogram.PackedHistogram, w *Sketcher) {
	if h.TotalCount() >= minRecent {
		d.Join(w.Sketch(h), w)
		return
	}
	for value, count := range h.ForEachBucket {
		for range count {
			if d.append(value) {
				d.fold(w)
			}
		}
	}
}

// Merge adds another distribution.
func (d *Distribution) Merge(o Distribution) {
	var w Sketcher
	o.fold(&w) // a copy's
	d.Join(o.old, &w)
}

// Join adds a sketch.
func (d *Distribution) Join(s Sketch, w *Sketcher) {
	if d.old.count == 0 {
		d.old = s
	} else if s.count > 0 {
		d.old = w.Join(d.old, s)
	}
}

// fold writes the recent values to the sketch. Their memory is not used again:
// a copy may still read it.
func (d *Distribution) fold(w *Sketcher) {
	if len(d.recent) == 0 {
		return
	}
	w.sorted = append(w.sorted[:0], d.recent...)
	slices.Sort(w.sorted)
	w.reset()
	for i := 0; i < len(w.sorted); {
		first := i
		for i++; i < len(w.sorted) && w.sorted[i] == w.sorted[first]; i++ {
		}
		w.add(uint64(w.sorted[first]), uint64(i-first))
	}
	d.Join(w.finish(), w)
	d.recent = nil
}

// Sketch writes all values down.
func (d *Distribution) Sketch() Sketch {
	d.fold(&Sketcher{})
	return d.old
}

// Share has one copy of what is equal in both, as in a closed loop.
func (d *Distribution) Share(o *Distribution) {
	if len(d.recent) == 0 && d.old.Equal(o.old) {
		d.old = o.old
	}
}

// Frozen is the distribution as it is now.
func (d *Distribution) Frozen() Distribution {
	return Distribution{d.old, slices.Clip(d.recent)}
}

// AddTo adds the values to a histogram with brunt's bounds.
func (d *Distribution) AddTo(h *hdrhistogram.PackedHistogram) {
	d.old.AddTo(h)
	for _, index := range d.recent {
		_ = h.RecordValue(valueOf(uint64(index))) // has the same buckets
	}
}

// Histogram opens the distribution.
func (d *Distribution) Histogram() *hdrhistogram.PackedHistogram {
	h := New()
	d.AddTo(h)
	return h
}
