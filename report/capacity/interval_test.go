package capacity

import (
	"math"
	"math/rand/v2"
	"testing"
)

// What steps leave open: next to nothing of an endpoint that breaks at once, much of
// one that is slow in bursts, and nothing is known of no steps.
func TestInterval(t *testing.T) {
	at := func(rate, excess, spread float64) seen { return seen{math.Log(rate), excess, spread} }
	for _, tt := range []struct {
		name        string
		steps       []seen
		low, high   float64 // within which the interval lies
		least, most float64 // its width, as a share
	}{
		{"a jump", []seen{at(100, 0, 0.1), at(198, 0, 0.1), at(198, 0, 0.1), at(204, 20, 0.1), at(204, 20, 0.1)}, 197, 205, 0.01, 0.04},
		{"the same in bursts of ten times what is allowed", []seen{at(100, 0, 10), at(198, 0, 10), at(198, 0, 10), at(204, 20, 10), at(204, 20, 10)}, 150, 230, 0.04, 0.4},
		{"a step that something else disturbed", []seen{at(100, 20, 0.1), at(198, 0, 0.1), at(198, 20, 0.1), at(198, 0, 0.1), at(198, 0, 0.1), at(204, 20, 0.1), at(204, 20, 0.1)}, 197, 205, 0.01, 0.04},
		{"stalls of 40 % of what is allowed at any load", []seen{at(100, 0.4, 0.1), at(100, 0.4, 0.1), at(190, 0.4, 0.1), at(198, 0.5, 0.1), at(204, 3, 0.1), at(210, 9, 0.1)}, 195, 206, 0.002, 0.05},
	} {
		low, median, high := interval(tt.steps, math.Log(201))
		width := high/low - 1
		if low < tt.low || high > tt.high || !(low < median && median < high) || width < tt.least || width > tt.most {
			t.Errorf("%s: %.1f, %.1f, %.1f", tt.name, low, median, high)
		}
	}
	if low, median, high := interval(nil, 1); low != 0 || median != 0 || high != 0 {
		t.Errorf("of nothing: %v, %v, %v", low, median, high)
	}
}

// A series whose values stay high for a while is told from one without memory, and
// from one that hardly varies.
func TestMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	series := func(rho, sigma float64) (mean float64) {
		const runs = 200
		for range runs {
			points, y := make([]Point, intervals), 0.0
			for i := range points {
				y = rho*y + math.Sqrt(1-rho*rho)*r.NormFloat64()
				points[i] = Point{Width: 0.5, Latency: 20 * math.Exp(sigma*y)}
			}
			mean += memory(points) / runs
		}
		return mean
	}
	long, short, none, steady := series(0.9, 0.5), series(0.5, 0.5), series(0, 0.5), series(0.9, 0.02)
	if long < 1.5 || short < 0.3 || short > 1 || none > 0.2 || steady != 0 {
		t.Errorf("%v, %v, %v, %v", long, short, none, steady)
	}
	if m := memory(make([]Point, 3)); m != 0 {
		t.Errorf("of three empty intervals: %v", m)
	}
}
