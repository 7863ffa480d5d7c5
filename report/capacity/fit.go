package capacity

import (
	"math"
	"slices"

	"brunt/report"
	"brunt/report/format"
)

// throughput is what a number of clients completed per second.
type throughput struct {
	clients int
	perS    float64
}

const (
	// flatter is the growth of the throughput, by twice the clients, below which it
	// has reached its ceiling.
	flatter = 1.05
	// bends is by how much of the squares of the residuals a ceiling must take away
	// to be one: through two points of a straight line a ceiling fits as well.
	bends = 0.5
)

// fit is throughput = min(N/latency, ceiling) through the points: each client
// sends once per latency, until the endpoint is full [Little's law; Databricks,
// "What is load testing?"]. For each split of the points into those on the line
// and those at the ceiling both are the least squares of relative residuals, and
// the split with the least sum is taken. Points must be in ascending order of
// clients, one for each.
func fit(points []throughput) *report.CapacityFit {
	if len(points) == 0 {
		return nil
	}
	slope, line := proportion(points, func(p throughput) float64 { return float64(p.clients) })
	ceiling, least := 0.0, line
	for split := 1; split < len(points); split++ {
		rise, below := proportion(points[:split], func(p throughput) float64 { return float64(p.clients) })
		top, above := proportion(points[split:], func(throughput) float64 { return 1 })
		if below+above < min(least, bends*line) && top < 0.98*rise*float64(points[len(points)-1].clients) {
			slope, ceiling, least = rise, top, below+above
		}
	}
	f := &report.CapacityFit{LatencyMS: format.Significant(1e3/slope, 4)}
	if ceiling > 0 {
		f.CeilingPerS, f.Knee = new(format.Significant(ceiling, 4)), new(format.Significant(ceiling/slope, 3))
	}
	for _, p := range points {
		fitted := slope * float64(p.clients)
		if ceiling > 0 {
			fitted = min(fitted, ceiling)
		}
		f.Concurrency, f.PerS = append(f.Concurrency, p.clients), append(f.PerS, format.Significant(p.perS, 5))
		f.Residuals = append(f.Residuals, math.Round(1e4*(p.perS-fitted)/fitted)/1e4)
	}
	return f
}

// proportion is the factor from x to throughput with the least squares of the
// relative residuals, and their sum.
func proportion(points []throughput, x func(throughput) float64) (factor, squares float64) {
	// Minimise Σ(perS/(factor·x) − 1)²: by q = 1/factor, q = Σr/Σr² with r = perS/x.
	sum, of := 0.0, 0.0
	for _, p := range points {
		r := p.perS / x(p)
		sum += r
		of += r * r
	}
	if sum == 0 {
		return 0, math.Inf(1)
	}
	factor = of / sum
	for _, p := range points {
		off := p.perS/(factor*x(p)) - 1
		squares += off * off
	}
	return factor, squares
}

// points are the throughputs of the steps with a number of clients, those of
// several steps with as many averaged.
func points(steps []report.CapacityStep) (list []throughput) {
	sums := map[int][]float64{}
	for i := range steps {
		s := &steps[i]
		told := s.Outcome != string(Client) && !s.EndedEarly
		if told && s.Concurrency != nil && s.CompletedPerS != nil && *s.CompletedPerS > 0 {
			sums[*s.Concurrency] = append(sums[*s.Concurrency], *s.CompletedPerS)
		}
	}
	for clients, rates := range sums {
		sum := 0.0
		for _, r := range rates {
			sum += r
		}
		list = append(list, throughput{clients, sum / float64(len(rates))})
	}
	slices.SortFunc(list, func(a, b throughput) int { return a.clients - b.clients })
	return list
}

// flat reports whether more clients bring no more throughput: the last two
// doublings brought next to none.
func flat(list []throughput) bool {
	n := len(list)
	return n >= 3 && list[n-1].clients >= 2*list[n-2].clients && list[n-2].clients >= 2*list[n-3].clients &&
		list[n-1].perS < flatter*list[n-2].perS && list[n-2].perS < flatter*list[n-3].perS
}
