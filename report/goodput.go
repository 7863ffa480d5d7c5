package report

import (
	"time"

	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
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

// GoodBounds are the longest times in milliseconds by figure; null for none.
type GoodBounds [figure.Len]*float64

// MarshalJSON writes all that there can be, those that are not set as null.
func (b GoodBounds) MarshalJSON() ([]byte, error) {
	return marshalFigures(boundKeys, (*[figure.Len]*float64)(&b), "")
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (b *GoodBounds) UnmarshalJSON(text []byte) error {
	return unmarshalFigures(text, boundKeys, (*[figure.Len]*float64)(b), "")
}

// goodputOf is nil where the plan has no bounds.
func goodputOf(p *plan.Plan, s *result.Snapshot) *Goodput {
	b := &p.Good
	if *b == (plan.Bounds{}) {
		return nil
	}
	return &Goodput{
		BoundsMS: GoodBoundsOf(b),
		Unbound:  []string{},
		Requests: s.Counts.Good,
	}
}

// GoodBoundsOf gives a plan's bounds in milliseconds, null for what is not bounded.
func GoodBoundsOf(b *plan.Bounds) GoodBounds {
	var ms GoodBounds
	for f, longest := range b {
		ms[f] = bound(longest)
	}
	return ms
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

// Equal reports whether both are the same bounds.
func (b *GoodBounds) Equal(o *GoodBounds) bool {
	for f, ms := range b {
		if orZero(ms) != orZero(o[f]) {
			return false
		}
	}
	return true
}

func orZero(ms *float64) float64 {
	if ms == nil {
		return 0
	}
	return *ms
}

func (r *Report) checkGoodput() error {
	if r.Goodput == nil {
		return nil
	}
	return atMost("goodput.requests", r.Goodput.Requests, "succeeded", r.Requests.Succeeded)
}
