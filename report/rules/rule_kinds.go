package rules

import (
	"math"

	"brunt/report"
)

// Tail is how many of the samples that a rule bounds lie beyond its limit, of how
// many, and what share of them may; false for a rule that is on no share of them,
// as on a mean.
func (r Rule) Tail(rep *report.Report) (over, n uint64, share float64, ok bool) {
	switch {
	case r.count == "failed" && r.unit == report.UnitPercent:
		q := &rep.Requests
		return q.Failed, q.Succeeded + q.Failed, r.limit / 100, r.limit > 0
	case r.count != "" || r.stat != "p" || !r.upper():
		return 0, 0, 0, false
	}
	limit := int64(math.Round(r.limit * 1e6))
	h := rep.Histogram(r.times)
	if h.PackedHistogram == nil {
		return 0, 0, 0, false
	}
	for value, count := range h.ForEachBucket {
		if value >= limit {
			over += uint64(count)
		}
	}
	return over, h.Count(), 1 - r.quantile.Share(), true
}

// Limit is what the rule holds its figure against, in milliseconds, percent,
// requests or per second.
func (r Rule) Limit() float64 { return r.limit }

// Times reports whether the rule bounds a time from above.
func (r Rule) Times() bool { return r.count == "" && r.upper() }

// OnFailures reports whether the rule bounds how many requests fail.
func (r Rule) OnFailures() bool { return r.count == "failed" && r.upper() }

// Needs is how many samples the rule's figure takes.
func (r Rule) Needs() uint64 {
	if r.count == "" && r.stat == "p" {
		return r.quantile.Needs()
	}
	return 1
}

// WorsensWithLoad reports whether the rule's figure gets worse the more is asked of
// an endpoint, so that it bounds the load from above.
func (r Rule) WorsensWithLoad() bool {
	return r.Times() || r.OnFailures() || r.count == "per_user_tokens_per_s" && !r.upper()
}

// InWords is the rule as a sentence has it: p99 < 200 ms.
func (r Rule) InWords() string {
	return r.Figure() + " " + r.operator + " " + FormatValue(r.limit, r.unit)
}
