package compare

import (
	"math"
	"math/rand/v2"

	"brunt/report"
)

// leastRuns is how many runs a side the rank test takes: with three, even runs
// that are all slower than all others are chance once in ten times.
const leastRuns = 4

// maxSplits is how many ways to split the runs into two sides are all looked at;
// where there are more, as many are drawn.
const maxSplits = 20_000

// runValues are the values of a figure, run by run: logarithms where it is relative.
func runValues(f *row, runs []*report.Report) ([]float64, bool) {
	out := make([]float64, len(runs))
	for i := range runs {
		v, _, known := f.value(runs[i : i+1])
		if !known {
			return nil, false
		}
		if f.relative() {
			v = math.Log(v)
		}
		out[i] = v
	}
	return out, true
}

// jointCut is the number of pairs' differences that an interval may leave out at
// either end, so that all intervals hold at once with 95 % confidence; 0 where so
// few runs cannot show anything. Under the hypothesis that the runs of both sides
// are alike, each way to split them into two sides is as likely: the largest
// |U − mean| of any figure is looked at over all splits. values are by figure, the
// runs of the first side before those of the second.
func jointCut(values [][]float64, first int) int {
	all := len(values[0])
	second := all - first
	pairs := first * second
	counts := make([]int, pairs+1) // of splits, by the least of U and pairs − U, in whole steps
	total := 0
	eachSplit(all, first, func(inFirst []bool) {
		extreme := float64(pairs)
		a, b := make([]float64, 0, first), make([]float64, 0, second)
		for _, v := range values {
			a, b = a[:0], b[:0]
			for i, x := range v {
				if inFirst[i] {
					a = append(a, x)
				} else {
					b = append(b, x)
				}
			}
			u := mannWhitney(a, b)
			extreme = math.Min(extreme, math.Min(u, float64(pairs)-u))
		}
		counts[int(math.Floor(extreme))]++
		total++
	})
	// An interval that leaves out cut differences at either end excludes no shift
	// exactly when U or pairs − U is below cut.
	below := 0
	for cut := 1; cut <= pairs/2; cut++ {
		below += counts[cut-1]
		if float64(below) > (1-confidence)*float64(total) {
			return cut - 1
		}
	}
	return pairs / 2
}

// eachSplit calls visit with every way to choose the first side's runs of all, or
// with as many at random as maxSplits.
func eachSplit(all, first int, visit func(inFirst []bool)) {
	chosen := make([]bool, all)
	if binomial(all, first) <= maxSplits {
		var choose func(at, left int)
		choose = func(at, left int) {
			if left == 0 {
				visit(chosen)
				return
			}
			for i := at; i <= all-left; i++ {
				chosen[i] = true
				choose(i+1, left-1)
				chosen[i] = false
			}
		}
		choose(0, first)
		return
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range maxSplits {
		clear(chosen)
		for _, i := range random.Perm(all)[:first] {
			chosen[i] = true
		}
		visit(chosen)
	}
}

func binomial(n, k int) float64 {
	out := 1.0
	for i := range k {
		out *= float64(n-i) / float64(i+1)
	}
	return math.Round(out)
}
