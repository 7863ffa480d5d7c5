package plan

import (
	"math"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Happened are the stages that a run of the plan went through in its measured length,
// with the changes that were made while it was under way.
func (p *Plan) Happened(changes []Change, length time.Duration) (list []Stage) {
	list = append(list, p.Stages...)
	if len(list) == 0 {
		list = []Stage{{Length: length, Rate: p.Rate, ToRate: p.Rate, Concurrency: p.Concurrency, ToConcurrency: p.Concurrency}}
		if p.Open() {
			list[0].Concurrency, list[0].ToConcurrency = 0, 0
		}
	}
	for i, c := range changes {
		at := min(max(0, c.At), length)
		until := length
		if i+1 < len(changes) {
			until = min(max(at, changes[i+1].At), length)
		}
		list = append(upTo(list, at), Stage{
			Length: until - at, Rate: c.Rate, ToRate: c.Rate, Concurrency: c.Concurrency, ToConcurrency: c.Concurrency,
		})
	}
	list = upTo(list, length)
	out := list[:0]
	for _, g := range list {
		if g.Length = g.Length.Round(time.Millisecond); g.Length > 0 {
			out = append(out, g)
		}
	}
	return out
}

// upTo cuts stages off at an instant.
func upTo(stages []Stage, at time.Duration) (out []Stage) {
	for _, g := range stages {
		if at <= 0 {
			break
		}
		if g.Length > at {
			if g.Open() && g.Ramp() {
				g.ToRate = vegeta.Rate{Freq: int(math.Round(1e3 * g.RateAt(at))), Per: 1000 * time.Second}
			} else if g.Ramp() {
				g.ToConcurrency = g.ConcurrencyAt(at)
			}
			g.Length = at
		}
		at -= g.Length
		out = append(out, g)
	}
	return out
}
