package text

import (
	"fmt"
	"slices"
	"strings"

	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/format"
)

// Repeated sums up runs of the same load in one line: from the least to the most of
// each figure.
func Repeated(runs []*report.Report) string {
	span := func(of func(*report.Report) *float64, words func(float64) string) string {
		var values []float64
		for _, r := range runs {
			if v := of(r); v != nil {
				values = append(values, *v)
			}
		}
		if len(values) < len(runs) {
			return format.None
		}
		return words(slices.Min(values)) + " to " + words(slices.Max(values))
	}
	parts := []string{
		"p50 " + span(func(r *report.Report) *float64 { return r.LatencyMS[figure.Response].P50 }, format.MS),
		"p99 " + span(func(r *report.Report) *float64 { return r.LatencyMS[figure.Response].P99 }, format.MS),
		span(func(r *report.Report) *float64 { return &r.Throughput.SucceededPerS }, format.Rate) + " succeeded",
	}
	var failed uint64
	for _, r := range runs {
		failed += r.Requests.Failed
	}
	return fmt.Sprintf("%d runs: %s, %s failed", len(runs), strings.Join(parts, ", "), format.Count(failed))
}
