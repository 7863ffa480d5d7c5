package capacity

import (
	"math"
	"slices"
)

// seen is what one step has shown of the limit.
type seen struct {
	at     float64 // logarithm of its load
	excess float64
	spread float64
}

const (
	// Confidence is that of an answer's interval: the share of searches whose
	// interval holds the limit.
	Confidence = 0.9
	// mostExcess is the most that one step counts for.
	mostExcess = 20
	// lapsed is the logarithm of the likelihood that something else than the load
	// disturbed a step: in one of a hundred, which then shows anything up to
	// mostExcess.
	lapsed = -7.6
	// below and above are how far from the answer, by their logarithm, loads are
	// that tell of the limit.
	below, above = 0.25, 0.2
	// leastSpread is the least that figures vary from step to step.
	leastSpread = 0.05
	// finest is the resolution of the interval, by the logarithm of the load.
	finest = 0.005
)

// steepness are the slopes, of the logarithm of the requests beyond a limit by that
// of the load, that are thought possible: queues near their limit have 50 to 100,
// evenly spaced requests almost a jump.
var steepness = []float64{25, 50, 100, 300, 2000}

// swings are the factors by which the spread of the steps' figures may be another
// than their intervals say.
var swings = []float64{0.5, 1, 2}

// interval is where the limit lies, by what the steps near it have shown, with the
// median between. Of a load x the requests beyond a rule's limit are excess times as
// many as are allowed; over a long time that grows as
//
//	mean(x) = idle + (1 − idle)·(x/limit)^slope
//
// and is 1 at the limit. Requests are slow in bursts, so that a short step has more
// or less of it: a number of bursts that follows Poisson's law, each as large as
// spread. The limit's posterior distribution is that of a flat prior over limit,
// slope and spread [as in adaptive psychometric procedures: Watson, Pelli, "QUEST",
// 1983]. With both ends 0 nothing is known.
func interval(steps []seen, center float64) (low, median, high float64) {
	near, idle := nearTo(steps, center)
	if len(near) == 0 {
		return 0, 0, 0
	}
	spread := typical(near)
	parts := constants(near, spread)
	limits := make([]float64, int((below+above)/finest)+1)
	var logs [][]float64 // for each of them
	best := math.Inf(-1)
	for i := range limits {
		limits[i] = center - below + float64(i)*finest
		logs = append(logs, likelihoods(near, limits[i], idle, spread, parts))
		best = max(best, slices.Max(logs[i]))
	}
	weights, total := make([]float64, len(limits)), 0.0
	for i := range logs {
		for _, l := range logs[i] {
			weights[i] += math.Exp(l - best)
		}
		total += weights[i]
	}
	quantile := func(p float64) float64 {
		sum := 0.0
		for i, w := range weights {
			if sum+w >= p*total { // each stands for finest about it
				return math.Exp(limits[i] + finest*((p*total-sum)/w-0.5))
			}
			sum += w
		}
		return math.Exp(limits[len(limits)-1])
	}
	return quantile((1 - Confidence) / 2), quantile(0.5), quantile((1 + Confidence) / 2)
}

// nearTo are the steps near the answer, and what those of far less load have shown:
// the median of those that were held, for something else may have disturbed others.
func nearTo(steps []seen, center float64) (near []seen, idle float64) {
	var light []float64
	for _, s := range steps {
		switch {
		case s.at < center-below && s.excess <= 1:
			light = append(light, s.excess)
		case s.at < center-below:
		case s.at < center+above:
			near = append(near, s)
		}
	}
	if len(light) > 0 {
		slices.Sort(light)
		idle = light[(len(light)-1)/2]
	}
	return near, min(0.9, idle)
}

// typical is the mean spread of the steps that were held, or of all without one.
func typical(steps []seen) float64 {
	sum, n := 0.0, 0.0
	for _, s := range steps {
		if s.excess <= 1 {
			sum += s.spread
			n++
		}
	}
	if n == 0 {
		return 1
	}
	return max(sum/n, leastSpread)
}

// likelihoods are the logarithms of those of the steps, for each slope and spread:
// by Poisson's law of bursts of the size of the spread, unless something else
// disturbed the step. parts are those of constants.
func likelihoods(near []seen, limit, idle, spread float64, parts []float64) []float64 {
	list := make([]float64, len(steepness)*len(swings))
	for i, slope := range steepness {
		for n, s := range near {
			mean := min(max(idle+(1-idle)*math.Exp(slope*(s.at-limit)), 1e-9), mostExcess)
			log := math.Log(mean)
			for j, swing := range swings {
				l := (s.excess*log-mean)/(swing*spread) + parts[n*len(swings)+j]
				list[i*len(swings)+j] += max(l, lapsed)
			}
		}
	}
	return list
}

// constants are the parts of the steps' likelihoods, for each spread, that the limit
// has nothing to do with.
func constants(near []seen, spread float64) (parts []float64) {
	for _, s := range near {
		for _, swing := range swings {
			size := swing * spread
			k := s.excess / size
			gamma, _ := math.Lgamma(k + 1)
			part := -k*math.Log(size) - gamma
			if k > 0 {
				part -= math.Log(size)
			}
			parts = append(parts, part)
		}
	}
	return parts
}
