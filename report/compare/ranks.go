package compare

import (
	"math"
	"slices"
)

// mannWhitney is U of the second sample: how many of all pairs have the larger value
// there, a tie counting half.
func mannWhitney(a, b []float64) float64 {
	u := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case y > x:
				u++
			case y == x:
				u += 0.5
			}
		}
	}
	return u
}

// hodgesLehmann is the shift from the first sample to the second, the median of all
// differences of a pair, and its interval: the differences that leave out cut of
// them at either end. With no cut left there is none, and both ends are infinite.
func hodgesLehmann(a, b []float64, cut int) (shift, low, high float64) {
	d := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			d = append(d, y-x)
		}
	}
	slices.Sort(d)
	n := len(d)
	shift = (d[(n-1)/2] + d[n/2]) / 2
	if cut < 1 || 2*cut > n {
		return shift, math.Inf(-1), math.Inf(1)
	}
	return shift, d[cut-1], d[n-cut]
}
