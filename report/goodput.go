package report

import (
	"strings"
	"time"

	"brunt/attack"
)

// Goodput is how many requests kept, each for itself, all bounds that the
// rules on response, service, ttft, response_ttft and tpot name: a success that
// takes longer, or lacks the figure, is not good. Which percentile a rule is on
// does not matter to it.
type Goodput struct {
	BoundsMS GoodBounds `json:"bounds_ms"`
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
}

// BoundsOf is what the rules, taken together, ask of one request. Of several
// rules on one time, as p50<100ms and p99<500ms, the widest is what no request
// should exceed.
func BoundsOf(rules []Rule) attack.Bounds {
	var b attack.Bounds
	places := map[string]*time.Duration{
		"response": &b.Response, "service": &b.Service, "ttft": &b.TTFT, "response_ttft": &b.ResponseTTFT, "tpot": &b.TPOT,
	}
	for _, r := range rules {
		place := places[r.histogram]
		if place == nil || r.operator != "<" && r.operator != "<=" {
			continue
		}
		if limit := time.Duration(r.limit * 1e6); limit > *place {
			*place = limit
		}
	}
	return b
}

// goodputOf is nil where the plan has no bounds.
func goodputOf(plan *attack.Plan, s *attack.Snapshot) *Goodput {
	b := plan.Good
	if b == (attack.Bounds{}) {
		return nil
	}
	return &Goodput{
		BoundsMS: GoodBounds{bound(b.Response), bound(b.Service), bound(b.TTFT), bound(b.ResponseTTFT), bound(b.TPOT)},
		Requests: s.Counts.Good,
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
			sum = &Goodput{BoundsMS: g.BoundsMS}
		}
		sum.Requests += g.Requests
	}
	return sum
}

// key is equal for equal bounds.
func (b *GoodBounds) key() (k [5]float64) {
	for i, ms := range []*float64{b.Response, b.Service, b.TTFT, b.ResponseTTFT, b.TPOT} {
		if ms != nil {
			k[i] = *ms
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
	for i, ms := range []*float64{g.BoundsMS.Response, g.BoundsMS.Service, g.BoundsMS.TTFT, g.BoundsMS.ResponseTTFT, g.BoundsMS.TPOT} {
		if ms != nil {
			bounds = append(bounds, [...]string{"response", "service", "ttft", "response ttft", "tpot"}[i]+" "+formatMS(*ms))
		}
	}
	return []string{FormatRate(g.PerS), FormatShare(g.Percent) + " of requests within " + strings.Join(bounds, ", ")}
}
