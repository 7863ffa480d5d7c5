package page

import (
	"math"
	"slices"

	"brunt/attack"
	"brunt/report"
)

// extra is what the charts need and the report's JSON does not hold. Lists per
// interval are as long as the report's intervals, or empty where the intervals
// have no histograms.
type extra struct {
	BinsPerDecade int       `json:"bins_per_decade"`
	Heat          [][]int64 `json:"heat"` // response time: bin, count, bin, count, …
	Service       service   `json:"service"`
	Curve         curve     `json:"curve"`
}

// service is service time over time, in milliseconds.
type service struct {
	P50 []*float64 `json:"p50"`
	P90 []*float64 `json:"p90"`
	P99 []*float64 `json:"p99"`
	Max []*float64 `json:"max"`
}

// curve is latency by percentile: X is 1/(1−p), so that 10 is p90 and 100 is
// p99; values are null where there are too few samples.
type curve struct {
	X        []float64  `json:"x"`
	Response []*float64 `json:"response"`
	Service  []*float64 `json:"service"`
}

// binsPerDecade sets how fine the heat map is: a bin ends 15 % above its start.
const binsPerDecade = 16

func extraOf(r *report.Report) *extra {
	e := &extra{
		BinsPerDecade: binsPerDecade, Heat: [][]int64{}, Curve: curveOf(&r.Histograms),
		Service: service{P50: []*float64{}, P90: []*float64{}, P99: []*float64{}, Max: []*float64{}},
	}
	held := func(in report.Interval) bool { return in.Response.Count() > 0 || in.Service.Count() > 0 }
	if !slices.ContainsFunc(r.Intervals, held) {
		return e
	}
	for i := range r.Intervals {
		in := &r.Intervals[i]
		e.Heat = append(e.Heat, binned(in.Response))
		e.Service.add(report.Histogram{PackedHistogram: in.Service.Histogram()})
	}
	return e
}

func (s *service) add(h report.Histogram) {
	s.P50 = append(s.P50, h.At(report.P50))
	s.P90 = append(s.P90, h.At(report.P90))
	s.P99 = append(s.P99, h.At(report.P99))
	s.Max = append(s.Max, h.Summary().Max)
}

// binned counts values into logarithmic bins: bin b holds the buckets that
// start from 10^(b/16) ns on, so no bucket is split and the sum is exact.
func binned(sketch attack.Sketch) []int64 {
	bins := []int64{}
	for value, count := range sketch.Histogram().ForEachBucket {
		bin := int64(0)
		if value > 0 {
			bin = int64(math.Floor(binsPerDecade * math.Log10(float64(value))))
		}
		if n := len(bins); n > 0 && bins[n-2] == bin {
			bins[n-1] += count
			continue
		}
		bins = append(bins, bin, count)
	}
	return bins
}

// curvePoints is the number of points per decade of 1/(1−p). The percentiles
// that readers know by name are among them.
const curvePoints = 24

func curveOf(h *report.Histograms) curve {
	c := curve{X: []float64{}, Response: []*float64{}, Service: []*float64{}}
	for i := 1; i <= 6*curvePoints; i++ {
		c.add(h, math.Pow(10, float64(i)/curvePoints))
		if i == curvePoints*3/10 {
			c.add(h, 2)
		}
	}
	return c
}

func (c *curve) add(h *report.Histograms, x float64) {
	q := report.Quantile(math.Round(1e8 * (1 - 1/x)))
	response, service := h.Response.At(q), h.Service.At(q)
	if response == nil && service == nil {
		return
	}
	c.X = append(c.X, math.Round(x*1e4)/1e4)
	c.Response, c.Service = append(c.Response, response), append(c.Service, service)
}
