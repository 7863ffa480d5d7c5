package arrivals

import (
	"cmp"
	"math"
	"math/bits"
)

// wide is an unsigned number of 256 bits, lowest word first.
type wide [4]uint64

// times is a·b, of which the lowest 256 bits are kept.
func (a wide) times(b uint64) (p wide) {
	var carry uint64
	for i, word := range a {
		hi, lo := bits.Mul64(word, b)
		var c uint64
		p[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	return p
}

// over is floor(a/b).
func (a wide) over(b uint64) (q wide, rest uint64) {
	for i := len(a) - 1; i >= 0; i-- {
		q[i], rest = bits.Div64(rest, a[i], b)
	}
	return q, rest
}

func (a wide) plus(b wide) (s wide) {
	var carry uint64
	for i := range a {
		s[i], carry = bits.Add64(a[i], b[i], carry)
	}
	return s
}

// minus is a−b, where that is not negative.
func (a wide) minus(b wide) (d wide) {
	var borrow uint64
	for i := range a {
		d[i], borrow = bits.Sub64(a[i], b[i], borrow)
	}
	return d
}

// shifted is a·2⁶⁴.
func (a wide) shifted() wide { return wide{0, a[0], a[1], a[2]} }

// compare is negative, 0 or positive as a is less than, equal to or more than b.
func (a wide) compare(b wide) int {
	for i := len(a) - 1; i >= 0; i-- {
		if c := cmp.Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

// float is the number as nearly as a float64 holds it.
func (a wide) float() (f float64) {
	for i, word := range a {
		f += math.Ldexp(float64(word), 64*i)
	}
	return f
}
