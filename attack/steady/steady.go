package steady

import (
	"math"
	"slices"
)

// Kind is what a series did.
type Kind string

// Kinds of findings.
const (
	Steady Kind = "steady"
	Late   Kind = "settled_late" // its beginning differs from the rest
	Step   Kind = "step"
	Drift  Kind = "drift"
)

// Finding is what a series did, and where: At is the index of the first element
// after the beginning or the step. Before and After are the levels; of a drift those
// at the series' ends.
type Finding struct {
	Kind          Kind
	At            int
	Before, After float64
}

const (
	// fewest is the length below which nothing is said.
	fewest = 20
	// critical is the value that the largest deviation of a Brownian bridge exceeds
	// once in a thousand times. It is that strict because the spread is estimated
	// from the same series, with the best step taken out: on autocorrelated series of
	// a minute that makes about one false alarm in thirty.
	critical = 1.95
	// leastChange is the share by which a level must change to be worth a note.
	leastChange = 0.1
)

// Judge looks at positive values, one per interval, in their order. judged is false
// where there are too few.
func Judge(values []float64) (f Finding, judged bool) {
	if len(values) < fewest {
		return Finding{}, false
	}
	x := make([]float64, len(values))
	for i, v := range values {
		if !(v > 0) {
			return Finding{}, false
		}
		x[i] = math.Log(v)
	}
	if late, ok := beginning(x); ok {
		return late, true
	}
	return level(x), true
}

// beginning is the finding that the series settled late, and was steady from then on.
func beginning(x []float64) (Finding, bool) {
	at := truncation(x)
	if at == 0 || at > len(x)/4 || len(x)-at < fewest/2 || level(x[at:]).Kind != Steady {
		return Finding{}, false
	}
	before, after := median(x[:at]), median(x[at:]) // one stall makes no slow beginning
	error := longRun(besideStep(x[at:], mean(x[at:]), 0, len(x)-at)) * math.Sqrt(1/float64(at)+1/float64(len(x)-at))
	if math.Abs(before-after) < math.Max(math.Log1p(leastChange), 4*error) {
		return Finding{}, false
	}
	return Finding{Late, at, math.Exp(before), math.Exp(after)}, true
}

// level tests whether the level changed: the largest sum of deviations from the mean
// (CUSUM), by the long-run deviation of what is left beside the best step.
func level(x []float64) Finding {
	n, m := len(x), mean(x)
	at, largest, sum := 0, 0.0, 0.0
	for i := range n - 1 {
		if sum += x[i] - m; math.Abs(sum) > largest {
			at, largest = i+1, math.Abs(sum)
		}
	}
	if at == 0 {
		return Finding{Kind: Steady}
	}
	before, after := mean(x[:at]), mean(x[at:])
	found, left := Finding{Step, at, math.Exp(before), math.Exp(after)}, besideStep(x, before, after, at)
	if from, to, line := besideLine(x); squares(line) < squares(left) {
		found, left = Finding{Drift, 0, math.Exp(from), math.Exp(to)}, line
	}
	significant := largest > critical*longRun(left)*math.Sqrt(float64(n))
	if !significant || math.Abs(math.Log(found.After/found.Before)) < math.Log1p(leastChange) {
		return Finding{Kind: Steady}
	}
	return found
}

// longRun is the standard deviation by which sums of such a series about zero vary:
// that of one element, and more where neighbours are alike (an autoregression of the
// first order, its coefficient corrected for its bias).
func longRun(r []float64) float64 {
	n := float64(len(r))
	all, next := squares(r), 0.0
	for i := range r[1:] {
		next += r[i] * r[i+1]
	}
	if all == 0 {
		return 0
	}
	phi := next / all
	phi = math.Min(math.Max(phi+(1+4*math.Max(phi, 0))/n, 0), 0.97)
	return math.Sqrt(all/(n-2)) * math.Sqrt((1+phi)/(1-phi))
}

func squares(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}

// besideStep is what is left of the series beside a step.
func besideStep(x []float64, before, after float64, at int) []float64 {
	left := make([]float64, len(x))
	for i, v := range x {
		if left[i] = v - before; i >= at {
			left[i] = v - after
		}
	}
	return left
}

// besideLine is the line of least squares at both ends, and what is left beside it.
func besideLine(x []float64) (from, to float64, left []float64) {
	n := float64(len(x))
	m, middle := mean(x), (n-1)/2
	up, over := 0.0, 0.0
	for i, v := range x {
		up += (float64(i) - middle) * (v - m)
		over += (float64(i) - middle) * (float64(i) - middle)
	}
	slope := up / over
	left = make([]float64, len(x))
	for i, v := range x {
		left[i] = v - m - slope*(float64(i)-middle)
	}
	return m - slope*middle, m + slope*middle, left
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func median(x []float64) float64 {
	sorted := slices.Sorted(slices.Values(x))
	return (sorted[(len(x)-1)/2] + sorted[len(x)/2]) / 2
}
