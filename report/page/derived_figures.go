package page

import (
	"math"
	"slices"

	"brunt/attack/figure"
	"brunt/report"
)

// Extra is what the page needs and the report's JSON does not hold. Lists per
// interval are as long as the report's intervals, or empty where the intervals
// have no histograms.
type Extra struct {
	Spread Spread `json:"spread"`
	Curve  Curve  `json:"curve"`
}

// Curve is latency by percentile: X is 1/(1−p), so that 10 is p90 and 100 is
// p99; values are milliseconds, null where there are too few samples.
type Curve struct {
	X        []float64  `json:"x"`
	Response []*float64 `json:"response"`
	Service  []*float64 `json:"service"`
}

// ExtraOf is the extra of a whole report.
func ExtraOf(r *report.Report) *Extra {
	held := func(in report.Interval) bool { return in.Response.Count() > 0 || in.Service.Count() > 0 }
	if !slices.ContainsFunc(r.Intervals, held) {
		return extraFrom(r, len(r.Intervals), bounds{})
	}
	return extraFrom(r, 0, boundsOf(len(r.Intervals)))
}

// ExtraFrom is the extra of a report of a run under way, whose lists per
// interval leave out the first ones.
func ExtraFrom(r *report.Report, first int) *Extra { return extraFrom(r, first, liveBounds) }

func extraFrom(r *report.Report, first int, most bounds) *Extra {
	e := &Extra{
		Spread: Spread{Response: []string{}, Service: []string{}, TTFT: []string{}, TPOT: []string{}},
		Curve:  curveOf(&r.Histograms),
	}
	for i := first; i < len(r.Intervals); i++ {
		e.Spread.add(&r.Intervals[i], most)
	}
	return e
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
