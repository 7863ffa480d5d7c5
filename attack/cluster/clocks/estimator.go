package clocks

import "time"

// remembered is how many trips are kept: enough that one of them was quick also where
// most wait in a queue.
const remembered = 64

// Estimator knows the offset of one other machine's clock from round trips. Its zero
// value knows nothing yet. It is not safe for use by several goroutines at once.
type Estimator struct {
	trips [remembered]trip
	n     int   // how many were added to trips: the newest is at (n-1) % remembered
	doubt *trip // what no delay can explain beside trips; the next one decides
	steps int
}

// Add takes a round trip into account. It is false, and changes nothing, where no two
// clocks could have given the readings: an answer before its question, or less time for
// the whole trip than the other machine alone took, as where a clock was set meanwhile.
func (e *Estimator) Add(s Sample) bool {
	t, ok := reckon(s)
	if !ok {
		return false
	}
	best, known := e.best(t.back)
	old := !known || t.agrees(best, t.back)
	switch {
	case e.doubt == nil && !old:
		e.doubt = &t
	case e.doubt == nil:
		e.keep(t)
	case old && t.agrees(*e.doubt, t.back) && t.uncertainty(t.back) > best.uncertainty(t.back):
		// a slow one decides nothing
	case old:
		e.doubt = nil
		e.keep(t)
	case t.agrees(*e.doubt, t.back):
		e.steps++
		e.n = 0
		e.keep(*e.doubt)
		e.keep(t)
		e.doubt = nil
	default:
		e.doubt = &t
	}
	return true
}

// keep remembers a trip, in place of the oldest one.
func (e *Estimator) keep(t trip) {
	e.trips[e.n%remembered] = t
	e.n++
}

// best is the trip that is the most certain at an instant; false where there is none.
func (e *Estimator) best(at time.Time) (best trip, known bool) {
	least := time.Duration(0)
	for _, t := range e.trips[:min(e.n, remembered)] {
		if u := t.uncertainty(at); !known || u < least {
			best, least, known = t, u, true
		}
	}
	return best, known
}

// Offset is how far the other clock is ahead of this machine's at an instant of this
// machine's clock, negative where it is behind, and by how much that can be wrong at
// most: the true offset lies within offset ± uncertainty, however unequal the two ways
// are, as long as the clocks drift by less than 200 millionths against each other and
// nobody has set one since the last sample. A step by less than a round trip shows only
// once newer samples are the more certain ones. Where the newest sample contradicts
// those before it, both are within the uncertainty, until another one decides. It is
// false as long as there is no sample.
func (e *Estimator) Offset(at time.Time) (offset, uncertainty time.Duration, ok bool) {
	at = at.Round(0)
	best, known := e.best(at)
	if !known {
		return 0, 0, false
	}
	u := best.uncertainty(at)
	if e.doubt == nil {
		return best.offset, u, true
	}
	v := e.doubt.uncertainty(at)
	low := min(best.offset-u, e.doubt.offset-v)
	high := max(best.offset+u, e.doubt.offset+v)
	return low + (high-low)/2, (high-low)/2 + 1, true
}

// Steps is how often one of the two clocks was found set to another time.
func (e *Estimator) Steps() int { return e.steps }
