package arrivals

import (
	"math"
	"math/bits"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Position is a place in the sequence of requests: request k of a constant rate
// is at k. It has a fraction where gaps are random or rates change.
type Position struct {
	Whole    uint64
	Fraction uint64 // in 2⁻⁶⁴ requests
}

// At is the position of request k of a constant rate.
func At(k uint64) Position { return Position{Whole: k} }

func (p Position) wide() wide { return wide{p.Fraction, p.Whole} }

// Before reports whether p lies before q.
func (p Position) Before(q Position) bool {
	return p.Whole < q.Whole || p.Whole == q.Whole && p.Fraction < q.Fraction
}

// Ceil is the least whole position that is not before p: how many requests of a
// constant rate lie before it.
func (p Position) Ceil() uint64 {
	if p.Fraction > 0 && p.Whole < math.MaxUint64 {
		return p.Whole + 1
	}
	return p.Whole
}

// Plus is the position k requests further on.
func (p Position) Plus(k uint64) Position {
	sum, carry := bits.Add64(p.Whole, k, 0)
	if carry > 0 {
		return Position{Whole: math.MaxUint64}
	}
	return Position{sum, p.Fraction}
}

// Sub is how many requests p is beyond q; negative where it is not.
func (p Position) Sub(q Position) float64 {
	fraction := math.Ldexp(float64(p.Fraction), -64) - math.Ldexp(float64(q.Fraction), -64)
	return float64(int64(p.Whole-q.Whole)) + fraction
}

// Forever is the length of a piece that has no end.
const Forever = time.Duration(math.MaxInt64)

// Curve is how many requests are planned by each instant. Its pieces follow each
// other without a gap from instant 0. The zero value plans nothing. Once made it is
// only read, so that any number of goroutines may ask it.
type Curve struct {
	pieces []piece
	end    time.Duration // math.MaxInt64 where the last piece has no end
	next   Position      // planned before end
}

// piece is a stretch whose rate goes from one value to another in a straight line:
// τ nanoseconds into it, (from·τ + (to−from)·τ²/2·length)/unit requests more are
// planned.
type piece struct {
	at     time.Duration // its first instant
	base   Position      // planned before it
	length uint64        // ns
	unit   uint64        // rates are in 1/unit requests per ns
	from   uint64
	to     uint64
}

// maxUnit is 10⁶ minutes in nanoseconds: each rate that can be typed, with six
// decimals by the second or by the minute, is a whole number of requests in it.
const maxUnit = 60_000_000_000 * 1_000_000

// Append adds a piece in which the rate goes from one value to the other; a rate of
// 0 is a pause. Length may be Forever where both rates are the same.
func (c *Curve) Append(length time.Duration, from, to vegeta.Rate) {
	if length <= 0 || c.end == math.MaxInt64 {
		return
	}
	p := piece{at: c.end, base: c.next, length: uint64(length)}
	p.unit, p.from, p.to = common(from, to)
	c.pieces = append(c.pieces, p)
	if length == Forever || c.end > math.MaxInt64-length {
		c.end = math.MaxInt64
		return
	}
	c.end += length
	c.next, _ = p.reached(p.length)
}

// Skip moves on to request k, if that lies ahead: the next piece begins with it.
func (c *Curve) Skip(k uint64) {
	if c.next.Before(At(k)) {
		c.next = At(k)
	}
}

// Until is the part of the curve before the instant, which is above 0; another
// piece may follow it.
func (c *Curve) Until(at time.Duration) Curve {
	cut := Curve{end: at}
	for _, p := range c.pieces {
		if p.at >= at {
			break
		}
		cut.pieces = append(cut.pieces, p)
	}
	if n := len(cut.pieces); n > 0 {
		last := &cut.pieces[n-1]
		cut.next, _ = last.reached(min(last.length, uint64(at-last.at)))
	}
	return cut
}

// End is the instant at which the last piece ends; math.MaxInt64 where it
// does not.
func (c *Curve) End() time.Duration { return c.end }

// Rate is the rate at the instant, in requests per second; where it steps there,
// the one that follows. It is 0 outside of the pieces.
func (c *Curve) Rate(at time.Duration) float64 {
	i := c.pieceAt(at)
	if i < 0 || at >= c.end {
		return 0
	}
	p := &c.pieces[i]
	share := float64(at-p.at) / float64(p.length)
	return (float64(p.from) + share*(float64(p.to)-float64(p.from))) * 1e9 / float64(p.unit)
}

// pieceAt is the last piece that begins by the instant, or -1.
func (c *Curve) pieceAt(at time.Duration) int {
	i := len(c.pieces) - 1
	for i >= 0 && c.pieces[i].at > at {
		i--
	}
	return i
}

// common gives two rates in one unit: exactly, but for rates that nobody can type.
func common(a, b vegeta.Rate) (unit, from, to uint64) {
	a, b = reduced(a), reduced(b)
	g := gcd(uint64(a.Per), uint64(b.Per))
	hi, lcm := bits.Mul64(uint64(a.Per)/g, uint64(b.Per))
	if hi > 0 || lcm > maxUnit {
		return maxUnit, scaled(a, maxUnit), scaled(b, maxUnit)
	}
	return lcm, scaled(a, lcm), scaled(b, lcm)
}

// scaled is the rate's requests in so many nanoseconds, rounded down.
func scaled(r vegeta.Rate, unit uint64) uint64 {
	hi, lo := bits.Mul64(uint64(r.Freq), unit)
	q, _ := bits.Div64(hi, lo, uint64(r.Per))
	return q
}

// reduced is the rate as a fraction in lowest terms.
func reduced(r vegeta.Rate) vegeta.Rate {
	if r.Freq <= 0 || r.Per <= 0 {
		return vegeta.Rate{Freq: 0, Per: 1}
	}
	g := gcd(uint64(r.Freq), uint64(r.Per))
	return vegeta.Rate{Freq: r.Freq / int(g), Per: r.Per / time.Duration(g)}
}

func gcd(a, b uint64) uint64 {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// Instant is when the position is reached, rounded down to the nanosecond: the last instant
// by which no more than that is planned. ok is false where the curve ends before.
func (c *Curve) Instant(p Position) (at time.Duration, ok bool) {
	i := len(c.pieces) - 1
	for i >= 0 && p.Before(c.pieces[i].base) {
		i--
	}
	if i < 0 {
		return math.MaxInt64, false
	}
	into, ok := c.pieces[i].instant(p)
	if !ok && i+1 < len(c.pieces) {
		return c.pieces[i+1].at, true // the position was skipped
	}
	if !ok || into > uint64(math.MaxInt64-c.pieces[i].at) {
		return math.MaxInt64, false
	}
	return c.pieces[i].at + time.Duration(into), true
}

// Reached is the position at the instant: requests whose position lies before it
// are planned before the instant, and no others.
func (c *Curve) Reached(at time.Duration) Position {
	i := c.pieceAt(at)
	if i < 0 {
		return Position{}
	}
	p := &c.pieces[i]
	into := uint64(at - p.at)
	if into == 0 {
		return p.base
	}
	down, exact := p.reached(min(into, p.length))
	if !exact {
		down.Fraction++
		if down.Fraction == 0 {
			return down.Plus(1)
		}
	}
	return down
}

// reached is the position so many ns into the piece, rounded down, and whether it
// is exactly that.
func (p *piece) reached(into uint64) (Position, bool) {
	var area wide
	var rest, rest2 uint64
	if p.from == p.to {
		area, rest = wide{p.from}.times(into).shifted().over(p.unit)
	} else {
		area, rest = p.twice(into).shifted().over(2 * p.length)
		area, rest2 = area.over(p.unit)
	}
	sum := area.plus(p.base.wide())
	if sum[2]|sum[3] > 0 {
		return Position{Whole: math.MaxUint64}, true
	}
	return Position{sum[1], sum[0]}, rest|rest2 == 0
}

// twice is 2·length·unit times what a ramp has planned so many ns into it.
func (p *piece) twice(into uint64) wide {
	line := wide{p.from}.times(p.length).times(2)
	if p.to > p.from {
		return line.plus(wide{p.to - p.from}.times(into)).times(into)
	}
	return line.minus(wide{p.from - p.to}.times(into)).times(into)
}

// instant is how many ns into the piece the position is reached, rounded down; ok
// is false where the piece ends before.
func (p *piece) instant(at Position) (into uint64, ok bool) {
	more := at.wide().minus(p.base.wide())
	if p.from == p.to {
		if p.from == 0 {
			return 0, false
		}
		q, _ := more.times(p.unit).over(p.from)
		return q[1], q[2]|q[3] == 0 && q[1] < p.length
	}
	return p.solve(more)
}

// solve is instant for a ramp. The square root of floating point finds the place,
// but for its rounding; whole numbers then find the nanosecond.
func (p *piece) solve(more wide) (into uint64, ok bool) {
	goal := more.times(p.unit).times(p.length).times(2)
	beyond := func(into uint64) bool { return p.twice(into).shifted().compare(goal) > 0 }
	guess := p.estimate(more)
	if guess < p.length && !beyond(guess) && beyond(guess+1) {
		return guess, true
	}
	if !beyond(p.length) {
		return 0, false
	}
	// The last instant that is not beyond lies in [low, high).
	low, high := uint64(0), p.length
	for step := uint64(2); ; step *= 4 {
		if from := guess - min(guess, step); from > low && !beyond(from) {
			low = from
		}
		if to := guess + step; to < high && beyond(to) {
			high = to
		}
		if low+step >= guess && high <= guess+step || step > p.length {
			break
		}
	}
	for high-low > 1 {
		if mid := low + (high-low)/2; beyond(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return low, true
}

// estimate solves from·τ + (to−from)·τ²/2·length = more·unit for τ.
func (p *piece) estimate(more wide) uint64 {
	n := math.Ldexp(more.float(), -64) * float64(p.unit)
	from, rise := float64(p.from), (float64(p.to)-float64(p.from))/float64(p.length)
	root := math.Sqrt(max(0, from*from+2*rise*n))
	if from+root == 0 {
		return 0
	}
	return uint64(min(2*n/(from+root), float64(p.length)))
}
