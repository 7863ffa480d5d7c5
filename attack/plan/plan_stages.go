package plan

import (
	"math"
	"math/big"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/arrivals"
)

// SetStages has the plan go through the stages, which ParseStages has read. The
// plan's rate is then their mean, its concurrency the highest of a closed loop's,
// and its duration their sum.
func (p *Plan) SetStages(stages []Stage) {
	p.Stages, p.Duration = stages, 0
	requests, per := new(big.Rat), new(big.Rat)
	for i := range stages {
		g := &stages[i]
		p.Duration += g.Length
		if !g.Open() {
			p.Concurrency = max(p.Concurrency, g.Concurrency, g.ToConcurrency)
			continue
		}
		for _, rate := range []vegeta.Rate{g.Rate, g.ToRate} {
			per.SetFrac64(int64(rate.Freq), int64(rate.Per))
			requests.Add(requests, per.Mul(per, big.NewRat(int64(g.Length), 2)))
		}
	}
	if len(stages) > 0 && stages[0].Open() {
		n, _ := requests.Float64()
		p.Rate = vegeta.Rate{Freq: max(1, int(math.Round(n))), Per: p.Duration}
	}
}

// Curve is how many measured requests an open loop plans by each instant since the
// measured start, after these changes of its rate; random gaps spread them around it.
func (p *Plan) Curve(changes []Change) (c arrivals.Curve) {
	for i := range p.Stages {
		c.Append(p.Stages[i].Length, p.Stages[i].Rate, p.Stages[i].ToRate)
	}
	if len(p.Stages) == 0 {
		c.Append(arrivals.Forever, p.Rate, p.Rate)
	}
	for i := range changes {
		c = c.Until(max(0, changes[i].At))
		c.Append(arrivals.Forever, changes[i].Rate, changes[i].Rate)
	}
	return c
}

// PeakRate is the highest rate of the plan, in requests per second; 0 for a closed
// loop.
func (p *Plan) PeakRate() float64 {
	peak := 0.0
	for i := range p.Stages {
		peak = max(peak, PerSecond(p.Stages[i].Rate), PerSecond(p.Stages[i].ToRate))
	}
	if len(p.Stages) > 0 {
		return peak
	}
	return PerSecond(p.Rate)
}

// Change is one change of a run's load while it was under way.
type Change struct {
	At          time.Duration // since the measured start; negative within the warm-up
	Rate        vegeta.Rate   // new rate of an open loop
	Concurrency int           // new concurrency of a closed loop
}
