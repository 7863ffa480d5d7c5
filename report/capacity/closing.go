package capacity

import (
	"cmp"
	"math"
)

// closer is a step where it tells most of a limit that is not known to the
// precision yet, as long as there is time for it.
func (s *search) closer(held, broken *level) (Next, bool) {
	low, median, high := interval(s.seen, math.Log(math.Sqrt(held.at*broken.at)))
	if s.bounds.Whole || low == 0 || high <= low*(1+s.bounds.Precision) || !s.affords(closing) {
		return Next{}, false
	}
	next, _ := s.step(s.rounded(median))
	next.Fine = true
	return next, true
}

// timeless reports whether the search has had its time: patience times that of one
// whose steps are never wrong.
func (s *search) timeless(held, broken *level) bool {
	if held == nil || broken == nil {
		if s.budget > 0 { // what ended the way up was chance: it goes on
			s.budget++
		}
		return false
	}
	if s.budget == 0 {
		halvings := math.Log2(math.Log(broken.at/held.at) / math.Log(1+s.bounds.Precision))
		s.budget = s.spent + math.Ceil(max(0, halvings))
	}
	return !s.affords(patience)
}

// affords reports whether there is time for one more step, and for a long one where
// there has been none, within so many times that of a search that is never wrong.
func (s *search) affords(times float64) bool {
	left := times*s.budget - s.spent
	if s.growing() {
		left -= longer
	}
	return left >= 1
}

// growing reports whether the endpoint may scale up under a load that is kept up
// for longer.
func (s *search) growing() bool { return !s.long && s.reached > 0 }

// lastly is a long step, where there has been none.
func (s *search) lastly(held, broken *level) (Next, bool) {
	return Next{Level: max(s.rounded(held.at*beyond), broken.at), Long: true}, s.growing()
}

// widen takes into the answer's interval what the figures of the steps leave open,
// and gives of the levels that were held the one that is nearest to their limit.
func (s *search) widen(a *Answer, center float64) {
	low, median, high := interval(s.seen, center)
	if low == 0 || high == 0 {
		return
	}
	off := func(level float64) float64 { return math.Abs(math.Log(level / median)) }
	for _, l := range s.levels {
		if l.weight < 0 && off(l.at) < off(a.Level) {
			a.Level = l.at
		}
	}
	edge := math.Exp(center - below)
	if a.Low > 0 || low > edge*(1+s.bounds.Precision) {
		a.Low = min(cmp.Or(a.Low, a.Level), a.Level, s.rounded(low))
	}
	a.High = max(a.High, s.rounded(high))
	a.Confidence = Confidence
}
