package rules

import (
	"time"

	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/report"
)

// unbound is why no single request is bound by a rule on the figure, empty where one
// is.
func unbound(f figure.Figure) string {
	switch {
	case f.OfRequests():
		return ""
	case f.Samples() == figure.Failures:
		return "a time of failures, none of which is good"
	default:
		return "a time of connections, not of each request"
	}
}

// Bounds is what the rules, taken together, ask of one request. Of several
// rules on one time, as p50<100ms and p99<500ms, the widest is what no request
// should exceed.
func Bounds(rules []Rule) plan.Bounds {
	var b plan.Bounds
	for _, r := range rules {
		if !r.timed() || !r.times.OfRequests() || !r.upper() {
			continue
		}
		// A limit of 0 is one, too: nothing takes less than a nanosecond.
		b[r.times] = max(b[r.times], time.Duration(r.limit*1e6), 1)
	}
	return b
}

// upper reports whether the rule bounds its figure from above.
func (r *Rule) upper() bool { return r.operator == "<" || r.operator == "<=" }

// unboundBy are the rules on times that no request is bound by, with the reason.
func unboundBy(rules []Rule) []string {
	list := []string{}
	for i := range rules {
		r := &rules[i]
		if !r.timed() {
			continue
		}
		switch reason := unbound(r.times); {
		case !r.upper():
			list = append(list, r.String()+": asks for a longer time")
		case reason != "":
			list = append(list, r.String()+": "+reason)
		}
	}
	return list
}

// noteUnbound notes the rules that bound nothing, where the bounds are of these
// rules and not of others, by which the run was made.
func noteUnbound(g *report.Goodput, rules []Rule) {
	if g == nil {
		return
	}
	asked := Bounds(rules)
	if bounds := report.GoodBoundsOf(&asked); bounds.Equal(&g.BoundsMS) {
		g.Unbound = unboundBy(rules)
	}
}
