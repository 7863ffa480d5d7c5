package compare

import (
	"brunt/attack/figure"
	"brunt/report"
)

// distribution is one of those that a stretch holds.
type distribution int

const (
	response distribution = iota
	service
	ttft
	tpot
	distributions
)

// of is the distribution of a stretch.
func (d distribution) of(s *report.Stretch) report.Buckets {
	return [...]report.Buckets{s.Response, s.Service, s.TTFT, s.TPOT}[d]
}

// whole is the distribution of a run; empty where it has none.
func (d distribution) whole(r *report.Report) report.Histogram {
	return r.Histogram([...]figure.Figure{figure.Response, figure.Service, figure.TTFT, figure.TPOT}[d])
}

// kind is how a figure is made.
type kind int

const (
	percentile kind = iota
	mean
	failedShare
	succeededRate
	completedRate
)

// row is one line of a comparison.
type row struct {
	name string
	kind kind
	dist distribution // of percentile and mean
	q    report.Quantile
	// decides says that the verdict on the whole hangs on it. The others say the same
	// of the same requests in another way: they are shown, and decide nothing.
	decides bool
	unit    string
	// moreIsBetter is true of rates.
	moreIsBetter bool
}

// rows are all there may be, in the order in which they are shown.
var rows = []row{
	{name: "p50", dist: response, q: report.P50, decides: true, unit: "ms"},
	{name: "p90", dist: response, q: report.P90, decides: true, unit: "ms"},
	{name: "p99", dist: response, q: report.P99, decides: true, unit: "ms"},
	{name: "mean", kind: mean, dist: response, unit: "ms"},
	{name: "service.p50", dist: service, q: report.P50, unit: "ms"},
	{name: "service.p99", dist: service, q: report.P99, unit: "ms"},
	{name: "ttft.p50", dist: ttft, q: report.P50, decides: true, unit: "ms"},
	{name: "ttft.p99", dist: ttft, q: report.P99, decides: true, unit: "ms"},
	{name: "tpot.p50", dist: tpot, q: report.P50, decides: true, unit: "ms"},
	{name: "tpot.p99", dist: tpot, q: report.P99, decides: true, unit: "ms"},
	{name: "failed", kind: failedShare, decides: true, unit: "percent"},
	{name: "succeeded_per_s", kind: succeededRate, unit: "per_s", moreIsBetter: true},
	{name: "completed_per_s", kind: completedRate, unit: "per_s", moreIsBetter: true},
}

// relative reports whether the figure is compared by its ratio. A share of failures
// is compared by its difference: it may be zero.
func (f *row) relative() bool { return f.kind != failedShare }

// value is the figure of a side's runs taken together, and of how many requests it
// is; false where there are too few of them, for the reason given.
func (f *row) value(runs []*report.Report) (v float64, n uint64, known bool) {
	switch f.kind {
	case percentile, mean:
		h := report.NewHistogram()
		for _, r := range runs {
			if part := f.dist.whole(r); part.Count() > 0 {
				h.Merge(part.PackedHistogram)
			}
		}
		if n = h.Count(); n == 0 {
			return 0, 0, false
		}
		if f.kind == mean {
			return h.Mean() / 1e6, n, true
		}
		at := h.At(f.q)
		if at == nil {
			return 0, n, false
		}
		return *at, n, *at > 0
	case failedShare:
		var failed uint64
		for _, r := range runs {
			failed += r.Requests.Failed
			n += r.Requests.Failed + r.Requests.Succeeded
		}
		return 100 * float64(failed) / float64(max(n, 1)), n, n > 0
	}
	var length float64
	for _, r := range runs {
		count, over := r.Requests.Succeeded, r.ElapsedS
		if f.kind == completedRate {
			if r.Throughput.WindowS == nil {
				return 0, 0, false
			}
			count, over = r.Throughput.Completed, *r.Throughput.WindowS
		}
		n, length = n+count, length+over
	}
	return float64(n) / length, n, n > 0 && length > 0
}

// needs is how many requests the figure needs.
func (f *row) needs() uint64 {
	if f.kind == percentile {
		return f.q.Needs()
	}
	return 1
}
