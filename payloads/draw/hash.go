package draw

import "math/bits"

const Golden = 0x9E3779B97F4A7C15 // 2⁶⁴ divided by the golden ratio

// Mix is splitmix64's output function: each bit of x decides over about half
// of the bits of the result.
func Mix(x uint64) uint64 {
	x += Golden
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}

// Below maps a hash evenly onto 0 … n-1.
func Below(hash, n uint64) uint64 {
	hi, _ := bits.Mul64(hash, n)
	return hi
}

// Fraction maps a hash evenly onto the numbers strictly between 0 and 1.
func Fraction(hash uint64) float64 { return (float64(hash>>12) + 0.5) / (1 << 52) }

// Nth is the n-th random number of a kind, a pure function of all three.
func Nth(seed, kind, n uint64) uint64 { return Mix(Mix(Mix(seed)+kind) + n) }
