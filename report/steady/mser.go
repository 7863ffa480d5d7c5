package steady

import "slices"

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
