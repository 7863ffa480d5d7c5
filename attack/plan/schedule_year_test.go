package plan

import (
	"math"
	"math/big"
	"testing"
	"time"
)

// TestYear follows schedules of a day and of a year, with a warm-up, at all
// rates: wherever one looks, instants are exact to the nanosecond, they rise,
// and the number planned before each agrees.
func TestYear(t *testing.T) {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	const warmup = 10*time.Second + 1
	for _, word := range []string{"0.1", "1/m", "1", "7", "333.333", "1000", "99999.9", "1000000", "9999999.7", "10000000"} {
		for _, length := range []time.Duration{day, year} {
			p := Plan{Rate: mustRate(t, word), Warmup: warmup, Duration: length}
			s := NewSchedule(&p)
			want := func(k uint64) time.Duration { // measured ticket k's instant
				at := new(big.Int).Mul(new(big.Int).SetUint64(k), big.NewInt(int64(p.Rate.Per)))
				return time.Duration(at.Quo(at, big.NewInt(int64(p.Rate.Freq))).Int64()) + warmup
			}
			expected := math.Ceil(PerSecond(p.Rate) * length.Seconds())
			if n := float64(s.Measured); math.Abs(n-expected) > 1 {
				t.Fatalf("%s for %v: %d tickets, want %.0f", word, length, s.Measured, expected)
			}
			if _, ok := s.At(s.Warm + s.Measured); ok {
				t.Fatalf("%s for %v: there is a ticket past the end", word, length)
			}
			const looks = 20_000
			for i := range uint64(looks + 1) {
				// From the first to the last, and the neighbour of each.
				k := min(s.Measured-1, i*(s.Measured/looks)+i%97)
				if i == looks {
					k = s.Measured - 1
				}
				at, ok := s.At(s.Warm + k)
				if !ok || at != want(k) || at >= warmup+length {
					t.Fatalf("%s for %v: ticket %d of %d is at %d (%v), want %d", word, length, k, s.Measured, at, ok, want(k))
				}
				if n := s.PlannedBefore(at + 1); n <= k {
					t.Fatalf("%s for %v: %d tickets before %d, where there is number %d", word, length, n, at+1, k)
				}
				if n := s.PlannedBefore(at); n > k {
					t.Fatalf("%s for %v: %d tickets before %d, yet number %d is not", word, length, n, at, k)
				}
				if next, ok := s.At(s.Warm + k + 1); ok && next <= at {
					t.Fatalf("%s for %v: ticket %d is at %d, the next one at %d", word, length, k, at, next)
				}
			}
			if n := s.PlannedBefore(warmup + length); n != s.Measured {
				t.Fatalf("%s for %v: %d tickets planned at its end, want %d", word, length, n, s.Measured)
			}
			if n := s.PlannedBefore(math.MaxInt64); n != s.Measured {
				t.Fatalf("%s for %v: %d tickets planned at the end of time, want %d", word, length, n, s.Measured)
			}
		}
	}
}
