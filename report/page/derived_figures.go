package page

import (
	"math"
	"slices"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/report"
)

// Extra is what the charts need and the report's JSON does not hold. Lists per
// interval are as long as the report's intervals, or empty where the intervals
// have no histograms.
type Extra struct {
	BinsPerDecade int       `json:"bins_per_decade"`
	Heat          [][]int64 `json:"heat"` // response time: bin, count, bin, count, …
	Service       Service   `json:"service"`
	Curve         Curve     `json:"curve"`
}

// Service is service time over time, in milliseconds.
type Service struct {
	P50 []*float64 `json:"p50"`
	P90 []*float64 `json:"p90"`
	P99 []*float64 `json:"p99"`
	Max []*float64 `json:"max"`
}

// Curve is latency by percentile: X is 1/(1−p), so that 10 is p90 and 100 is
// p99; values are milliseconds, null where there are too few samples.
type Curve struct {
	X        []float64  `json:"x"`
	Response []*float64 `json:"response"`
	Service  []*float64 `json:"service"`
}

// binsPerDecade sets how fine the heat map is: a bin ends 15 % above its start.
const binsPerDecade = 16

// ExtraOf is the extra of a whole report.
func ExtraOf(r *report.Report) *Extra {
	held := func(in report.Interval) bool { return in.Response.Count() > 0 || in.Service.Count() > 0 }
	if !slices.ContainsFunc(r.Intervals, held) {
		return ExtraFrom(r, len(r.Intervals))
	}
	return ExtraFrom(r, 0)
}

func extraOf(r *report.Report) *Extra { return ExtraOf(r) }

// ExtraFrom is the extra of a report of a run under way, whose lists per
// interval leave out the first ones.
func ExtraFrom(r *report.Report, first int) *Extra {
	e := &Extra{
		BinsPerDecade: binsPerDecade, Heat: [][]int64{}, Curve: curveOf(&r.Histograms),
		Service: Service{P50: []*float64{}, P90: []*float64{}, P99: []*float64{}, Max: []*float64{}},
	}
	for i := first; i < len(r.Intervals); i++ {
		in := &r.Intervals[i]
		e.Heat = append(e.Heat, binned(in.Response))
		e.Service.add(report.Histogram{PackedHistogram: in.Service.Histogram()})
	}
	return e
}

var intervalQuantiles = []report.Quantile{report.P50, report.P90, report.P99}

func (s *Service) add(h report.Histogram) {
	at := h.AtEach(intervalQuantiles)
	s.P50 = append(s.P50, at[0])
	s.P90 = append(s.P90, at[1])
	s.P99 = append(s.P99, at[2])
	s.Max = append(s.Max, h.Summary().Max)
}

// binned counts values into logarithmic bins: bin b holds the buckets that
// start from 10^(b/16) ns on, so no bucket is split and the sum is exact.
func binned(sketch histogram.Sketch) []int64 {
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

// curveX are the curve's values of 1/(1−p), and the quantiles they stand for.
var curveX, curveQuantiles = curveScale()

func curveScale() (xs []float64, quantiles []report.Quantile) {
	add := func(x float64) {
		xs = append(xs, math.Round(x*1e4)/1e4)
		quantiles = append(quantiles, report.Quantile(math.Round(1e8*(1-1/x))))
	}
	for i := 1; i <= 6*curvePoints; i++ {
		add(math.Pow(10, float64(i)/curvePoints))
		if i == curvePoints*3/10 {
			add(2)
		}
	}
	return xs, quantiles
}

func curveOf(h *report.Histograms) Curve {
	c := Curve{X: []float64{}, Response: []*float64{}, Service: []*float64{}}
	response, service := h[figure.Response].AtEach(curveQuantiles), h[figure.Service].AtEach(curveQuantiles)
	for i, x := range curveX {
		if response[i] == nil && service[i] == nil {
			continue
		}
		c.X = append(c.X, x)
		c.Response, c.Service = append(c.Response, response[i]), append(c.Service, service[i])
	}
	return c
}
