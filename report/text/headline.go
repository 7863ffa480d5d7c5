package text

import (
	"fmt"
	"path"
	"strings"

	"brunt/payloads"
	"brunt/report"
	"brunt/report/format"
)

// called is what people call it: the endpoint's name, else the URL.
func targetName(t *report.Target) string {
	if t.Endpoint != nil {
		return *t.Endpoint
	}
	return t.URL
}

// proxyWords tell of the proxy that the load went through; empty without one.
func proxyWords(t *report.Target) string {
	if t.Proxy == nil {
		return ""
	}
	return "through the proxy " + format.Safe(*t.Proxy, maxText)
}

// header is what was loaded, how, and with what.
func (p *page) header(r *report.Report) {
	var parts []string
	for _, part := range []string{format.Safe(r.Name, maxText), format.Safe(targetName(&r.Target), maxText), proxyWords(&r.Target), loadWords(r), payloadWords(&r.Plan)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	line := ""
	for _, part := range parts {
		switch {
		case line == "":
			line = part
		case format.Width(line)+3+format.Width(part) <= p.width:
			line += " · " + part
		default:
			p.prose(bold, line, 2)
			line = part
		}
	}
	p.prose(bold, line, 2)
}

// loadWords is the plan's load: 500/s, at most 16 in flight, for 10 s.
func loadWords(r *report.Report) string {
	plan, words := &r.Plan, "several loads"
	if r.Rebuilt {
		words = "from results"
	}
	switch {
	case plan.RatePerS != nil && plan.Order == string(payloads.Recorded):
		words = "replayed timing, " + format.Rate(*plan.RatePerS) + " on average"
	case len(plan.Stages) > 1:
		words = stageWords(plan.Stages)
	case len(plan.Stages) == 1:
		words = plan.Stages[0].Words()
	case plan.RatePerS != nil && plan.Concurrency != nil:
		words = fmt.Sprintf(
			"%s, at most %s in flight,",
			format.AskedRate(*plan.RatePerS),
			format.Count(uint64(max(*plan.Concurrency, 0))),
		)
	case plan.RatePerS != nil:
		words = format.AskedRate(*plan.RatePerS)
	case plan.SessionsPerS != nil:
		words = "sessions at " + format.AskedRate(*plan.SessionsPerS)
	case plan.Concurrency != nil && plan.Sessions:
		words = counted(uint64(max(*plan.Concurrency, 0)), "sessions") + " at a time"
	case plan.Concurrency != nil:
		words = format.Count(uint64(max(*plan.Concurrency, 0))) + " at a time"
	}
	unit := "requests"
	if plan.Sessions {
		unit = "sessions"
	}
	switch {
	case plan.DurationS != nil && plan.Requests != nil:
		words += fmt.Sprintf(
			" for %s or %s %s",
			format.SpanSeconds(*plan.DurationS),
			format.Count(*plan.Requests),
			unit,
		)
	case plan.DurationS != nil:
		words += " for " + format.SpanSeconds(*plan.DurationS)
	case plan.Requests != nil:
		words += fmt.Sprintf(" for %s %s", format.Count(*plan.Requests), unit)
	case plan.UntilStopped:
		words += " until stopped"
	}
	if plan.Arrivals != "" && plan.Arrivals != "constant" {
		words += ", " + format.Safe(plan.Arrivals, 20) + " arrivals"
	}
	if plan.WarmupS > 0 {
		words += ", after a warm-up of " + format.SpanSeconds(plan.WarmupS)
	}
	if plan.WarmupSettled != nil && *plan.WarmupSettled {
		words += ", when latency had settled"
	}
	switch n := len(r.Changes); {
	case n == 1:
		words += fmt.Sprintf(
			", changed after %s to %s",
			format.SpanSeconds(max(0, r.Changes[0].TS)),
			changeWords(&r.Changes[0]),
		)
	case n > 1:
		words += fmt.Sprintf(", changed %d times, at last to %s", n, changeWords(&r.Changes[n-1]))
	}
	return strings.Replace(words, ",,", ",", 1)
}

// stageWords are the lowest and the highest load of several stages.
func stageWords(stages []report.Stage) string {
	whole := stages[0]
	for _, s := range stages {
		whole.RatePerS, whole.ToRatePerS = lower(
			whole.RatePerS,
			s.RatePerS,
			s.ToRatePerS,
		), higher(
			whole.ToRatePerS,
			s.RatePerS,
			s.ToRatePerS,
		)
		whole.Concurrency, whole.ToConcurrency = lower(
			whole.Concurrency,
			s.Concurrency,
			s.ToConcurrency,
		), higher(
			whole.ToConcurrency,
			s.Concurrency,
			s.ToConcurrency,
		)
	}
	return fmt.Sprintf("%d stages of %s", len(stages), whole.Words())
}

func lower[T int | float64](list ...*T) *T {
	return pick(list, func(a, b T) bool { return a < b })
}

func higher[T int | float64](list ...*T) *T {
	return pick(list, func(a, b T) bool { return a > b })
}

// pick is the best of those that are there, or nil.
func pick[T int | float64](list []*T, better func(a, b T) bool) (best *T) {
	for _, x := range list {
		if x != nil && (best == nil || better(*x, *best)) {
			best = x
		}
	}
	return best
}

// words is what was changed to: 200/s.
func changeWords(c *report.Change) string {
	switch {
	case c.RatePerS != nil:
		return format.AskedRate(*c.RatePerS)
	case c.Concurrency != nil:
		return format.Count(uint64(max(*c.Concurrency, 0))) + " at a time"
	}
	return "nothing"
}

// payloadWords is the plan's payload: bodies.jsonl (1,000 lines, sequential).
func payloadWords(plan *report.Plan) string {
	if len(plan.Payloads) == 0 {
		return ""
	}
	var lines uint64
	for _, file := range plan.Payloads {
		lines += file.Lines
	}
	name := path.Base(strings.ReplaceAll(plan.Payloads[0].File, `\`, "/"))
	if plan.Payloads[0].File == "-" {
		name = "standard input"
	}
	name = format.Safe(name, 100)
	if more := len(plan.Payloads) - 1; more > 0 {
		name += fmt.Sprintf(" and %d more", more)
	}
	unit := "lines"
	if lines == 1 {
		unit = "line"
	}
	order := format.Safe(plan.Order, 20)
	if plan.Seed != nil && (order == "shuffle" || order == "random") {
		order += fmt.Sprintf(", seed %d", *plan.Seed)
	}
	return fmt.Sprintf("%s (%s %s, %s)", name, format.Count(lines), unit, order)
}
