package report_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/reporttest"
)

// reading compares reports by what they say in JSON.
func reading(r *report.Report) string {
	var b builder
	reporttest.Must(report.JSON(&b, r))
	return string(b)
}

type builder []byte

func (b *builder) Write(p []byte) (int, error) { *b = append(*b, p...); return len(p), nil }

// A follower's report is that of the snapshot alone, whatever came before: a
// longer run, a replaced last interval, merged ones.
func TestFollowedReportsAreTheSame(t *testing.T) {
	sc := reporttest.Scene{Seed: 3, Rate: 50, Slots: 4, N: 400, Median: 20 * time.Millisecond, Spread: 0.5, Statuses: map[int]float64{429: 0.02}, Names: []string{"a", "b"}}
	whole := sc.Snapshot()
	f := report.NewFollower(sc.Meta())
	early := *whole
	early.Intervals = nil
	if r, _ := f.Follow(&early); r.Intervals == nil {
		t.Error("no list of intervals before the first")
	}
	shown := func(n int, change func([]result.Interval) []result.Interval) *result.Snapshot {
		s := *whole
		s.Intervals = slices.Clone(whole.Intervals[:n])
		if change != nil {
			s.Intervals = change(s.Intervals)
		}
		return &s
	}
	widen := func(list []result.Interval) []result.Interval {
		list[len(list)-1].Width += 100 * time.Millisecond
		return list
	}
	merge := func(list []result.Interval) []result.Interval {
		var out []result.Interval
		for i := 0; i+1 < len(list); i += 2 {
			in := list[i]
			in.Width += list[i+1].Width
			in.Sent += list[i+1].Sent
			out = append(out, in)
		}
		return out
	}
	var before *report.Report
	var said string
	for _, step := range []struct {
		why  string
		s    *result.Snapshot
		kept int
	}{
		{"first", shown(2, nil), 0}, {"same again", shown(2, nil), 2}, {"one more", shown(3, nil), 2}, {"three more", shown(6, nil), 3},
		{"last one replaced", shown(6, widen), 5}, {"merged", shown(6, merge), 0}, {"none", shown(0, nil), 0}, {"all", shown(8, nil), 0},
	} {
		got, kept := f.Follow(step.s)
		if kept != step.kept {
			t.Errorf("%s: kept %d, want %d", step.why, kept, step.kept)
		}
		if diff := cmp.Diff(reading(report.From(sc.Meta(), step.s)), reading(got)); diff != "" {
			t.Errorf("%s: %s", step.why, diff)
		}
		if before != nil && reading(before) != said {
			t.Errorf("%s: the report before has changed", step.why)
		}
		before, said = got, reading(got)
	}
}

// Many quantiles at once are those one by one.
func TestAtEach(t *testing.T) {
	var quantiles []report.Quantile
	for q := report.Quantile(1e5); q < report.One; q += 333_333 {
		quantiles = append(quantiles, q)
	}
	quantiles = append(quantiles, report.P9999, report.P50, report.P999)
	h := report.NewHistogram()
	for n := range 30_000 {
		switch n {
		case 0, 1, 7, 99, 100, 1000, 9999, 10_000, 29_999:
			for i, got := range h.AtEach(quantiles) {
				want := h.At(quantiles[i])
				if (got == nil) != (want == nil) || got != nil && *got != *want {
					t.Fatalf("%s of %d", quantiles[i], n)
				}
			}
		}
		reporttest.Must(h.RecordValue(int64(n*n%7919*1000 + n)))
	}
	if got := (report.Histogram{}).AtEach(quantiles); got[0] != nil {
		t.Error("a quantile of nothing")
	}
}

// A summary, which walks over the histogram as little as it can, is what
// HdrHistogram itself says of it.
func TestSummaryIsTheHistograms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 100, 10_000} {
		h := report.NewHistogram()
		for range n {
			reporttest.Must(h.RecordValue(int64(math.Exp(rng.Float64() * math.Log(float64(histogram.Max))))))
		}
		reporttest.Must(h.RecordValue([]int64{0, 1, 2047, 2048, 4095, 4096, histogram.Max}[n%7]))
		s := h.Summary()
		if *s.StdDev != *format.Millis(h.StdDev()) || *s.Mean != *format.Millis(h.Mean()) {
			t.Errorf("%d: deviation %v, want %v; mean %v, want %v", n, *s.StdDev, *format.Millis(h.StdDev()), *s.Mean, *format.Millis(h.Mean()))
		}
		for q, got := range map[report.Quantile]*float64{report.P50: s.P50, report.P75: s.P75, report.P90: s.P90, report.P95: s.P95, report.P99: s.P99, report.P999: s.P999, report.P9999: s.P9999} {
			if want := h.At(q); (got == nil) != (want == nil) || got != nil && *got != *want {
				t.Errorf("%d: %s is %v, want %v", n, q, got, want)
			}
		}
	}
}
