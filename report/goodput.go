package report

import (
	"time"

	"brunt/attack"
	"brunt/report/format"
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

// Bound is one bound by the name that rules have for it.
type Bound struct {
	Name string
	Ms   *float64
}

// List is all bounds, those that are not set with null, always in the same order.
func (b *GoodBounds) List() []Bound {
	return []Bound{
		{"response", b.Response}, {"service", b.Service}, {"first_byte", b.FirstByte}, {"lateness", b.Lateness}, {"ttft", b.TTFT},
		{"response_ttft", b.ResponseTTFT}, {"first_chunk", b.FirstChunk}, {"tpot", b.TPOT}, {"inter_chunk", b.InterChunk}, {"end_to_end", b.EndToEnd},
	}
}

// goodputOf is nil where the plan has no bounds.
func goodputOf(plan *attack.Plan, s *attack.Snapshot) *Goodput {
	b := &plan.Good
	if *b == (attack.Bounds{}) {
		return nil
	}
	return &Goodput{
		BoundsMS: GoodBoundsOf(b),
		Unbound:  []string{},
		Requests: s.Counts.Good,
	}
}

// GoodBoundsOf gives a plan's bounds in milliseconds, null for what is not bounded.
func GoodBoundsOf(b *attack.Bounds) GoodBounds {
	return GoodBounds{
		Response: bound(b.Response), Service: bound(b.Service), FirstByte: bound(b.FirstByte), Lateness: bound(b.Lateness),
		TTFT: bound(b.TTFT), ResponseTTFT: bound(b.ResponseTTFT), FirstChunk: bound(b.FirstChunk),
		TPOT: bound(b.TPOT), InterChunk: bound(b.InterChunk), EndToEnd: bound(b.EndToEnd),
	}
}

// bound is a bound in milliseconds, null for none.
func bound(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	return format.Millis(float64(d))
}

// summarise fills in what follows from the counts.
func (g *Goodput) summarise(q *Requests, elapsedS float64) {
	g.PerS = format.Per(float64(g.Requests), elapsedS)
	g.Percent = format.Per(100*float64(g.Requests), float64(q.Succeeded+q.Failed))
}

// Key is equal for equal bounds.
func (b *GoodBounds) Key() (k [10]float64) {
	for i, x := range b.List() {
		if x.Ms != nil {
			k[i] = *x.Ms
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
