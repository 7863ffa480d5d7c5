package capacity

import "math"

// Point is one interval of a step.
type Point struct {
	Width    float64 // seconds
	Latency  float64 // mean of the replies that came in it, in milliseconds; NaN of none
	InFlight float64 // at its end
	Done     float64 // replies that came in it, good and bad
}

const (
	// fewPoints is how many intervals a trend takes.
	fewPoints = 5
	// rising is the Mann–Kendall statistic from which times rise: 1 % one-sided.
	rising = 2.33
	// risen is how much higher the last third must be than the first.
	risen = 1.25
	// behindShare is the share of what was asked that may lack at the end, and
	// behindSigma how many times the root of what is in flight: that much comes and
	// goes by itself.
	behindShare, behindSigma = 0.02, 4
	// grown is how much faster the last third's replies must come than the first
	// third's for the endpoint to have grown, grownSigma by how many standard
	// deviations of such a count, and eased how far times must have come down from
	// their highest.
	grown, grownSigma, eased = 1.2, 3, 0.7
	// steady is the standard deviation of intervals' latencies, by its logarithm, up
	// to which an endpoint is as fast at all times.
	steady = 0.1
)

// filling reports whether requests piled up throughout the step: response times
// rose, and so did the requests in flight, as they do where more is asked than is
// answered (Little's law). surely is false where chance might have it look so.
func filling(points []Point) (fills, surely bool) {
	if len(points) < fewPoints {
		return false, false
	}
	z := kendall(points)
	first, last := thirds(points)
	rise := last.InFlight - first.InFlight
	if z < rising || !(last.Latency >= risen*first.Latency) || rise < max(2, 2*math.Sqrt(first.InFlight)) {
		return false, false
	}
	return true, rise >= max(4, 4*math.Sqrt(first.InFlight))
}

// behind reports whether fewer requests were completed in the measured time than
// were planned for it, by more than the number in flight varies: all that lacks is
// in flight at the end.
func behind(points []Point, planned, completed float64) bool {
	if len(points) == 0 || completed == 0 {
		return false
	}
	first, _ := thirds(points)
	lacks := planned - completed
	return lacks >= behindShare*planned && lacks >= behindSigma*math.Sqrt(max(1, first.InFlight))
}

// grew reports whether the endpoint answered more at the step's end than at its
// beginning, and its times came down meanwhile, as when it scales up or wakes.
func grew(points []Point) bool {
	if len(points) < fewPoints {
		return false
	}
	highest := 0.0
	for _, p := range points {
		if p.Latency > highest {
			highest = p.Latency
		}
	}
	first, last := thirds(points)
	n := points[len(points)-1]
	rate, before := last.Done/last.Width, first.Done/first.Width
	return rate >= grown*before && last.Done-before*last.Width >= grownSigma*math.Sqrt(last.Done+before*last.Width) &&
		n.Latency <= eased*highest
}

// memory is for how many seconds a time that is longer than others stays so: the
// sum of the autocorrelations of the intervals' latencies, as those of an
// autoregressive series of the first order; 0 where they hardly vary.
func memory(points []Point) float64 {
	var logs []float64
	mean := 0.0
	for _, p := range points {
		if p.Latency > 0 {
			logs = append(logs, math.Log(p.Latency))
			mean += math.Log(p.Latency)
		}
	}
	n := float64(len(logs))
	if n < fewPoints {
		return 0
	}
	mean /= n
	squares, next := 0.0, 0.0
	for i, y := range logs {
		squares += (y - mean) * (y - mean)
		if i > 0 {
			next += (y - mean) * (logs[i-1] - mean)
		}
	}
	if squares < n*steady*steady {
		return 0
	}
	rho := min(max(next/squares+2/n, 0), 0.95) // of n values it is too small by about 2/n
	return points[0].Width * rho * (1 + rho) / (1 - rho)
}

// thirds sum up the first and the last third of the intervals: in flight and
// latency are means.
func thirds(points []Point) (first, last Point) {
	n := max(1, len(points)/3)
	return mean(points[:n]), mean(points[len(points)-n:])
}

func mean(points []Point) (sum Point) {
	timed := 0.0
	for _, p := range points {
		sum.Width += p.Width
		sum.Done += p.Done
		sum.InFlight += p.InFlight / float64(len(points))
		if !math.IsNaN(p.Latency) {
			sum.Latency += p.Latency
			timed++
		}
	}
	sum.Latency /= timed // NaN of none
	return sum
}

// kendall is the Mann–Kendall statistic of the intervals' latencies: about
// standard normal where there is no trend, whatever their distribution [Mann,
// "Nonparametric Tests Against Trend", 1945; Kendall, "Rank Correlation Methods",
// 1975].
func kendall(points []Point) float64 {
	s, n := 0.0, 0.0
	for i := range points {
		if math.IsNaN(points[i].Latency) {
			continue
		}
		n++
		for j := range i {
			switch d := points[i].Latency - points[j].Latency; {
			case d > 0:
				s++
			case d < 0:
				s--
			}
		}
	}
	if n < fewPoints || s == 0 {
		return 0
	}
	return (s - math.Copysign(1, s)) / math.Sqrt(n*(n-1)*(2*n+5)/18)
}
