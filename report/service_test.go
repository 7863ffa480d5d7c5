package report_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"brunt/attack/cause"
	"brunt/attack/endpoint"
	"brunt/attack/endpoint/databricks"
	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/reporttest"
)

func TestNeededIsRateTimesModelTime(t *testing.T) {
	r := reporttest.Served()
	p := r.Endpoint.Provisioned
	if *p.Needed != 7.5 || *p.NeededForTwice != 15 || *p.Used != 8 || *p.WorkloadSize != "Medium" || *p.ServiceMS != 15 || *p.Basis != report.ByModelTime || p.Reason != nil {
		t.Errorf("%s", reporttest.JSONOf(t, r))
	}
	for name, change := range map[string]func(*report.Report){
		"closed":  func(r *report.Report) { r.Plan.RatePerS = nil },
		"few":     func(r *report.Report) { r.LatencyMS[figure.Service].Count = 99 },
		"invalid": func(r *report.Report) { r.Verdict.Trust = new("none") },
		"changed": func(r *report.Report) { r.Changes = append(r.Changes, report.Change{RatePerS: new(1.0)}) },
	} {
		r := reporttest.Served()
		change(r)
		r.Provision()
		words, reason := report.ProvisionWords(r), r.Endpoint.Provisioned.Reason
		if r.Endpoint.Provisioned.Needed != nil || reason == nil || name != "closed" && !strings.Contains(words, *reason) || name == "closed" && words != "" {
			t.Errorf("%s: %s", name, words)
		}
	}
	*p.Needed *= 1.01
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "provisioned_concurrency.needed") {
		t.Errorf("an edited figure: %v", err)
	}
}

// What the endpoint does not say of itself follows from the client's figures, or
// is not told: queueing is no service time.
func TestSizingWithoutTheEndpointsFigures(t *testing.T) {
	type figures struct{ asked, reached, mean, median, deviation, window float64 }
	for name, c := range map[string]struct {
		figures
		used  float64
		odd   uint64
		cause string
		want  float64 // 0 is not given
		basis string
	}{
		"half its load":                   {figures{266, 266, 30, 29.5, 3, 10}, 16, 0, "", 266 * .03, report.ByServiceTime},
		"nearly full, little varies":      {figures{480, 480, 30.4, 30, 3, 10}, 16, 0, "", 480 * .0304, report.ByServiceTime},
		"one unit, mostly idle":           {figures{2, 2, 100, 99, 10, 60}, 1, 0, "", .2, report.ByServiceTime},
		"one unit, half of it busy":       {figures{6, 6, 130, 110, 60, 60}, 1, 0, "", 0, ""},
		"just full":                       {figures{533, 530, 45, 40, 20, 10}, 16, 0, "", 0, ""},
		"far too much, it queues":         {figures{700, 533, 326, 320, 150, 10}, 16, 0, "", 700 * .03, report.BySaturation},
		"far too much, it refuses":        {figures{1066, 533, 210, 215, 20, 10}, 16, 4000, string(cause.Concurrency), 1066 * .03, report.BySaturation},
		"another limit refuses":           {figures{1066, 200, 210, 215, 20, 10}, 16, 4000, string(cause.Quota), 0, ""},
		"errors of its own":               {figures{266, 260, 30, 29.5, 3, 10}, 16, 200, "", 0, ""},
		"too short for its service times": {figures{16, 8, 4000, 4000, 1000, 10}, 16, 0, "", 0, ""},
		"a cold start":                    {figures{100, 100, 80, 30, 300, 10}, 16, 0, "", 0, ""},
		"unknown concurrency":             {figures{100, 100, 30, 30, 3, 10}, 0, 0, "", 0, ""},
	} {
		r := reporttest.Served()
		r.Endpoint.OverRun, r.Endpoint.Metrics, r.Intervals = nil, nil, nil
		r.Endpoint.Entities[0].MaxConcurrency = new(int(c.used))
		r.Plan.RatePerS, r.Throughput.CompletedOKPerS, r.Throughput.WindowS = &c.asked, &c.reached, &c.window
		r.LatencyMS[figure.Service].Mean, r.LatencyMS[figure.Service].P50, r.LatencyMS[figure.Service].StdDev = &c.mean, &c.median, &c.deviation
		r.Errors = []report.Failure{{Kind: "x", Cause: report.Optional(c.cause), Count: c.odd}}
		r.Provision()
		p, words := r.Endpoint.Provisioned, report.ProvisionWords(r)
		if c.want == 0 {
			if p.Needed != nil || p.Reason == nil || !strings.Contains(words, "is not known: ") {
				t.Errorf("%s: %s", name, words)
			}
			continue
		}
		if p.Needed == nil || math.Abs(*p.Needed/c.want-1) > 0.01 || *p.Basis != c.basis {
			t.Errorf("%s: %s, want %g by %s", name, words, c.want, c.basis)
		}
	}
}

func TestWorkloadSizes(t *testing.T) {
	for concurrency, want := range map[float64]string{0.1: "Small 4", 4: "Small 4", 4.1: "Medium 8–16", 16: "Medium 8–16", 17: "Large 16–64", 64: "Large 16–64", 65: "above Large's 64"} {
		size, _ := report.WorkloadSize(concurrency)
		if got := report.SizeWords(size); got != want {
			t.Errorf("%g: %s", concurrency, got)
		}
	}
}

func TestServiceWords(t *testing.T) {
	r := reporttest.Served()
	if got := report.WhereWords(r); !strings.Contains(got, "18 ms in all (5,000), 15 ms in the model (4,990), 1 ms in its queue (4,990)") && !strings.Contains(got, "18.0 ms in all (5,000)") {
		t.Error(got)
	}
	if got := report.ProvisionWords(r); !strings.HasPrefix(got, "provisioned concurrency 8: 500/s × ") {
		t.Error(got)
	}
	r.Endpoint.Metrics = nil
	if got := report.WhereWords(r); got != "" {
		t.Error(got)
	}
}

// export is one that a poll has read, at so many seconds: request, model and
// queue times alike but for their means.
func export(at, count, mean float64) endpoint.Sample {
	times := func(mean float64) databricks.Times { return databricks.Times{Count: count, Sum: count * mean} }
	return endpoint.Sample{At: reporttest.Epoch.Add(time.Duration(at * 1e9)), Export: databricks.Export{Request: times(mean), Model: times(mean / 2), Queue: times(mean / 4)}}
}

// sum is the export of all that was served before and since.
func sum(at float64, parts ...endpoint.Sample) endpoint.Sample {
	out := endpoint.Sample{At: reporttest.Epoch.Add(time.Duration(at * 1e9))}
	for _, p := range parts {
		for _, x := range []struct{ to, from *databricks.Times }{{&out.Request, &p.Request}, {&out.Model, &p.Model}, {&out.Queue, &p.Queue}} {
			x.to.Count, x.to.Sum = x.to.Count+x.from.Count, x.to.Sum+x.from.Sum
		}
	}
	return out
}

// The run is told from what went before, whichever way an export counts, or not
// at all.
func TestOverRun(t *testing.T) {
	past, ours := export(0, 1e8, 4000), export(30, 1000, 20)
	var minutes []endpoint.Sample
	for i := range 11 {
		minutes = append(minutes, export(60*float64(i), 6000*min(float64(i), 1), 20))
	}
	for name, c := range map[string]struct {
		all  []endpoint.Sample
		sent uint64
		mean float64 // 0 for none
	}{
		"nothing before":             {[]endpoint.Sample{export(0, 0, 0), ours}, 1000, 20},
		"all ever":                   {[]endpoint.Sample{past, sum(30, past, ours)}, 1000, 20},
		"a minute, others before":    {[]endpoint.Sample{export(0, 500, 4000), ours}, 1000, 20},
		"a minute, few before":       {[]endpoint.Sample{export(0, 30, 100), ours}, 1000, 20},
		"all, few before":            {[]endpoint.Sample{export(0, 30, 100), sum(30, export(0, 30, 100), ours)}, 1000, 20},
		"either, and they differ":    {[]endpoint.Sample{export(0, 30, 100), export(30, 1000, 20)}, 985, 0},
		"either, and they are alike": {[]endpoint.Sample{export(0, 30, 20), ours}, 1000, 20},
		"others meanwhile":           {[]endpoint.Sample{past, sum(30, past, ours, export(0, 100, 500))}, 1000, 0},
		"it lags":                    {[]endpoint.Sample{past, sum(30, past, export(0, 900, 20))}, 1000, 0},
		"ten minutes, each apart":    {append(minutes[:11:11], export(600.1, 6000, 20)), 60_000, 20},
		"minutes that overlap":       {[]endpoint.Sample{export(0, 0, 0), export(60, 6000, 20), export(90, 6000, 20)}, 9000, 0},
		"one alone":                  {[]endpoint.Sample{ours}, 1000, 0},
		"begun anew in the meantime": {[]endpoint.Sample{past, export(30, 400, 20)}, 1000, 0},
	} {
		got := report.OverRun(c.all, c.sent)
		if (got == nil) != (c.mean == 0) {
			t.Errorf("%s: %+v", name, got)
		} else if got != nil && (math.Abs(*got.Request.Mean-c.mean) > 0.01 || math.Abs(*got.Queue.Mean-c.mean/4) > 0.01 || math.Abs(got.Model.Count-float64(c.sent)) > 0.05*float64(c.sent)) {
			t.Errorf("%s: %g, %g, %g", name, *got.Request.Mean, *got.Queue.Mean, got.Model.Count)
		}
	}
}

// What is left for the network is not told where failures or a warm-up are in the
// endpoint's figures and not in ours.
func TestRemainderNeedsTheSameRequests(t *testing.T) {
	r := reporttest.Served()
	if got := report.WhereWords(r); !strings.Contains(got, "for network and gateway") {
		t.Error(got)
	}
	r.LatencyMS[figure.Service].Count = 4000
	if got := report.WhereWords(r); strings.Contains(got, "for network and gateway") || !strings.Contains(got, "own account") {
		t.Error(got)
	}
}
