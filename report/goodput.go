package report

import (
	"strings"
	"time"

	"brunt/attack"
)

// Goodput is how many requests kept, each for itself, all bounds that the rules
// name on a time of one request: a success that takes longer, or lacks the
// figure, is not good. Which percentile a rule is on does not matter to it. Of
// inter_chunk the longest gap of a request counts.
type Goodput struct {
	BoundsMS GoodBounds `json:"bounds_ms"`
	Unbound  []string   `json:"unbound"` // rules on times that a request does not have, each with the reason
	Requests uint64     `json:"requests"`
	PerS     float64    `json:"per_s"`   // requests / elapsed_s
	Percent  float64    `json:"percent"` // of succeeded + failed
}

// GoodBounds are the longest times in milliseconds; null for none.
type GoodBounds struct {
	Response     *float64 `json:"response"`
	Service      *float64 `json:"service"`
	TTFT         *float64 `json:"ttft"`
	ResponseTTFT *float64 `json:"response_ttft"`
	TPOT         *float64 `json:"tpot"`
	FirstByte    *float64 `json:"first_byte"`
	Lateness     *float64 `json:"lateness"`
	FirstChunk   *float64 `json:"first_chunk"`
	InterChunk   *float64 `json:"inter_chunk"`
	EndToEnd     *float64 `json:"end_to_end"`
}

// bounded is one bound by the name that rules have for it.
type bounded struct {
	name string
	ms   *float64
}

func (b *GoodBounds) list() []bounded {
	return []bounded{
		{"response", b.Response}, {"service", b.Service}, {"first_byte", b.FirstByte}, {"lateness", b.Lateness}, {"ttft", b.TTFT},
		{"response_ttft", b.ResponseTTFT}, {"first_chunk", b.FirstChunk}, {"tpot", b.TPOT}, {"inter_chunk", b.InterChunk}, {"end_to_end", b.EndToEnd},
	}
}

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

// BoundsOf is what the rules, taken together, ask of one request. Of several
// rules on one time, as p50<100ms and p99<500ms, the widest is what no request
// should exceed.
func BoundsOf(rules []Rule) attack.Bounds {
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

// goodputOf is nil where the plan has no bounds.
func goodputOf(plan *attack.Plan, s *attack.Snapshot) *Goodput {
	b := &plan.Good
	if *b == (attack.Bounds{}) {
		return nil
	}
	return &Goodput{
		BoundsMS: boundsOf(b),
		Unbound:  []string{},
		Requests: s.Counts.Good,
	}
}

func boundsOf(b *attack.Bounds) GoodBounds {
	return GoodBounds{
		Response: bound(b.Response), Service: bound(b.Service), FirstByte: bound(b.FirstByte), Lateness: bound(b.Lateness),
		TTFT: bound(b.TTFT), ResponseTTFT: bound(b.ResponseTTFT), FirstChunk: bound(b.FirstChunk),
		TPOT: bound(b.TPOT), InterChunk: bound(b.InterChunk), EndToEnd: bound(b.EndToEnd),
	}
}

// judgedBy notes the rules that bound nothing, where the bounds are of these
// rules and not of others, by which the run was made.
func (g *Goodput) judgedBy(rules []Rule) {
	if g == nil {
		return
	}
	asked := BoundsOf(rules)
	if bounds := boundsOf(&asked); bounds.key() == g.BoundsMS.key() {
		g.Unbound = unboundBy(rules)
	}
}

// bound is a bound in milliseconds, null for none.
func bound(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	return millis(float64(d))
}

// summarise fills in what follows from the counts.
func (g *Goodput) summarise(q *Requests, elapsedS float64) {
	g.PerS = per(float64(g.Requests), elapsedS)
	g.Percent = per(100*float64(g.Requests), float64(q.Succeeded+q.Failed))
}

// goodput adds the reports' up where all have the same bounds.
func (m *merger) goodput() *Goodput {
	var sum *Goodput
	for _, r := range m.reports {
		g := r.Goodput
		if g == nil || sum != nil && g.BoundsMS.key() != sum.BoundsMS.key() {
			return nil
		}
		if sum == nil {
			sum = &Goodput{BoundsMS: g.BoundsMS, Unbound: notNil(g.Unbound)}
		}
		sum.Requests += g.Requests
	}
	return sum
}

// key is equal for equal bounds.
func (b *GoodBounds) key() (k [10]float64) {
	for i, x := range b.list() {
		if x.ms != nil {
			k[i] = *x.ms
		}
	}
	return k
}

func (r *Report) checkGoodput() error {
	if r.Goodput == nil {
		return nil
	}
	return atMost("goodput.requests", r.Goodput.Requests, "succeeded", r.Requests.Succeeded)
}

// goodputItems are what a reader is told of it; nil without bounds.
func goodputItems(g *Goodput) []string {
	if g == nil {
		return nil
	}
	var bounds []string
	for _, x := range g.BoundsMS.list() {
		if x.ms != nil {
			bounds = append(bounds, strings.ReplaceAll(x.name, "_", " ")+" "+formatMS(*x.ms))
		}
	}
	items := []string{FormatRate(g.PerS), FormatShare(g.Percent) + " of requests within " + strings.Join(bounds, ", ")}
	for _, text := range g.Unbound {
		items = append(items, "not bound by "+safe(text, 120))
	}
	return items
}
