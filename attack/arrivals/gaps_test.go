package arrivals

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"brunt/payloads/needs"
)

// TestMathematics compares with package math, to the last bits.
func TestMathematics(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	near := func(a, b float64) bool { return math.Abs(a-b) <= 4e-16*math.Abs(b)+1e-17 }
	for range 200_000 {
		x := math.Exp(40*r.Float64() - 38)
		if !near(ln(x), math.Log(x)) {
			t.Fatalf("ln %g = %.17g, want %.17g", x, ln(x), math.Log(x))
		}
		y := -700 * math.Pow(r.Float64(), 4)
		if got, want := exp(y), math.Exp(y); math.Abs(got-want) > 1e-15*want {
			t.Fatalf("exp %g = %.17g, want %.17g", y, got, want)
		}
	}
	if exp(-1e6) != 0 || exp(0) != 1 || ln(1) != 0 {
		t.Error(exp(-1e6), exp(0), ln(1))
	}
}

// positions are those of the first n requests, in mean gaps.
func positions(g *Gaps, n int) []float64 {
	list := make([]float64, n)
	for k := range list {
		p := g.Position(uint64(k))
		list[k] = float64(p.Whole) + math.Ldexp(float64(p.Fraction), -64)
	}
	return list
}

// distance is Kolmogorov and Smirnov's: the most that the values' distribution
// and cdf differ by.
func distance(values []float64, cdf func(float64) float64) (d float64) {
	slices.Sort(values)
	n := float64(len(values))
	for i, v := range values {
		d = max(d, math.Abs(cdf(v)-float64(i)/n), math.Abs(cdf(v)-float64(i+1)/n))
	}
	return d
}

// TestLaws: the gaps of 100,000 requests follow the law, one after the other
// without any regard for the last, and their mean rate is the one asked for.
func TestLaws(t *testing.T) {
	const n = 100_000
	needs.Time(t)
	for law, cdf := range map[Law]func(x float64) float64{
		Poisson:      func(x float64) float64 { return -math.Expm1(-x) },
		{Shape: 0.5}: func(x float64) float64 { return math.Erf(math.Sqrt(x / 2)) },
		{Shape: 2}:   func(x float64) float64 { return 1 - (1+2*x)*math.Exp(-2*x) },
		{Shape: 1.5}: func(x float64) float64 {
			return math.Erf(math.Sqrt(1.5*x)) - 2*math.Sqrt(1.5*x/math.Pi)*math.Exp(-1.5*x)
		},
	} {
		for seed := range uint64(5) {
			list := positions(NewGaps(law, seed, 0), n+1)
			if mean := list[n] / n; math.Abs(mean-1) > 0.001 {
				t.Errorf("%v, seed %d: the mean gap is %g", law, seed, mean)
			}
			gaps := make([]float64, n)
			var product, square float64
			for i := range gaps {
				gaps[i] = list[i+1] - list[i]
				if gaps[i] < 0 {
					t.Fatalf("%v: request %d comes before the one before", law, i+1)
				}
				square += (gaps[i] - 1) * (gaps[i] - 1)
				if i > 0 {
					product += (gaps[i] - 1) * (gaps[i-1] - 1)
				}
			}
			if c := product / square; math.Abs(c) > 4/math.Sqrt(n) {
				t.Errorf("%v, seed %d: neighbouring gaps have a correlation of %g", law, seed, c)
			}
			// One in a thousand is as far off by chance.
			if d := distance(gaps, cdf); d > 1.95/math.Sqrt(n) {
				t.Errorf("%v, seed %d: the gaps' distribution is off by %g", law, seed, d)
			}
		}
	}
}

// TestSameOnEveryMachine holds the first 100,000 positions against their sum on
// the machine where this was written.
func TestSameOnEveryMachine(t *testing.T) {
	for law, want := range map[Law]uint64{Poisson: 0xf3cd1ce91a2c82, {Shape: 0.5}: 0xb713dc83c0cbd3bd, {Shape: 3}: 0x62c1355016b8dff} {
		g := NewGaps(law, 1, 0)
		h := fnv.New64a()
		for k := range uint64(100_000) {
			p := g.Position(k)
			for _, word := range []uint64{p.Whole, p.Fraction} {
				var b [8]byte
				for i := range b {
					b[i] = byte(word >> (8 * i))
				}
				h.Write(b[:])
			}
		}
		if h.Sum64() != want {
			t.Errorf("%v: %#x, want %#x", law, h.Sum64(), want)
		}
	}
}

// TestAnyOrder: wherever one looks, and from however many goroutines, a request
// has one position, and as many lie before it as its number says.
func TestAnyOrder(t *testing.T) {
	g, other := NewGaps(Law{0.7}, 9, 0), NewGaps(Law{0.7}, 9, 0)
	list := make([]Position, 30_000)
	for k := range list {
		list[k] = g.Position(uint64(k))
	}
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 0))
			for range 2000 {
				k := r.Uint64N(uint64(len(list)))
				if p := other.Position(k); p != list[k] {
					t.Errorf("request %d is at %v and at %v", k, p, list[k])
				}
				p := list[k]
				p.Fraction++
				if n, m := other.Before(list[k]), other.Before(p); n > k || m <= k {
					t.Errorf("%d and %d requests before and at %v, where request %d is", n, m, list[k], k)
				}
			}
		})
	}
	group.Wait()
	if NewGaps(Constant, 1, 0) != nil || NewGaps(Law{0.7}, 10, 0).Position(3) == list[3] || NewGaps(Law{0.7}, 9, 1).Position(3) == list[3] {
		t.Error("another seed or stream has the same gaps, or a constant law has some")
	}
}

func TestParseLaw(t *testing.T) {
	for word, want := range map[string]Law{"constant": Constant, "poisson": Poisson, "Poisson": Poisson, "gamma(0.5)": {0.5}, " gamma( 2 ) ": {2}, "gamma(1)": Poisson} {
		if law, err := ParseLaw(word); err != nil || law != want {
			t.Errorf("%q: %v, %v", word, law, err)
		}
		if again, err := ParseLaw(want.String()); err != nil || again != want {
			t.Errorf("%v is not read as it is written: %v, %v", want, again, err)
		}
	}
	for _, word := range []string{"", "gamma", "gamma()", "gamma(0)", "gamma(-1)", "gamma(NaN)", "gamma(1e9)", "gamma(Inf)", "gamma(0.5", "gamma 0.5", "poison", "gamma(x)"} {
		if law, err := ParseLaw(word); err == nil {
			t.Errorf("%q is read as %v", word, law)
		}
	}
}

func BenchmarkPosition(b *testing.B) {
	g := NewGaps(Law{0.5}, 1, 0)
	var c Curve
	c.Append(Forever, perSecond(1_000_000), perSecond(1_000_000))
	var k uint64
	for b.Loop() {
		c.Instant(g.Position(k))
		k++
	}
}

func BenchmarkRamp(b *testing.B) {
	c := curveOf(examples["a day"])
	var k uint64
	for b.Loop() {
		c.Instant(At(k))
		k += 1001
	}
}
