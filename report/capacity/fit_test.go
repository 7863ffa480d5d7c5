package capacity

import (
	"math"
	"testing"
)

func TestFit(t *testing.T) {
	known := func(latency, ceiling float64, noise float64, clients ...int) (list []throughput) {
		for i, n := range clients {
			perS := math.Min(float64(n)/latency, ceiling)
			list = append(list, throughput{n, perS * (1 + noise*float64(1-2*(i%2)))})
		}
		return list
	}
	for _, tt := range []struct {
		name          string
		points        []throughput
		latency, ceil float64 // 0 for none
	}{
		{"a line and a ceiling", known(0.05, 80, 0, 1, 2, 4, 8, 16), 50, 80},
		{"the same with 2 % of noise", known(0.05, 80, 0.02, 1, 2, 4, 8, 16, 32), 50, 80},
		{"no ceiling yet", known(0.05, 1e9, 0.01, 1, 2, 4, 8), 50, 0},
		{"1 and 2 clients, one slot: the platform's worked case", []throughput{{1, 20}, {2, 25}}, 50, 25},
		{"1 and 2 clients, two slots", []throughput{{1, 20}, {2, 40}}, 50, 0},
		{"one point", []throughput{{1, 20}}, 50, 0},
		{"a ceiling from the first on", []throughput{{1, 20}, {2, 20}, {4, 20}}, 50, 20},
	} {
		f := fit(tt.points)
		if math.Abs(f.LatencyMS/tt.latency-1) > 0.03 {
			t.Errorf("%s: latency %v", tt.name, f.LatencyMS)
		}
		switch {
		case tt.ceil == 0 && f.CeilingPerS == nil:
		case tt.ceil == 0 || f.CeilingPerS == nil || math.Abs(*f.CeilingPerS/tt.ceil-1) > 0.03:
			t.Errorf("%s: ceiling %v", tt.name, f.CeilingPerS)
		case math.Abs(*f.Knee-tt.ceil*tt.latency/1e3) > 0.05**f.Knee:
			t.Errorf("%s: knee %v", tt.name, *f.Knee)
		}
		for i, r := range f.Residuals {
			if math.Abs(r) > 0.05 {
				t.Errorf("%s: residual %v of point %d", tt.name, r, i)
			}
		}
	}
	if fit(nil) != nil {
		t.Error("a fit of nothing")
	}
}
