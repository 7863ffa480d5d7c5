package capacity

import (
	"fmt"

	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/format"
)

// lightShare is the share of the rate that was found up to which next to no
// request waits for another, and fewest the successes that a mean rests on.
const (
	lightShare = 0.6
	fewest     = 20
)

// What a sizing rests on, besides what report.Provisioned has.
const (
	serviceTime = "service_time" // as seen from here
	byMeasure   = "measured"     // in proportion to the rate that was found
)

// size fills in what the rates need of provisioned concurrency.
func (s *stepper) size(c *report.Capacity) {
	used := provisioned(s.last)
	ms, basis := s.occupied(c)
	if c.RatePerS != nil {
		c.Provisioned = needed(*c.RatePerS, used, ms, basis)
	}
	if asked := plan.PerSecond(s.flags.For.Rate); asked > 0 {
		c.For = needed(asked, used, ms, basis)
		if used > 0 && c.RatePerS != nil {
			// The endpoint's own answer holds what the rule leaves unused.
			c.For = sized(asked, used, used*asked / *c.RatePerS, ms, byMeasure)
		}
	}
}

// needed is rate × the time for which a request occupies a unit.
func needed(rate, used, ms float64, basis string) *report.CapacityProvisioned {
	if ms <= 0 {
		p := &report.CapacityProvisioned{RatePerS: new(rate), Used: known(used)}
		p.Reason = new("no light step says for how long a request occupies the endpoint")
		return p
	}
	return sized(rate, used, rate*ms/1e3, ms, basis)
}

func sized(rate, used, units, ms float64, basis string) *report.CapacityProvisioned {
	size, most := report.WorkloadSize(units)
	p := &report.CapacityProvisioned{
		RatePerS: new(rate), Used: known(used), Needed: new(format.Significant(units, 4)), WorkloadSize: new(size),
		ServiceMS: known(format.Significant(ms, 5)), Basis: new(basis),
	}
	if most > 0 {
		p.Headroom = new(format.Significant(100*(most/units-1), 3))
	}
	return p
}

func known(x float64) *float64 {
	if x <= 0 {
		return nil
	}
	return new(x)
}

// occupied is for how many milliseconds a request occupies the endpoint, and what
// that rests on: what the platform's figures or a full endpoint said in a step,
// else the mean service time of the lightest load, in which next to nothing waits.
func (s *stepper) occupied(c *report.Capacity) (ms float64, basis string) {
	if s.sizing != nil {
		return *s.sizing.ServiceMS, *s.sizing.Basis
	}
	most := 0.0
	switch {
	case c.RatePerS != nil:
		most = lightShare * *c.RatePerS
	case c.HighPerS != nil:
		most = lightShare * *c.HighPerS
	}
	for i := range s.steps {
		st := &s.steps[i]
		light := st.CompletedPerS != nil && *st.CompletedPerS <= most
		if light && s.details[i].service > 0 && st.Succeeded >= fewest && st.Outcome == string(Held) {
			return s.details[i].service, serviceTime
		}
	}
	return 0, ""
}

// sizeNotes are what the rates need, in words.
func (s *stepper) sizeNotes(c *report.Capacity) (list []string) {
	if p := c.Provisioned; p != nil && p.Needed != nil {
		asked := format.Rate(*p.RatePerS)
		text := fmt.Sprintf("%s × %s a request occupies %s of provisioned concurrency (%s)",
			asked, format.MS(*p.ServiceMS), format.Number(format.Significant(*p.Needed, 3)), sizeWords(p))
		if p.Used != nil {
			text += fmt.Sprintf("; the endpoint has %s", format.Number(*p.Used))
		}
		list = append(list, text)
	}
	p := c.For
	switch {
	case p == nil:
	case p.Needed == nil:
		list = append(list, fmt.Sprintf("what %s needs is not known: %s", format.AskedRate(*p.RatePerS), *p.Reason))
	case *p.Basis == byMeasure:
		list = append(list, needWords(p)+", in proportion to what was measured")
	default:
		list = append(list, needWords(p)+" by rate × time; that is full use, so leave room for the rules")
	}
	return list
}

// needWords are what a rate needs.
func needWords(p *report.CapacityProvisioned) string {
	return fmt.Sprintf("%s needs %s of provisioned concurrency (%s)",
		format.AskedRate(*p.RatePerS), format.Number(format.Significant(*p.Needed, 3)), sizeWords(p))
}

// sizeWords are the workload size and how much more it has.
func sizeWords(p *report.CapacityProvisioned) string {
	text := report.SizeWords(*p.WorkloadSize)
	if p.Headroom != nil {
		text += fmt.Sprintf(", headroom %s %%", format.Number(format.Significant(*p.Headroom, 2)))
	}
	return text
}
