package plan

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// testPlan is a plan of a closed loop that is whole.
func testPlan(n uint64) Plan {
	return Plan{Concurrency: 4, Requests: n, Timeout: 5 * time.Second, KeepAlive: true, AtEnd: Drain, CatchUp: CatchUpSend, Success: DefaultSuccess()}
}

func mustRate(t *testing.T, s string) vegeta.Rate {
	t.Helper()
	r, err := ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTickets(t *testing.T) {
	for _, c := range []struct {
		rate string
		d    time.Duration
		want uint64
	}{
		{"7", 3 * time.Second, 21},
		{"90/m", 2 * time.Second, 3},
		{"0.5", 4 * time.Second, 2},
		{"1000", 5 * time.Second, 5000},
		{"3", time.Second / 3, 1},              // 333,333,333 ns: before the ticket at 333,333,333
		{"3", time.Second/3 + 1, 2},            // and just past it
		{"10000000", 24 * time.Hour, 864e9},    // the highest rate for a day
		{"0.000001", 365 * 24 * time.Hour, 32}, // the lowest for a year
		{"0.1", 10 * time.Second, 1},           // an end on an instant does not hold it
		{"100", 0, 0},
	} {
		if got := Tickets(mustRate(t, c.rate), c.d); got != c.want {
			t.Errorf("%s for %v: %d tickets, want %d", c.rate, c.d, got, c.want)
		}
	}
}

// TestInstantExact compares instants with arbitrary-precision arithmetic, over
// numbers up to 10⁹ and far beyond, and Tickets with Instant's own border.
func TestInstantExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, word := range []string{"7", "90/m", "0.5", "333.333", "1000", "99999.9", "10000000", "1/m"} {
		rate := mustRate(t, word)
		for range 20000 {
			i := random.Uint64N(1e9)
			want := new(big.Int).Mul(new(big.Int).SetUint64(i), big.NewInt(int64(rate.Per)))
			want.Quo(want, big.NewInt(int64(rate.Freq)))
			got, ok := OffsetOf(rate, i)
			if want.IsInt64() != ok || ok && int64(got) != want.Int64() {
				t.Fatalf("%s: ticket %d at %d (%v), want %v", word, i, got, ok, want)
			}
			if n := Tickets(rate, got+1); ok && n <= i {
				t.Fatalf("%s: ticket %d lies before %v, yet there are only %d", word, i, got+1, n)
			}
			if n := Tickets(rate, got); ok && n > i {
				t.Fatalf("%s: ticket %d lies at %v, yet %d are before it", word, i, got, n)
			}
		}
	}
	if _, ok := OffsetOf(vegeta.Rate{Freq: 1, Per: time.Hour}, 1<<63); ok {
		t.Error("an instant beyond 292 years is not refused")
	}
}

func TestScheduleWarmup(t *testing.T) {
	p := Plan{Rate: mustRate(t, "10"), Warmup: 250 * time.Millisecond, Duration: time.Second}
	s := NewSchedule(&p)
	var at []time.Duration
	for k := uint64(0); ; k++ {
		ns, ok := s.At(k)
		if !ok {
			break
		}
		at = append(at, ns)
	}
	if s.Warm != 3 || len(at) != 13 || at[2] != 200*time.Millisecond || at[3] != 250*time.Millisecond || at[12] != 1150*time.Millisecond {
		t.Errorf("warm %d, instants %v", s.Warm, at)
	}
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"500", "0.5", "90/m", "1e3", "", "/", "9999999999999", "0.0000001", "-1", "1.2.3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRate(s)
		if err == nil && (r.Freq <= 0 || r.Per <= 0 || PerSecond(r) > MaxRatePerSecond) {
			t.Errorf("%q is read as %v", s, r)
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	f.Add("10s")
	f.Add("-1h")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); err == nil && d < 0 {
			t.Errorf("%q is read as %v", s, d)
		}
	})
}
