package capacity

import (
	"math"
	"slices"
	"sort"
)

// level is what is known of one load.
type level struct {
	at     float64
	visits int
	client int
	weight float64
}

// top is the highest level that has been tried.
func (s *search) top() float64 {
	if len(s.levels) == 0 {
		return 0
	}
	return s.levels[len(s.levels)-1].at
}

// forget drops what was too much for the endpoint before it grew.
func (s *search) forget() {
	s.levels = slices.DeleteFunc(s.levels, func(l level) bool { return l.weight >= 0 })
	s.seen = slices.DeleteFunc(s.seen, func(o seen) bool { return o.excess > 1 })
	s.reached, s.guessed, s.long, s.spent, s.budget = 0, 0, false, 0, 0
}

// at is the level, made where it is new.
func (s *search) at(value float64) *level {
	i := sort.Search(len(s.levels), func(i int) bool { return s.levels[i].at >= value })
	if i == len(s.levels) || s.levels[i].at != value {
		s.levels = slices.Insert(s.levels, i, level{at: value})
	}
	return &s.levels[i]
}

// split is how many of the levels, from the lowest on, are held: of all splits
// the one that contradicts the least evidence. low and high are the first and the
// last of those that contradict little more.
func (s *search) split() (best, low, high int) {
	costs := make([]float64, len(s.levels)+1)
	for i := range costs {
		for j, l := range s.levels {
			if j < i {
				costs[i] += max(0, l.weight)
			} else {
				costs[i] += max(0, -l.weight)
			}
		}
		if costs[i] <= costs[best] {
			best = i
		}
	}
	low, high = best, best
	for i, cost := range costs {
		if cost-costs[best] < surely {
			low, high = min(low, i), max(high, i)
		}
	}
	return best, low, high
}

// known are the levels beside the split that have evidence: held is the one
// below, broken the one above; nil without one.
func (s *search) known(split int) (held, broken *level) {
	for i := split - 1; i >= 0 && held == nil; i-- {
		if s.levels[i].weight < 0 {
			held = &s.levels[i]
		}
	}
	for i := split; i < len(s.levels) && broken == nil; i++ {
		if s.levels[i].weight > 0 {
			broken = &s.levels[i]
		}
	}
	return held, broken
}

// wall is the lowest level at which brunt was the limit time and again; nil
// without one.
func (s *search) wall() *level {
	for i := range s.levels {
		if l := &s.levels[i]; l.client >= clientVisits && l.weight == 0 {
			return l
		}
	}
	return nil
}

// unsure reports whether the level is worth another try.
func (l *level) unsure() bool {
	return l.visits < visits || math.Abs(l.weight) < surely && l.visits < mostVisits
}
