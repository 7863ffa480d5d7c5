package merge_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/merge"
	"brunt/report/reporttest"
)

// One run cut into n by its requests and merged again is the run: the same
// counts, and the same percentiles to the last digit.
func TestMergeIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "reports")
		var parts []*report.Report
		sum, all := report.Requests{}, report.NewHistogram()
		for i := range n {
			sc := reporttest.Scene{
				Seed: rapid.Uint64().Draw(t, "seed"), Rate: rapid.IntRange(1, 400).Draw(t, "rate"), Slots: 8, N: rapid.IntRange(1, 600).Draw(t, "n"),
				Median: 30e6, Spread: 0.8, Statuses: map[int]float64{429: 0.1, 500: 0.05}, Resets: 0.1, Names: []string{"a", "b"}[:rapid.IntRange(0, 2).Draw(t, "names")],
				NoSlot: 1,
			}
			s := sc.Snapshot()
			s.Started = s.Started.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "later")) * time.Millisecond)
			parts = append(parts, report.From(sc.Meta(), s))
			merge.AddRequests(&sum, &parts[i].Requests)
			all.Merge(s.Latencies[figure.Response])
		}
		before := slices.Clone(parts)
		m, err := merge.Reports(parts)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		if m.Requests != sum {
			t.Fatalf("counts %+v, want %+v", m.Requests, sum)
		}
		if diff := cmp.Diff(reporttest.PlainSummary(all.Summary()), reporttest.PlainSummary(m.LatencyMS[figure.Response])); diff != "" {
			t.Fatal(diff)
		}
		var replies uint64
		for _, r := range parts {
			replies += r.Status[429]
		}
		if m.Status[429] != replies {
			t.Fatalf("%d replies with 429, want %d", m.Status[429], replies)
		}
		if !slices.Equal(before, parts) {
			t.Fatal("the arguments were put into another order")
		}
		var b strings.Builder
		reporttest.Must(report.JSON(&b, m))
		if _, err := report.Read(strings.NewReader(b.String()), "merged"); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(parts)
		other, _ := merge.Reports(parts)
		if m.Requests != other.Requests || *m.Started != *other.Started || m.ElapsedS != other.ElapsedS {
			t.Fatal("the order of files makes a difference")
		}
	})
}

func TestMergeOfOneAndNone(t *testing.T) {
	r := reporttest.Scenes()["names"]
	if m, err := merge.Reports([]*report.Report{r}); err != nil || m != r {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := merge.Reports(nil); err == nil {
		t.Error("nothing was merged")
	}
}

func TestMergeSideBySide(t *testing.T) {
	sc := reporttest.Scene{Seed: 1, Rate: 100, Slots: 16, N: 400, Median: 20e6, Spread: 0.2, Statuses: map[int]float64{429: 0.1}, Names: []string{"x"}}
	a := reporttest.Judged(sc.Later(0, "a"), "p99<1s", "failed<1")
	sc.Seed, sc.Rate, sc.Names, sc.Tls = 2, 200, []string{"y", "x"}, true
	b := reporttest.Judged(sc.Later(700*time.Millisecond, "b"), "p99<1s", "max<1ms")
	b.Verdict = report.Verdict{Trust: new("none"), Valid: new(false), LimitedBy: new("client"), Headline: new("brunt was slow"), Reasons: []string{"too slow"}}
	b.Target.URL, b.Interrupted, b.Error, b.Labels = "http://other/", true, new("gone"), map[string]string{}
	b.Brunt, b.SLO = "0.2.0", append(b.SLO, report.Judgement{Rule: "ttft.p99<1s", Unit: report.UnitMS, Met: true})
	m := reporttest.MergedOf(t, b, a)
	end := max(a.ElapsedS, 0.7+b.ElapsedS)
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"rate", *m.Plan.RatePerS, 300},
		{"duration", *m.Plan.DurationS, 4},
		{"in flight", float64(m.Plan.MaxInFlight), 32},
		{"plan elapsed", m.PlanElapsedS, 4},
		{"elapsed", m.ElapsedS, end},
		{"offered", m.Throughput.OfferedPerS, 800.0 / 4},
		{"succeeded", m.Throughput.SucceededPerS, float64(a.Requests.Succeeded+b.Requests.Succeeded) / end},
		{"cores", float64(m.Client.Cores), 4},
		{"cpu", m.Client.CPUS, a.Client.CPUS + b.Client.CPUS},
		{"wall", m.Client.WallS, (a.Client.WallS + b.Client.WallS) / 2},
		{"first 429", m.Errors[0].FirstS, min(a.Errors[0].FirstS, 0.7+b.Errors[0].FirstS)},
		{"last 429", m.Errors[0].LastS, max(a.Errors[0].LastS, 0.7+b.Errors[0].LastS)},
		{"429s", float64(m.Errors[0].Count), float64(a.Errors[0].Count + b.Errors[0].Count)},
		{"slowest", m.Slowest[0].ResponseMS, max(a.Slowest[0].ResponseMS, b.Slowest[0].ResponseMS)},
		{"slow ones", float64(len(m.Slowest)), 20},
		{"names", float64(len(m.Names)), 2},
	} {
		if math.Abs(c.got-c.want) > 1e-5*c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	if !m.Started.Equal(*a.Started) || m.Ended.Sub(*m.Started) != time.Duration(math.Round(end*1e6))*time.Microsecond {
		t.Errorf("from %v to %v, want %v s", m.Started, m.Ended, end)
	}
	if v := &m.Verdict; *v.Valid || *v.Trust != "none" || *v.LimitedBy != "client" || *v.Headline != "b: brunt was slow" || !slices.Equal(v.Reasons, []string{"b: too slow"}) {
		t.Errorf("verdict %+v", m.Verdict)
	}
	if !m.Interrupted || m.Error == nil || *m.Error != "b: gone" || m.Target.TLS != nil || len(m.Labels) != 0 || m.Name != "" {
		t.Errorf("%v %v %v %v %q", m.Interrupted, m.Error, m.Target, m.Labels, m.Name)
	}
	var outcomes []string
	for _, j := range m.SLO {
		outcomes = append(outcomes, map[bool]string{true: "held ", false: "broken "}[j.Met]+j.Rule)
	}
	if want := []string{"held p99<1s", "broken failed<1", "broken max<1ms", "broken ttft.p99<1s"}; !slices.Equal(outcomes, want) {
		t.Errorf("slo %q, want %q", outcomes, want)
	}
	warnings := strings.Join(m.Warnings, "\n")
	if !strings.Contains(warnings, "2 different targets: https://dbc.example.com") || !strings.Contains(warnings, "different versions") || strings.Contains(warnings, "overlap") {
		t.Errorf("warnings %q", warnings)
	}
}

func TestMergeOneAfterTheOther(t *testing.T) {
	sc := reporttest.Scene{Seed: 1, Rate: 100, Slots: 16, N: 200, Median: 20e6, Spread: 0.2}
	a, b := sc.Later(0, ""), sc.Later(time.Hour, "")
	sc.Slots = 7
	c := sc.Later(2*time.Hour, "")
	m := reporttest.MergedOf(t, c, b, a)
	if *m.Plan.RatePerS != 100 || *m.Plan.DurationS != 2 || m.Plan.MaxInFlight != 39 {
		t.Errorf("plan %+v", m.Plan)
	}
	if got, want := m.PlanElapsedS, 2*3600+c.PlanElapsedS; got != want {
		t.Errorf("planned over %v s, want %v", got, want)
	}
	if !slices.ContainsFunc(m.Warnings, func(w string) bool { return strings.Contains(w, "did not all overlap") }) {
		t.Errorf("warnings %q", m.Warnings)
	}
	// The hours between are three intervals each: one at either edge, and the rest.
	if len(m.Intervals) != len(a.Intervals)*3+6 || m.Intervals[len(m.Intervals)-1].TS < 7200 {
		t.Errorf("%d intervals, the last at %v", len(m.Intervals), m.Intervals[len(m.Intervals)-1].TS)
	}
	until := 0.0
	for _, v := range m.Intervals {
		if math.Abs(v.TS-until) > 1e-6 {
			t.Errorf("nothing is shown from %v to %v", until, v.TS)
		}
		until = v.TS + v.WidthS
		if v.Succeeded >= 100 && v.P50 == nil {
			t.Errorf("the interval at %v has one part, but no p50", v.TS)
		}
	}
}

// Rates are by the time in which any of the runs ran: a gap stretches nothing,
// and runs at the same time add up.
func TestMergeRates(t *testing.T) {
	sc := reporttest.Scene{Seed: 1, Rate: 100, Slots: 16, N: 400, Median: 20e6, Spread: 0.2, Statuses: map[int]float64{429: 0.1}}
	one := sc.Later(0, "")
	for _, c := range []struct {
		name           string
		later          []time.Duration
		rates, windowS float64 // as many times those of one, and how long
	}{
		{"one after the other", []time.Duration{0, 10 * time.Second}, 1, 8},
		{"far apart", []time.Duration{0, 24 * time.Hour}, 1, 8},
		{"at once", []time.Duration{0, 0}, 2, 4},
		{"three at once", []time.Duration{0, 0, 0}, 3, 4},
		{"half of it at once", []time.Duration{0, 2 * time.Second}, 8.0 / 6, 6},
		{"two at once and one later", []time.Duration{0, 0, time.Minute}, 1.5, 8},
	} {
		var all []*report.Report
		for _, later := range c.later {
			all = append(all, sc.Later(later, ""))
		}
		m := reporttest.MergedOf(t, all...)
		// A merge of merges knows when all runs were.
		again := m
		if len(all) > 2 {
			again = reporttest.MergedOf(t, reporttest.MergedOf(t, all[0], all[1]), all[2])
		}
		for _, got := range []*report.Report{m, again} {
			for _, x := range []struct {
				what      string
				got, want float64
			}{
				{"offered", got.Throughput.OfferedPerS, one.Throughput.OfferedPerS * c.rates},
				{"sent", got.Throughput.SentPerS, one.Throughput.SentPerS * c.rates},
				{"completed", *got.Throughput.CompletedPerS, *one.Throughput.CompletedPerS * c.rates},
				{"completed ok", *got.Throughput.CompletedOKPerS, *one.Throughput.CompletedOKPerS * c.rates},
				{"window", *got.Throughput.WindowS, c.windowS},
			} {
				if math.Abs(x.got-x.want) > 1e-6*x.want {
					t.Errorf("%s: %s: %v, want %v", c.name, x.what, x.got, x.want)
				}
			}
			// Replies may come after the plan's end.
			if s := got.Throughput.SucceededPerS; math.Abs(s-one.Throughput.SucceededPerS*c.rates) > 0.02*s {
				t.Errorf("%s: succeeded %v, want %v", c.name, s, one.Throughput.SucceededPerS*c.rates)
			}
		}
		asked := 0.0
		for _, v := range m.Intervals {
			if v.AskedPerS != nil {
				asked += *v.AskedPerS * *v.WindowS
			}
		}
		if want := float64(400 * len(all)); math.Abs(asked-want) > 1 {
			t.Errorf("%s: %v were asked for, want %v", c.name, asked, want)
		}
	}
	// Of a report that does not say what came within its window nothing is known
	// of all of them.
	old := sc.Later(time.Minute, "")
	old.Throughput.WindowS, old.Throughput.CompletedPerS, old.Throughput.CompletedOKPerS = nil, nil, nil
	if m := reporttest.MergedOf(t, sc.Later(0, ""), old); m.Throughput.CompletedPerS != nil || m.Throughput.WindowS != nil {
		t.Errorf("%+v", m.Throughput)
	}
}

// Intervals are aligned by when they were, not by their place in the list.
func TestMergeIntervals(t *testing.T) {
	at := func(later time.Duration, width float64, list ...report.Interval) *report.Report {
		r := &report.Report{Started: new(reporttest.Epoch.Add(later)), Intervals: list}
		for i := range list {
			list[i].TS, list[i].WidthS = float64(i)*width, width
		}
		return r
	}
	one := func(sent, inFlight uint64, ms float64) report.Interval {
		return report.Interval{Sent: sent, Planned: sent, InFlight: inFlight, P50: new(ms), P90: new(ms), P99: new(ms), Max: new(ms), LatenessP99: new(ms)}
	}
	m := merge.NewMerger([]*report.Report{
		at(2600*time.Millisecond, 1, one(5, 6, 7), one(50, 60, 70)), // begins 2.6 s later: slots 3 and 4
		at(0, 1, one(1, 1, 9), one(2, 2, 2), one(3, 3, 3), one(4, 4, 4)),
	})
	type row struct {
		At             float64
		Sent, InFlight uint64
		P50, Max       float64 // -1 is null
	}
	rows := func(intervals []report.Interval) (out []row) {
		for _, v := range intervals {
			r := row{v.TS, v.Sent, v.InFlight, -1, *v.Max}
			if v.P50 != nil {
				r.P50 = *v.P50
			}
			out = append(out, r)
		}
		return out
	}
	want := []row{{0, 1, 1, 9, 9}, {1, 2, 2, 2, 2}, {2, 3, 3, 3, 3}, {3, 9, 10, -1, 7}, {4, 50, 60, 70, 70}}
	if diff := cmp.Diff(want, rows(m.Intervals())); diff != "" {
		t.Error(diff)
	}
	// Whatever the moments at which they began, and whatever is left over at an
	// end: an interval holds as much time of each report as it says.
	last := at(600*time.Millisecond, 1, one(10, 1, 1), one(20, 1, 1), one(30, 1, 1))
	last.Intervals[2].WidthS = 0.25
	long := at(0, 1, one(1, 1, 1), one(2, 1, 1), one(3, 1, 1))
	long.Intervals[2].WidthS = 1.19
	var spans [][3]float64
	for _, v := range merge.NewMerger([]*report.Report{long, last}).Intervals() {
		spans = append(spans, [3]float64{v.TS, v.WidthS, float64(v.Sent)})
	}
	if diff := cmp.Diff([][3]float64{{0, 1, 1}, {1, 1, 12}, {2, 1.19, 23}, {3, 0.25, 30}}, spans); diff != "" {
		t.Error(diff)
	}
	m = merge.NewMerger([]*report.Report{
		at(0, 1, one(1, 1, 1), one(2, 2, 5), one(4, 4, 4)),
		at(0, 2, one(10, 20, 3), one(30, 40, 6)), // of a run so long that its intervals were joined
	})
	want = []row{{0, 13, 22, -1, 5}, {2, 34, 44, -1, 6}}
	if diff := cmp.Diff(want, rows(m.Intervals())); diff != "" {
		t.Error(diff)
	}
}

// Of several reports the endpoint stays, and what it said is left out, which is
// said.
func TestMergedService(t *testing.T) {
	m, err := merge.Reports([]*report.Report{reporttest.Served(), reporttest.Served()})
	if err != nil {
		t.Fatal(err)
	}
	if m.Endpoint == nil || len(m.Endpoint.Metrics) > 0 || m.Endpoint.Provisioned != nil || len(m.Endpoint.Entities) != 1 || !strings.Contains(strings.Join(m.Warnings, "\n"), "left out") {
		t.Errorf("%+v %v", m.Endpoint, m.Warnings)
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	if m, _ := merge.Reports([]*report.Report{reporttest.Served(), reporttest.Healthy.Report()}); m.Endpoint != nil {
		t.Errorf("%+v", m.Endpoint)
	}
}
