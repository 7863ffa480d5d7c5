package arrivals

import (
	"math"
	"math/rand/v2"
)

// draw draws random numbers that are the same on every machine: the conversions
// around products are there since the language lets a compiler fuse a product and a
// sum into one instruction, which rounds differently, unless a conversion is between
// them; and package math has code of its own for some machines.
type draw struct{ source *rand.PCG }

// uniform is in (0, 1].
func (d *draw) uniform() float64 { return float64(d.source.Uint64()>>11+1) * 0x1p-53 }

// normal is of mean 0 and variance 1, by Marsaglia's polar method (Marsaglia and
// Bray: A convenient method for generating normal variables, 1964).
func (d *draw) normal() float64 {
	for {
		x, y := float64(2*d.uniform())-1, float64(2*d.uniform())-1
		s := float64(x*x) + float64(y*y)
		if s > 0 && s < 1 {
			return float64(x * math.Sqrt(float64(-2*ln(s))/s))
		}
	}
}

// gamma is of the given shape and of mean shape, by Marsaglia and Tsang (A simple
// method for generating gamma variables, 2000); for shapes below 1 by their remark,
// a variable of shape+1 times U^(1/shape).
func (d *draw) gamma(shape float64) float64 {
	if shape == 1 {
		return -ln(d.uniform())
	}
	if shape < 1 {
		return float64(d.gamma(shape+1) * exp(ln(d.uniform())/shape))
	}
	third := shape - 1.0/3
	c := 1 / math.Sqrt(9*third)
	for {
		x := d.normal()
		v := 1 + float64(c*x)
		if v <= 0 {
			continue
		}
		v = float64(float64(v*v) * v)
		if ln(d.uniform()) < float64(0.5*float64(x*x))+float64(third*(1-v+ln(v))) {
			return float64(third * v)
		}
	}
}

// ln is the natural logarithm of a number above 0: of 2ⁿ·m with m from √½ to √2,
// n·ln 2 + 2·artanh((m−1)/(m+1)).
func ln(x float64) float64 {
	m, n := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, n = 2*m, n-1
	}
	s := (m - 1) / (m + 1)
	s2 := float64(s * s)
	sum := 0.0
	for k := 23.0; k >= 1; k -= 2 {
		sum = float64(sum*s2) + 1/k
	}
	return float64(float64(n)*math.Ln2) + float64(2*float64(s*sum))
}

// exp is e to the power of a number that is not above 0: 2ⁿ·eʳ with r from
// −½·ln 2 to ½·ln 2, by its series.
func exp(x float64) float64 {
	const ln2High, ln2Low = 0x1.62e42feep-1, 0x1.a39ef35793c76p-33 // ln 2 = their sum
	n := math.Round(x / math.Ln2)
	if n < -1080 {
		return 0
	}
	r := x - float64(n*ln2High) - float64(n*ln2Low)
	sum := 1.0
	for k := 14.0; k >= 1; k-- {
		sum = 1 + float64(float64(sum*r)/k)
	}
	return math.Ldexp(sum, int(n))
}
