package steady

import (
	"math"
	"slices"
)

// batch is how many elements MSER-5 takes the mean of.
const batch = 5

// truncation is where MSER-5 ends the beginning of a series: the number of elements,
// a multiple of five, without which the mean of the others is known best, their
// variance by their number being least, or the first number with which that is no
// more than half as much again: past the true end it hardly changes, and noise would
// choose. It is 0 where nothing is to be left out, and where that would be half of the
// series or more: such a one has not settled.
func truncation(x []float64) int {
	var means []float64
	for i := 0; i+batch <= len(x); i += batch {
		means = append(means, mean(x[i:i+batch]))
	}
	var errors []float64
	for d := 0; d < len(means)-1; d++ {
		rest := means[d:]
		m, sum := mean(rest), 0.0
		for _, v := range rest {
			sum += (v - m) * (v - m)
		}
		errors = append(errors, sum/float64(len(rest)*len(rest)))
		if d >= len(means)/2 {
			break
		}
	}
	least := slices.Min(errors)
	best := slices.IndexFunc(errors, func(e float64) bool { return e <= 1.5*least })
	if best >= len(means)/2 {
		return 0
	}
	return best * batch
}

// fewestToSettle is how many values Settled needs at one level: ten batches of MSER-5.
// A cold start that lasts longer than these looks like a level of its own.
const fewestToSettle = 50

// Settled reports whether a series of positive values, one per interval and still
// growing, has come to a level: MSER-5 cuts off no more than its first half, and what
// is left, fewestToSettle values at least, neither stepped nor drifted by a tenth, nor do
// its halves differ by that: a level that is still being approached shows there first.
func Settled(values []float64) bool {
	if len(values) < fewestToSettle {
		return false
	}
	x := make([]float64, len(values))
	for i, v := range values {
		if !(v > 0) {
			return false
		}
		x[i] = math.Log(v)
	}
	at := truncation(x)
	rest := x[at:]
	if len(rest) < fewestToSettle || at > len(x)/2 || level(rest).Kind != Steady {
		return false
	}
	half := len(rest) / 2
	return math.Abs(median(rest[:half])-median(rest[half:])) < math.Log1p(leastChange)
}
