package page

import (
	"testing"

	"brunt/report"
)

// exported is a run of a minute and a half, whose endpoint said something of
// itself at its start, after a minute and at its end.
func exported() *report.Report {
	r := story{seconds: 90, rate: 60}.report()
	r.Endpoint = &report.Service{Name: "my-endpoint", Entities: []report.Entity{}}
	for i, at := range []float64{-0.2, 60.3, 91} {
		mean := func(ms float64) report.ServiceTimes { return report.ServiceTimes{Count: 100, Mean: new(ms)} }
		s := report.ServiceSample{TS: at, Concurrency: new(8.0), CPU: new(20 + 10*float64(i)), Request: mean(20), Model: mean(15), Queue: mean(float64(i))}
		if i == 0 {
			s.Request = report.ServiceTimes{}
		}
		r.Endpoint.Metrics = append(r.Endpoint.Metrics, s)
	}
	must(r.Check())
	return r
}

// TestEndpointInABrowser: each sample stands at its place and holds until the
// next one; of one sample alone there is no chart.
func TestEndpointInABrowser(t *testing.T) {
	t.Parallel()
	v := open(t, newBrowser(t), exported())
	v.chartIsDrawn("endpoint")
	var cells []string
	at := func(i string) []string {
		v.js(&cells, `(() => { const chart = brunt.charts.figures.get("endpoint"); chart.values(`+i+`); return chart.cells.map((cell) => cell.textContent); })()`)
		return cells
	}
	for i, want := range map[string][5]string{"0": {"–", "15.0 ms", "0 ms", "8", "20"}, "59": {"–", "15.0 ms", "0 ms", "8", "20"}, "60": {"20.0 ms", "15.0 ms", "1.00 ms", "8", "30"}, "90": {"20.0 ms", "15.0 ms", "2.00 ms", "8", "40"}} {
		if got := at(i); len(got) != 5 || [5]string(got) != want {
			t.Errorf("at %s: %q, want %q", i, got, want)
		}
	}
	var there bool
	v.js(&there, `(() => { const newer = structuredClone(brunt.report); newer.endpoint.metrics.length = 1; brunt.show(newer, brunt.extra); return document.getElementById("endpoint") !== null; })()`)
	if there {
		t.Error("there is a chart of one sample")
	}
	v.forgive("willReadFrequently") // only a test reads pixels
	v.quiet()
}
