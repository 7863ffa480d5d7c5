package draw

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestParseDistribution(t *testing.T) {
	for s, want := range map[string]Distribution{
		"500": {"fixed", 500, 0}, "fixed(500)": {"fixed", 500, 0}, "uniform(100,1000)": {"uniform", 100, 1000},
		"normal(550,150)":       {"normal", 550, 150},
		" Normal( 550 , 150 ) ": {"normal", 550, 150}, "lognormal(400,0.6)": {"lognormal", 400, 0.6},
		"normal(5.5,0)": {"normal", 5.5, 0},
	} {
		if got, err := ParseDistribution(s); err != nil || got != want {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "x", "-5", "0", "fixed()", "fixed(1,2)", "uniform(5)", "uniform(9,5)", "uniform(1.5,3)",
		"uniform(1,2000000)", "normal(550,150", "normal(550;150)",
		"normal(550,-1)", "normal(NaN,1)", "normal(1,Inf)", "lognormal(400,11)", "gamma(1,2)", "normal(0,1)", "1e9",
		"(5)", "fixed(5))",
	} {
		if got, err := ParseDistribution(s); err == nil || !strings.Contains(err.Error(), "write it as") {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
}

// cdf is a distribution's definition: the share of draws of at most n tokens,
// where a draw is rounded, and one below 1 is 1.
func cdf(d Distribution, n int) float64 {
	if n < 1 {
		return 0
	}
	upper := float64(n) + 0.5 // what rounds to n at most
	phi := func(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
	switch d.Shape {
	case "uniform":
		return min(max((float64(n)-d.A+1)/(d.B-d.A+1), 0), 1)
	case "normal":
		return phi((upper - d.A) / d.B)
	case "lognormal":
		return phi((math.Log(upper) - math.Log(d.A)) / d.B)
	}
	if float64(n) >= math.Round(d.A) {
		return 1
	}
	return 0
}

// TestDistributions draws and compares with the definition: nowhere is the
// share of draws off by more than chance allows (Kolmogorov and Smirnov; 1.95
// is passed by chance once in a thousand, and draws depend on the seed only).
func TestDistributions(t *testing.T) {
	const n = 20_000
	for _, word := range []string{"fixed(500)", "uniform(100,1000)", "uniform(1,3)", "normal(550,150)",
		"normal(20,30)", "lognormal(400,0.6)", "lognormal(3,1)"} {
		d, err := ParseDistribution(word)
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []uint64{1, 2} {
			draws := make([]int, n)
			for i := range draws {
				draws[i] = d.Draw(Fraction(Nth(7, kind, uint64(i))))
			}
			slices.Sort(draws)
			worst := 0.0
			for i := 0; i < n; {
				value, from := draws[i], i
				for i < n && draws[i] == value {
					i++
				}
				worst = max(worst, math.Abs(float64(i)/n-cdf(d, value)), math.Abs(float64(from)/n-cdf(d, value-1)))
			}
			if worst*math.Sqrt(n) > 1.95 {
				t.Errorf("%s: off by %.4f", word, worst)
			}
		}
	}
	if low, high := (Distribution{"normal", 2, 1e6}).Draw(1e-9), (Distribution{"lognormal", 1e6,
		10}).Draw(1-1e-9); low != 1 || high != maxTokens {
		t.Error(low, high)
	}
}
