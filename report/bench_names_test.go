package report_test

import (
	"bytes"
	"fmt"
	"testing"

	"brunt/attack/result"
	"brunt/report"
	"brunt/report/reporttest"
)

// BenchmarkNamesJSON writes a report of 1,000 names of 100 replies each.
func BenchmarkNamesJSON(b *testing.B) {
	s := reporttest.Healthy.Snapshot()
	for i := range 1000 {
		n := result.Named{Name: fmt.Sprint(i), Sent: 100, Succeeded: 100}
		for k := range int64(100) {
			n.Response.Record(2e6 + k*k*10_000)
			n.Service.Record(1e6 + k*k*10_000)
		}
		s.Names = append(s.Names, n)
	}
	r := report.From(reporttest.Healthy.Meta(), s)
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := report.JSON(&out, r); err != nil {
			b.Fatal(err)
		}
	}
}
