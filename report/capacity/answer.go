package capacity

import (
	"fmt"
	"strings"
	"time"

	"brunt/report"
	"brunt/report/format"
)

// answered is the answer as reports hold it.
func (s *stepper) answered(a Answer, target string) *report.Capacity {
	c := &report.Capacity{
		Sweep: s.flags.Sweep, Status: string(a.Status), Probe: s.probed, Steps: s.steps,
		Precision: float64(s.flags.Precision), StepS: format.Seconds(time.Duration(s.flags.Step)),
	}
	for _, r := range s.rules {
		c.Rules = append(c.Rules, r.String())
	}
	if s.flags.Clients() {
		c.Fit = fit(points(s.steps))
		c.LowConcurrency, c.HighConcurrency = clients(a.Low), clients(a.High)
	} else {
		c.LowPerS, c.HighPerS, c.Confidence = rate(a.Low), rate(a.High), known(a.Confidence)
	}
	if a.known() {
		if s.flags.Clients() {
			c.Concurrency = clients(a.Level)
			c.RatePerS = completedAt(s.steps, int(a.Level))
		} else {
			c.RatePerS = rate(a.Level)
		}
	}
	c.Headline = s.headline(a, c, target)
	s.size(c)
	c.Notes = append(s.notes(a, c), s.sizeNotes(c)...)
	c.FillEmpty()
	return c
}

// known reports whether the answer has a number: one that was held, and that
// brunt was not the limit of.
func (a *Answer) known() bool {
	return a.Level > 0 && a.Status != ClientLimit
}

func rate(x float64) *float64 {
	if x <= 0 {
		return nil
	}
	return new(format.Significant(x, 12))
}

func clients(x float64) *int {
	if x <= 0 {
		return nil
	}
	return new(int(x))
}

// completedAt is what the newest held step with so many clients completed.
func completedAt(steps []report.CapacityStep, n int) (perS *float64) {
	for i := range steps {
		if s := &steps[i]; s.Concurrency != nil && *s.Concurrency == n && s.Outcome == string(Held) {
			perS = s.CompletedPerS
		}
	}
	return perS
}

// load is a level in words.
func (s *stepper) load(level float64) string {
	switch {
	case !s.flags.Clients():
		return format.AskedRate(level)
	case level == 1:
		return "1 client"
	}
	return format.Count(uint64(level)) + " clients"
}

// kept are the rules in words: p99 < 200 ms and failed < 0.1 %.
func (s *stepper) kept() string {
	var list []string
	failures := false
	for _, r := range s.rules {
		list = append(list, r.InWords())
		failures = failures || r.OnFailures()
	}
	if !failures {
		list = append(list, fmt.Sprintf("less than %g %% failed", 100*failedShare))
	}
	return joined(list)
}

func joined(list []string) string {
	if n := len(list); n > 1 {
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	}
	return strings.Join(list, "")
}

// headline is the answer in one sentence.
func (s *stepper) headline(a Answer, c *report.Capacity, target string) string {
	what, interval := format.Number(a.Level)+" requests/s", between(a)
	if s.flags.Clients() {
		what = s.load(a.Level) + " at a time"
	}
	if interval != "" {
		what += " (" + interval + ")"
	}
	if s.flags.Clients() && c.RatePerS != nil {
		what += fmt.Sprintf(", %s requests/s,", format.Number(format.Significant(*c.RatePerS, 3)))
	}
	switch a.Status {
	case Found:
		return fmt.Sprintf("%s bears %s with %s; above that %s", target, what, s.kept(), s.beyond(s.above(a.Level)))
	case Unsettled:
		return fmt.Sprintf("%s bears about %s with %s; above that %s", target, what, s.kept(), s.beyond(s.above(a.Level)))
	case AtLeast:
		return fmt.Sprintf("%s bears at least %s with %s; %s", target, what, s.kept(), s.topped(a))
	case NoneHolds:
		return fmt.Sprintf("%s does not keep %s at any load that was tried: at %s, the lowest, %s",
			target, s.kept(), s.load(s.lowest()), s.beyond(s.lowest()))
	case ClientLimit:
		return fmt.Sprintf("how much %s bears is not known: at %s brunt itself was the limit%s",
			target, s.load(a.Wall), s.upTo(a))
	case Stopped:
		return "interrupted: " + s.soFar(a, target)
	}
	return fmt.Sprintf("how much %s bears is not known: no step could be judged", target)
}

// between are the bounds of the answer; none of one that is a bound itself.
func between(a Answer) string {
	switch {
	case a.Status != Found && a.Status != Unsettled:
		return ""
	case a.Low == 0:
		return "less than " + format.Number(a.High)
	case a.High == 0:
		return format.Number(a.Low) + " or more"
	}
	return format.Number(a.Low) + " to " + format.Number(a.High)
}

// soFar is what an interrupted search knows.
func (s *stepper) soFar(a Answer, target string) string {
	switch {
	case a.Level == 0 && a.High == 0:
		return fmt.Sprintf("how much %s bears is not known yet", target)
	case a.Level == 0:
		return fmt.Sprintf("%s does not bear %s; less was not tried long enough", target, s.load(a.High))
	case a.High == 0:
		return fmt.Sprintf("%s bears at least %s with %s; more was not tried long enough",
			target, s.load(a.Level), s.kept())
	}
	return fmt.Sprintf("%s bears between %s and %s with %s, as far as the steps until then tell",
		target, s.load(a.Low), s.load(a.High), s.kept())
}

// upTo is what was held below brunt's own limit.
func (s *stepper) upTo(a Answer) string {
	text := ""
	for i := range s.steps {
		if st := &s.steps[i]; st.Outcome == string(Client) {
			text = " (" + st.Reason + ")"
		}
	}
	if a.Level > 0 {
		text += "; " + s.load(a.Level) + " was held"
	}
	return text
}

// topped is why nothing above was tried.
func (s *stepper) topped(a Answer) string {
	if s.flags.Clients() && flat(points(s.steps)) {
		return "more clients bring no more requests per second"
	}
	if s.flags.Levels != "" {
		return "no more was asked for"
	}
	return "more than " + s.load(s.flags.Most()) + " was not to be tried"
}

// lowest is the lowest level of all steps.
func (s *stepper) lowest() (least float64) {
	for i := range s.steps {
		if at := at(&s.steps[i]); least == 0 || at < least {
			least = at
		}
	}
	return least
}

// at is a step's level.
func at(s *report.CapacityStep) float64 {
	switch {
	case s.RatePerS != nil:
		return *s.RatePerS
	case s.Concurrency != nil:
		return float64(*s.Concurrency)
	}
	return 0
}

// above is the lowest of the loads over a level that were not held; 0 of none.
func (s *stepper) above(level float64) (lowest float64) {
	for i := range s.steps {
		if load := at(&s.steps[i]); load > level && s.steps[i].Outcome == string(Broken) {
			if lowest == 0 || load < lowest {
				lowest = load
			}
		}
	}
	return lowest
}

// beyond is what a load does to the endpoint that is too much, by the newest step
// of it that was not held.
func (s *stepper) beyond(level float64) string {
	text := "a rule is broken"
	for i := range s.steps {
		st := &s.steps[i]
		if at(st) != level || st.Outcome != string(Broken) {
			continue
		}
		text = st.Reason
		if settled := st.Succeeded + st.Failed; float64(st.Failed) >= failedShare*float64(max(1, settled)) {
			share := format.Share(100 * float64(st.Failed) / float64(settled))
			if text = fmt.Sprintf("%s of the requests fail (%s)", share, s.details[i].failures); s.details[i].failures == "429" {
				text = fmt.Sprintf("it refuses %s of the requests with 429", share)
			}
		}
	}
	return text
}

// notes are what else there is to know.
func (s *stepper) notes(a Answer, c *report.Capacity) (list []string) {
	add := func(holds bool, format string, args ...any) {
		if holds {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	add(a.Level > 0, "%s was held in %s", s.load(a.Level), s.tries(a.Level))
	above := s.above(a.Level)
	add(above > 0, "%s was held in %s", s.load(above), s.tries(above))
	add(a.known() && c.Confidence != nil, "the limit lies between %s and %s in %.0f of 100 such searches",
		s.load(a.Low), s.load(a.High), 100*a.Confidence)
	add(
		a.Status == Unsettled && a.Wall > 0,
		"at %s brunt itself was the limit%s, so that the interval is wider than %s",
		s.load(a.Wall),
		s.upTo(Answer{}),
		format.Share(100*c.Precision),
	)
	add(
		a.Status == Unsettled && a.Wall == 0,
		"what the endpoint does varies from step to step, so that the interval is wider than %s: "+
			"longer steps (--step) tell more",
		format.Share(100*c.Precision),
	)
	grew := 0
	for i := range s.steps {
		if s.steps[i].Outcome == string(Broken) && s.details[i].grew {
			grew++
		}
	}
	add(grew > 0, "the endpoint answered more at the end of %d of the steps than at their beginning: "+
		"it scaled up, or woke; what was too much before that was tried again", grew)
	if f := c.Fit; f != nil && f.Knee != nil {
		add(true, "throughput follows min(N/%s, %s): the knee is at %s clients",
			format.MS(f.LatencyMS), format.Rate(*f.CeilingPerS), format.Number(*f.Knee))
	} else if f != nil {
		add(true, "throughput follows N/%s as far as it was tried: no ceiling was reached", format.MS(f.LatencyMS))
	}
	return list
}

// tries are the steps that a level had, in words: 2 of 3 steps of up to 10 s
// (12,360 requests).
func (s *stepper) tries(level float64) string {
	held, judged, unknown, requests, seconds := 0, 0, 0, uint64(0), 0.0
	for i := range s.steps {
		st := &s.steps[i]
		if at(st) != level {
			continue
		}
		switch {
		case st.Held == nil:
			unknown++
			continue
		case *st.Held:
			held++
		}
		judged++
		requests += st.Requests
		seconds = max(seconds, st.DurationS)
	}
	text := fmt.Sprintf("%d of %d steps of up to %s (%s requests)",
		held, judged, format.MS(1e3*seconds), format.Count(requests))
	if judged == 1 {
		text = fmt.Sprintf("%d of 1 step of %s (%s requests)", held, format.MS(1e3*seconds), format.Count(requests))
	}
	if unknown > 0 {
		text += fmt.Sprintf("; %d more told nothing", unknown)
	}
	return text
}

// stepWords are a line for a step that is over.
func stepWords(s *report.CapacityStep) string {
	load := ""
	if s.RatePerS != nil {
		load = format.AskedRate(*s.RatePerS)
	} else if s.Concurrency != nil {
		load = fmt.Sprintf("%d at a time", *s.Concurrency)
	}
	words := map[string]string{
		string(Held): "held", string(Broken): "not held", string(Client): "not known", string(Unjudged): "not judged",
	}[s.Outcome]
	text := fmt.Sprintf("%s for %s: %s (p99 %s, %s requests)",
		load, format.MS(1e3*s.DurationS), words, format.OptionalMS(s.P99), format.Count(s.Requests))
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	return text
}
