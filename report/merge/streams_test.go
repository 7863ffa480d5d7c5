package merge_test

import (
	"testing"

	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/merge"
	"brunt/report/reporttest"
)

// TestStreamMerge: merging streams is as though one run had had them all.
func TestStreamMerge(t *testing.T) {
	a, b := reporttest.Streamed(), func() *report.Report { sc, s := reporttest.StreamSnapshot(14); return report.From(sc.Meta(), s) }()
	sum, err := merge.Reports([]*report.Report{a, reporttest.Healthy.Report(), b})
	if err != nil {
		t.Fatal(err)
	}
	if err := sum.Check(); err != nil {
		t.Error(err)
	}
	s := sum.Stream
	if s.Streams != a.Stream.Streams+b.Stream.Streams || s.OutputTokens != a.Stream.OutputTokens+b.Stream.OutputTokens || s.LatencyMS[figure.TPOT].Count != a.Stream.LatencyMS[figure.TPOT].Count+b.Stream.LatencyMS[figure.TPOT].Count {
		t.Errorf("%+v", s)
	}
	both := a.Stream.Histograms[figure.InterChunk].Merged(b.Stream.Histograms[figure.InterChunk])
	if got, want := s.LatencyMS[figure.InterChunk], both.Summary(); *got.P99 != *want.P99 || got.Count != want.Count || *got.Mean != *want.Mean {
		t.Errorf("%+v, want %+v", got, want)
	}
}
