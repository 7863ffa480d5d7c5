package compare

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/report"
)

// golden is what testdata/golden.py has computed.
type golden struct {
	Ranks []struct {
		A, B                   []float64
		Cut                    int
		U, P, Shift, Low, High float64
	}
	Blocks []struct {
		Series []float64
		Length float64
	}
	Student []struct{ DF, Quantile float64 }
	Pairs   []struct {
		Name      string
		Base, New [][]int64
		Figures   map[string]struct{ Difference, Low, High, Detectable float64 }
	}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func near(t *testing.T, what string, got, want, off float64) {
	t.Helper()
	if !(math.Abs(got-want) <= off) {
		t.Errorf("%s is %g, and the independent computation says %g (± %g)", what, got, want, off)
	}
}

// TestRanksAgree: U, the shift, its interval and the exact p-value are scipy's. The
// p-value is not used as such: it is the share of splits that are as extreme.
func TestRanksAgree(t *testing.T) {
	for _, g := range readGolden(t).Ranks {
		near(t, "U", mannWhitney(g.A, g.B), g.U, 1e-9)
		shift, low, high := hodgesLehmann(g.A, g.B, g.Cut)
		near(t, "shift", shift, g.Shift, 1e-9)
		near(t, "low end", low, g.Low, 1e-9)
		near(t, "high end", high, g.High, 1e-9)
		near(t, "p", splitShare(append(append([]float64{}, g.A...), g.B...), len(g.A), g.U), g.P, 1e-9)
	}
}

// splitShare is the share of splits whose U is as far from its mean as u.
func splitShare(all []float64, first int, u float64) float64 {
	mean := float64(first*(len(all)-first)) / 2
	extreme, total := 0, 0
	eachSplit(len(all), first, func(in []bool) {
		var a, b []float64
		for i, x := range all {
			if in[i] {
				a = append(a, x)
			} else {
				b = append(b, x)
			}
		}
		if math.Abs(mannWhitney(a, b)-mean) >= math.Abs(u-mean) {
			extreme++
		}
		total++
	})
	return float64(extreme) / float64(total)
}

// TestJointCut: of one figure it is the exact test's, of more it is less, and three
// runs a side show nothing.
func TestJointCut(t *testing.T) {
	one := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	other := []float64{3, 1, 4, 10, 5, 9, 2, 6, 8, 7}
	for _, c := range []struct {
		name   string
		values [][]float64
		first  int
		want   int
	}{
		{"five a side", [][]float64{one}, 5, 3}, // P(U ≤ 2) = 4/126 ≤ 5 % < P(U ≤ 3)
		{"five a side, the same twice", [][]float64{one, one}, 5, 3},
		{"five a side, two figures", [][]float64{one, other}, 5, 2},
		{"four a side", [][]float64{one[:8]}, 4, 1},
		{"three a side", [][]float64{one[:6]}, 3, 0},
	} {
		if got := jointCut(c.values, c.first); got != c.want {
			t.Errorf("%s: cut %d, expected %d", c.name, got, c.want)
		}
	}
}

// TestBlockLengthAgrees with an implementation from the paper.
func TestBlockLengthAgrees(t *testing.T) {
	for _, g := range readGolden(t).Blocks {
		near(t, "block length", blockLength(g.Series), g.Length, 1e-6)
	}
}

// TestStudentAgrees with scipy's quantiles.
func TestStudentAgrees(t *testing.T) {
	for _, g := range readGolden(t).Student {
		near(t, "quantile", studentQuantile(g.DF), g.Quantile, 2e-3*g.Quantile)
	}
}

// TestIntervalsAgree: the bootstrap's intervals are those of one over raw values, but
// for chance and for what buckets lose: 10 % of an interval's length.
func TestIntervalsAgree(t *testing.T) {
	for _, g := range readGolden(t).Pairs {
		c := Reports([]*report.Report{recorded(g.Base)}, []*report.Report{recorded(g.New)}, Options{})
		for name, want := range g.Figures {
			f := c.figure(name)
			if f == nil || f.Low == nil {
				t.Fatalf("%s: no %s", g.Name, name)
			}
			off := 0.1 * (want.High - want.Low)
			near(t, g.Name+" "+name, f.Relative.Difference, want.Difference, off)
			near(t, g.Name+" "+name+" low", *f.Relative.Low, want.Low, off)
			near(t, g.Name+" "+name+" high", *f.Relative.High, want.High, off)
			near(t, g.Name+" "+name+" detectable", *f.Relative.SmallestDetectable, want.Detectable, 0.15*want.Detectable)
		}
	}
}

// recorded is the report of a run whose response times are known, in nanoseconds by
// seconds.
func recorded(rows [][]int64) *report.Report {
	w := world{seconds: len(rows), rate: len(rows[0])}
	r := w.run(1)
	r.Histograms[figure.Response], r.Histograms[figure.Service] = report.NewHistogram(), report.NewHistogram()
	for i, row := range rows {
		h := histogram.New()
		for _, ns := range row {
			must(h.RecordValue(ns))
			must(r.Histograms[figure.Response].RecordValue(ns))
			must(r.Histograms[figure.Service].RecordValue(ns))
		}
		r.Intervals[i].Response, r.Intervals[i].Service = histogram.SketchOf(h), histogram.SketchOf(h)
	}
	r.SumUpIntervals()
	return r
}
