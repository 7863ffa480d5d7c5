package report_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/montanaflynn/stats"

	"brunt/attack/histogram"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/reporttest"
)

// distributions draw nanoseconds within the histogram's bounds.
var distributions = map[string]func(*rand.Rand) float64{
	"log-normal": func(r *rand.Rand) float64 { return 20e6 * math.Exp(0.5*r.NormFloat64()) },
	"uniform":    func(r *rand.Rand) float64 { return 1e6 + 99e6*r.Float64() },
	"bimodal": func(r *rand.Rand) float64 {
		if r.IntN(20) == 0 {
			return 900e6 + 30e6*r.NormFloat64()
		}
		return 5e6 + 0.2e6*r.NormFloat64()
	},
	"pareto":   func(r *rand.Rand) float64 { return min(1e6/math.Pow(1-r.Float64(), 1/1.2), 3.5e12) },
	"lateness": func(r *rand.Rand) float64 { return 40e3 * math.Exp(0.4*r.NormFloat64()) },
}

// Percentiles, minimum, maximum, mean and deviation against the sorted list
// itself: no more than 0.1 % off, and no percentile below the true value.
func TestSummaryAgainstSortedList(t *testing.T) {
	for name, draw := range distributions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(42, 1))
			values := make([]float64, 1_000_000)
			dense := histogram.New()
			for i := range values {
				ns := int64(draw(rng))
				values[i] = float64(ns)
				reporttest.Must(dense.RecordValue(ns))
			}
			slices.Sort(values)
			s := report.HistogramOf(dense).Summary()
			at := func(q float64) float64 { return values[int(math.Ceil(q*float64(len(values))))-1] }
			for _, c := range []struct {
				name   string
				got    *float64
				want   float64
				atMost bool
			}{
				{"p50", s.P50, at(0.5), true}, {"p75", s.P75, at(0.75), true}, {"p90", s.P90, at(0.9), true},
				{"p95", s.P95, at(0.95), true}, {"p99", s.P99, at(0.99), true}, {"p99.9", s.P999, at(0.999), true},
				{"p99.99", s.P9999, at(0.9999), true}, {"max", s.Max, values[len(values)-1], true}, {"min", s.Min, values[0], false},
				{"mean", s.Mean, reporttest.Statistic(stats.Mean(values)), false},
				{"stddev", s.StdDev, reporttest.Statistic(stats.StandardDeviationPopulation(values)), false},
			} {
				got, want := *c.got, c.want/1e6
				off := (got - want) / want
				if math.Abs(off) > 0.001 {
					t.Errorf("%s is %v ms, want %v ms: %.4f %% off", c.name, got, want, 100*off)
				}
				if half := 0.0005; c.atMost && got < want-half {
					t.Errorf("%s is %v ms, below the true %v ms", c.name, got, want)
				}
			}
			if s.Count != uint64(len(values)) {
				t.Errorf("count %d", s.Count)
			}
		})
	}
}

// The quantile is that of the ⌈q·n⌉-th smallest sample: with values 1 … n µs
// the place can be read off.
func TestQuantilePlace(t *testing.T) {
	for _, c := range []struct {
		n, q  float64
		place float64
	}{
		{1, 50, 1}, {2, 50, 1}, {3, 50, 2}, {4, 75, 3}, {10, 90, 9}, {11, 90, 10}, {20, 95, 19},
		{100, 99, 99}, {101, 99, 100}, {160, 99, 159}, {1000, 99.9, 999}, {1001, 99.9, 1000}, {1999, 99.9, 1998},
	} {
		h := histogram.New()
		for i := range int(c.n) {
			reporttest.Must(h.RecordValue(int64(i + 1))) // exact below 2,048
		}
		got := report.HistogramOf(h).At(report.Quantile(math.Round(c.q * 1e6)))
		if got == nil || math.Round(*got*1e6) != c.place {
			t.Errorf("p%v of 1 … %v is %s, want %v", c.q, c.n, report.Plain(got), c.place)
		}
	}
}

// A quantile needs 1/(1−q) samples, and is null one sample short of it.
func TestQuantileNeeds(t *testing.T) {
	for q, needs := range map[report.Quantile]uint64{
		report.P50: 1, report.P75: 4, report.P90: 10, report.P95: 20, report.P99: 100, report.P999: 1000, report.P9999: 10000, 1e6: 100, 99_999_999: 100_000_000, 66_600_000: 3,
	} {
		if q.Needs() != needs {
			t.Errorf("%v needs %d, want %d", q, q.Needs(), needs)
		}
		if needs > 20000 {
			continue
		}
		h := report.NewHistogram()
		if needs > 1 {
			reporttest.Must(h.RecordValues(5e6, int64(needs-1)))
		}
		if got := h.At(q); got != nil {
			t.Errorf("%v of %d samples is %v, want null", q, needs-1, *got)
		}
		reporttest.Must(h.RecordValue(5e6))
		if got := h.At(q); got == nil {
			t.Errorf("%v of %d samples is null", q, needs)
		}
	}
}

func TestParseQuantile(t *testing.T) {
	for s, want := range map[string]report.Quantile{
		"50": report.P50, "99": report.P99, "99.9": report.P999, "99.99": report.P9999, "9": 9e6, "05": 5e6, "99.999999": 99_999_999, "0.000001": 1,
		"": 0, "0": 0, "00.0": 0, "100": 0, "99.": 0, ".9": 0, "99.9999999": 0, "-1": 0, "9e1": 0, "9.9.9": 0, "+5": 0,
	} {
		got, ok := report.ParseQuantile(s)
		if ok != (want != 0) || ok && got != want {
			t.Errorf("parseQuantile(%q) = %d, %v, want %d", s, got, ok, want)
		}
		if back, ok := report.ParseQuantile(strings.TrimPrefix(got.String(), "p")); want != 0 && (!ok || back != got) {
			t.Errorf("%q is written %q, which reads as %d", s, got, back)
		}
	}
}

func TestHistogramJSON(t *testing.T) {
	dense := histogram.New()
	rng := rand.New(rand.NewPCG(3, 3))
	for range 5000 {
		reporttest.Must(dense.RecordValue(int64(distributions["log-normal"](rng))))
	}
	text, err := json.Marshal(report.HistogramOf(dense))
	if err != nil || !strings.HasPrefix(string(text), `"HISTFAA`) {
		t.Fatalf("%.40s, %v", text, err)
	}
	var again report.Histogram
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if a, b := reporttest.PlainSummary(again.Summary()), reporttest.PlainSummary(report.HistogramOf(dense).Summary()); a != b {
		t.Errorf("read back: %s\nwant %s", a, b)
	}
	for _, empty := range []report.Histogram{{}, report.NewHistogram()} {
		if text, err := json.Marshal(empty); err != nil || string(text) != "null" {
			t.Errorf("empty: %s, %v", text, err)
		}
	}
	foreign, err := json.Marshal("HISTFAAAACB4nJNpmSzMwMDABMUgmpEBAtiYFAAAFswBCQ==")
	reporttest.Must(err)
	for _, bad := range []string{`5`, `"x"`, `"HISTFAAAA"`, `{}`, string(foreign)} {
		if err := json.Unmarshal([]byte(bad), &again); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestMillisKeepsDigits(t *testing.T) {
	for ns, want := range map[float64]float64{
		0: 0, 1: 0.000001, 812: 0.000812, 40_123: 0.040123, 999_999: 0.999999, 1_234_567: 1.235, 143_218_900: 143.219, 3.6e12: 3.6e6,
	} {
		if got := *format.Millis(ns); got != want {
			t.Errorf("millis(%v) = %v, want %v", ns, got, want)
		}
	}
}
