package attack

import (
	"math"

	"brunt/attack/figure"
	"brunt/attack/histogram"
)

// ownLateness is the quantile of the lateness of those requests that found a
// slot free: of the others it is the want of one. 0 without any.
func (l *Latencies) ownLateness(q float64) float64 {
	all, waited := l[figure.Lateness], l[figure.SlotWait]
	if all == nil || all.TotalCount() == 0 {
		return 0
	}
	if waited == nil || waited.TotalCount() == 0 {
		return float64(all.ValueAtPercentile(100 * q))
	}
	n := all.TotalCount() - waited.TotalCount()
	if n <= 0 {
		return 0
	}
	rank, seen := int64(math.Ceil(q*float64(n))), int64(0)
	for value, count := range all.ForEachBucket {
		if seen += count - waited.CountAtValue(value); seen >= rank {
			return float64(histogram.EndOf(value))
		}
	}
	return float64(all.Max())
}
