package rules

import (
	"time"

	"brunt/attack"
	"brunt/report"
)

// unboundTimes are the times that rules may be on and a request does not have.
var unboundTimes = map[string]string{
	"connect": "a time of connections, not of each request",
	"tls":     "a time of connections, not of each request",
	"failed":  "a time of failures, none of which is good",
}

// placeOf is where the bound on a rule's time is kept, nil for none.
func placeOf(b *attack.Bounds, histogram string) *time.Duration {
	return map[string]*time.Duration{
		"response": &b.Response, "service": &b.Service, "first_byte": &b.FirstByte, "lateness": &b.Lateness,
		"ttft": &b.TTFT, "response_ttft": &b.ResponseTTFT, "first_chunk": &b.FirstChunk,
		"tpot": &b.TPOT, "inter_chunk": &b.InterChunk, "end_to_end": &b.EndToEnd,
	}[histogram]
}

// Bounds is what the rules, taken together, ask of one request. Of several
// rules on one time, as p50<100ms and p99<500ms, the widest is what no request
// should exceed.
func Bounds(rules []Rule) attack.Bounds {
	var b attack.Bounds
	for _, r := range rules {
		place := placeOf(&b, r.histogram)
		if place == nil || !r.upper() {
			continue
		}
		// A limit of 0 is one, too: nothing takes less than a nanosecond.
		*place = max(*place, time.Duration(r.limit*1e6), 1)
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
		switch reason := unboundTimes[r.histogram]; {
		case r.histogram == "":
		case !r.upper():
			list = append(list, r.String()+": asks for a longer time")
		case reason != "":
			list = append(list, r.String()+": "+reason)
		}
	}
	return list
}

// judgedBy notes the rules that bound nothing, where the bounds are of these
// rules and not of others, by which the run was made.
func noteUnbound(g *report.Goodput, rules []Rule) {
	if g == nil {
		return
	}
	asked := Bounds(rules)
	if bounds := report.GoodBoundsOf(&asked); bounds.Key() == g.BoundsMS.Key() {
		g.Unbound = unboundBy(rules)
	}
}
