package mock

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestDrawsFollowTheDistribution(t *testing.T) {
	const n = 200_000
	c := Config{Latency: 20 * time.Millisecond, Sigma: 0.3, Errors: 0.02, Seed: 5}
	d := newDraws(c)
	logs := make([]float64, n)
	failed, sum, squares := 0, 0.0, 0.0
	for k := range uint64(n) {
		logs[k] = math.Log(float64(d.latency(k)) / float64(c.Latency))
		sum += logs[k]
		squares += logs[k] * logs[k]
		if d.fails(k) {
			failed++
		}
	}
	// Bounds are five standard errors.
	mean := sum / n
	if bound := 5 * c.Sigma / math.Sqrt(n); math.Abs(mean) > bound {
		t.Errorf("mean of ln(latency/median) %v, want 0 ± %v", mean, bound)
	}
	if got, bound := math.Sqrt(squares/n-mean*mean), 5*c.Sigma/math.Sqrt(2*n); math.Abs(got-c.Sigma) > bound {
		t.Errorf("sigma %v, want %v ± %v", got, c.Sigma, bound)
	}
	slices.Sort(logs)
	if got := logs[n*99/100] / c.Sigma; math.Abs(got-2.326) > 0.05 {
		t.Errorf("p99 lies %v sigmas up, want 2.326", got)
	}
	want := c.Errors * n
	if bound := 5 * math.Sqrt(want); math.Abs(float64(failed)-want) > bound {
		t.Errorf("%d errors, want %v ± %v", failed, want, bound)
	}
}

func TestDrawsAreAFunctionOfTheSeed(t *testing.T) {
	c := Config{Latency: time.Millisecond, Sigma: 0.5, Errors: 0.5, Seed: 1}
	a, b := newDraws(c), newDraws(c)
	c.Seed = 2
	other := newDraws(c)
	same := 0
	for k := range uint64(1000) {
		if a.latency(k) != b.latency(k) || a.fails(k) != b.fails(k) {
			t.Fatalf("draw %d differs for equal seeds", k)
		}
		if a.latency(k) == other.latency(k) {
			same++
		}
	}
	if same > 1 {
		t.Errorf("%d of 1000 draws equal for different seeds", same)
	}
}

func TestDrawsAtTheEdges(t *testing.T) {
	constant := newDraws(Config{Latency: 3 * time.Millisecond})
	always := newDraws(Config{Latency: Limit, Sigma: 5, Errors: 1})
	longest := int64(0)
	for k := range uint64(10_000) {
		if got := constant.latency(k); got != 3*ms || constant.fails(k) {
			t.Fatalf("draw %d: %d ns, fails %v; want 3 ms, false", k, got, constant.fails(k))
		}
		if !always.fails(k) {
			t.Fatalf("draw %d does not fail at a share of 1", k)
		}
		longest = max(longest, always.latency(k))
	}
	if longest != int64(Limit) {
		t.Errorf("longest %d ns, want the limit %d", longest, Limit)
	}
	if got := newDraws(Config{Sigma: 1}); got.latency(0) != 0 {
		t.Errorf("no latency: got %d ns", got.latency(0))
	}
}

// The generator's reference output for the seed 0.
func TestMix(t *testing.T) {
	want := []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f}
	for i, w := range want {
		if got := mix(uint64(i) * golden); got != w {
			t.Errorf("output %d is %#x, want %#x", i, got, w)
		}
	}
}
