package arrivals

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func perSecond(n int) vegeta.Rate { return vegeta.Rate{Freq: n, Per: time.Second} }

// leg is a piece as the tests' own arithmetic has it.
type leg struct {
	length   time.Duration
	from, to vegeta.Rate
}

func curveOf(legs []leg) *Curve {
	c := &Curve{}
	for _, l := range legs {
		c.Append(l.length, l.from, l.to)
	}
	return c
}

func ratOf(r vegeta.Rate) *big.Rat {
	if r.Freq == 0 {
		return new(big.Rat)
	}
	return big.NewRat(int64(r.Freq), int64(r.Per))
}

// integral is how many requests are planned by the instant: the area beneath the
// rate, of which each piece is a trapezoid.
func integral(legs []leg, at time.Duration) *big.Rat {
	sum := new(big.Rat)
	for _, l := range legs {
		into := min(at, l.length)
		if into <= 0 {
			break
		}
		from, to := ratOf(l.from), ratOf(l.to)
		rate := new(big.Rat).Sub(to, from) // at into
		rate.Mul(rate, big.NewRat(int64(into), int64(l.length)))
		rate.Add(rate, from)
		area := new(big.Rat).Add(from, rate)
		area.Mul(area, big.NewRat(int64(into), 2))
		sum.Add(sum, area)
		at -= into
	}
	return sum
}

func ceil(r *big.Rat) uint64 {
	q, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q.Uint64()
}

// checkInstant: by the instant of request k no more than k are planned, and a
// nanosecond later more are.
func checkInstant(t *testing.T, legs []leg, k uint64, at time.Duration) {
	t.Helper()
	want := new(big.Rat).SetUint64(k)
	if integral(legs, at).Cmp(want) > 0 || integral(legs, at+1).Cmp(want) <= 0 {
		t.Fatalf("%v: request %d is at %d ns, by when %s are planned, and %s a nanosecond later", legs, k, at, integral(legs, at).FloatString(12), integral(legs, at+1).FloatString(12))
	}
}

func lengthOf(legs []leg) (total time.Duration) {
	for _, l := range legs {
		total += l.length
	}
	return total
}

var examples = map[string][]leg{
	"constant": {{10 * time.Second, perSecond(100), perSecond(100)}},
	"steps":    {{30 * time.Second, perSecond(100), perSecond(100)}, {time.Minute, perSecond(100), perSecond(1000)}, {20 * time.Minute, perSecond(1000), perSecond(1000)}},
	"from 0":   {{10 * time.Second, perSecond(0), perSecond(1000)}, {10 * time.Second, perSecond(1000), perSecond(0)}},
	"pauses":   {{time.Second, perSecond(0), perSecond(0)}, {time.Second, perSecond(10), perSecond(10)}, {time.Second, perSecond(0), perSecond(0)}, {time.Second, perSecond(7), perSecond(3)}},
	"odd":      {{1234567891, vegeta.Rate{Freq: 333333333, Per: 1_000_000 * time.Second}, vegeta.Rate{Freq: 90, Per: time.Minute}}, {987654321, vegeta.Rate{Freq: 90, Per: time.Minute}, perSecond(12345)}},
	"a day":    {{24 * time.Hour, perSecond(1), perSecond(100_000)}},
	"fast":     {{time.Hour, perSecond(10_000_000), perSecond(9_999_999)}},
}

// TestCurve: the instants of each curve, a million of the second, rise and are as
// many as the integral says; looked at one by one they are exact to the nanosecond.
func TestCurve(t *testing.T) {
	for name, legs := range examples {
		t.Run(name, func(t *testing.T) {
			c, end := curveOf(legs), lengthOf(legs)
			total := ceil(integral(legs, end))
			if n := c.Reached(end).Ceil(); n != total {
				t.Fatalf("%d are planned, the integral is %s", n, integral(legs, end).FloatString(9))
			}
			if at, ok := c.Instant(At(total)); ok {
				t.Fatalf("there is a request past the last one, at %d", at)
			}
			looks := uint64(20_000)
			if name == "steps" && !testing.Short() {
				looks = 1_000_000
			}
			stride := max(1, total/looks)
			last := time.Duration(-1)
			for k, n := uint64(0), 0; k < total; k, n = k+stride, n+1 {
				at, ok := c.Instant(At(k))
				if !ok || at < last || at >= end {
					t.Fatalf("request %d is at %d (%t), after one at %d", k, at, ok, last)
				}
				last = at
				if n%997 == 0 || k == 0 || k+stride >= total {
					checkInstant(t, legs, k, at)
					if before, after := c.Reached(at).Ceil(), c.Reached(at+1).Ceil(); before > k || after <= k {
						t.Fatalf("%d are planned before %d ns and %d before the next one, where request %d is", before, at, after, k)
					}
				}
			}
		})
	}
}

// TestBorders: a piece's first request comes in its first nanosecond, where it is
// due then; after a pause, at the pause's end.
func TestBorders(t *testing.T) {
	steps := curveOf(examples["steps"])
	for k, want := range map[uint64]time.Duration{0: 0, 2999: 29_990_000_000, 3000: 30_000_000_000, 36_000: 90_000_000_000, 36_001: 90_001_000_000} {
		if at, ok := steps.Instant(At(k)); !ok || at != want {
			t.Errorf("request %d is at %d (%t), want %d", k, at, ok, want)
		}
	}
	pauses := curveOf(examples["pauses"])
	for k, want := range map[uint64]time.Duration{0: 1_000_000_000, 9: 1_900_000_000, 10: 3_000_000_000} {
		if at, ok := pauses.Instant(At(k)); !ok || at != want {
			t.Errorf("request %d is at %d (%t), want %d", k, at, ok, want)
		}
	}
	for at, want := range map[time.Duration]float64{0: 0, 1e9: 10, 15e8: 10, 2e9: 0, 3e9: 7, 35e8: 5, 4e9: 0} {
		if rate := pauses.Rate(at); math.Abs(rate-want) > 1e-9 {
			t.Errorf("the rate at %d is %g, want %g", at, rate, want)
		}
	}
}

// TestRandomCurves looks at pieces of all lengths and rates.
func TestRandomCurves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rate := func() vegeta.Rate {
		if r.IntN(6) == 0 {
			return vegeta.Rate{}
		}
		per := []time.Duration{time.Second, time.Minute, 1_000_000 * time.Second, 1000 * time.Minute}[r.IntN(4)]
		return vegeta.Rate{Freq: 1 + int(float64(per)/100*math.Pow(r.Float64(), 8)), Per: per}
	}
	for range 300 {
		var legs []leg
		for range 1 + r.IntN(5) {
			l := leg{length: 1 + time.Duration(float64(time.Hour)*math.Pow(r.Float64(), 6)), from: rate()}
			if l.to = l.from; r.IntN(3) > 0 {
				l.to = rate()
			}
			legs = append(legs, l)
		}
		c, end := curveOf(legs), lengthOf(legs)
		total := ceil(integral(legs, end))
		// A border's rounding may take one of them with it, by 2⁻⁶⁴ of a request.
		if n := c.Reached(end).Ceil(); n != total {
			t.Fatalf("%v: %d are planned, want %d", legs, n, total)
		}
		for range 200 {
			if total == 0 {
				break
			}
			k := r.Uint64N(total)
			at, ok := c.Instant(At(k))
			if !ok {
				t.Fatalf("%v: request %d of %d has no instant", legs, k, total)
			}
			checkInstant(t, legs, k, at)
		}
	}
}

// TestUntil: another rate from some instant on changes nothing that is past, and
// the request under way comes when the new rate has it due.
func TestUntil(t *testing.T) {
	legs := []leg{{10 * time.Second, perSecond(10), perSecond(1010)}}
	whole := curveOf(legs)
	cut := whole.Until(4_123_456_789)
	cut.Append(Forever, perSecond(500), perSecond(500))
	legs[0] = leg{4_123_456_789, perSecond(10), vegeta.Rate{Freq: 4_223_456_789, Per: 10_000_000 * time.Second}}
	legs[0].to = vegeta.Rate{Freq: 4223456789, Per: 10_000_000 * time.Second}
	n := whole.Reached(4_123_456_789).Ceil()
	for k := range n {
		a, _ := whole.Instant(At(k))
		if b, ok := cut.Instant(At(k)); !ok || a != b {
			t.Fatalf("request %d was planned at %d and is at %d now", k, a, b)
		}
	}
	area := integral([]leg{{10 * time.Second, perSecond(10), perSecond(1010)}}, 4_123_456_789)
	due := new(big.Rat).Sub(new(big.Rat).SetUint64(n), area)
	due.Mul(due, big.NewRat(2_000_000, 1))
	wait, _ := due.Float64()
	if at, ok := cut.Instant(At(n)); !ok || at != 4_123_456_789+time.Duration(wait) {
		t.Errorf("the next request is at %d (%t), want %d", at, ok, 4_123_456_789+time.Duration(wait))
	}
}

// TestSkip: what follows counts from there, however few came before.
func TestSkip(t *testing.T) {
	c := &Curve{}
	c.Append(10*time.Second+1, perSecond(7), perSecond(7))
	n := c.Reached(c.End()).Ceil()
	c.Skip(n)
	c.Append(time.Second, perSecond(5), perSecond(5))
	if n != 71 {
		t.Errorf("%d before the border, want 71", n)
	}
	for i := range uint64(5) {
		if at, ok := c.Instant(At(n + i)); !ok || at != 10_000_000_001+time.Duration(i)*200_000_000 {
			t.Errorf("request %d after the border is at %d (%t)", i, at, ok)
		}
	}
}
