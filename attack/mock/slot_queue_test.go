package mock

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const ms = int64(time.Millisecond)

// closedLoop lets clients use a line in invented time, each sending again the
// moment its reply is in; it returns each client's latencies.
func closedLoop(l *slotQueue, clients, requests int, overhead, latency int64) [][]int64 {
	free := make([]int64, clients) // when each client sends next
	seen := make([][]int64, clients)
	for range clients * requests {
		i := slices.Index(free, slices.Min(free))
		now := free[i]
		free[i] = l.plan(now, latency) + overhead
		seen[i] = append(seen[i], free[i]-now)
	}
	return seen
}

// The worked cases of the platform's own guide to load tests: 10 ms of overhead
// and 40 ms of model.
func TestLineWorkedCases(t *testing.T) {
	tests := []struct {
		name               string
		clients, slots     int
		first, second      int64 // ms: a client's first latency
		settledFirst, last int64
	}{
		{"one client, one slot", 1, 1, 50, 0, 50, 50},
		{"one client, two slots", 1, 2, 50, 0, 50, 50},
		{"two clients, two slots", 2, 2, 50, 50, 50, 50},
		{"two clients, one slot: 90 ms at the first collision, then 80", 2, 1, 50, 90, 80, 80},
	}
	for _, tt := range tests {
		l := newSlotQueue(Config{Concurrency: tt.slots})
		seen := closedLoop(&l, tt.clients, 100, 10*ms, 40*ms)
		if got := seen[0][0]; got != tt.first*ms {
			t.Errorf("%s: first client's first %d ns, want %d ms", tt.name, got, tt.first)
		}
		if tt.clients > 1 && seen[1][0] != tt.second*ms {
			t.Errorf("%s: second client's first %d ns, want %d ms", tt.name, seen[1][0], tt.second)
		}
		for i := range seen {
			for k, got := range seen[i][1:] {
				if got != tt.last*ms {
					t.Fatalf("%s: client %d, request %d: %d ns, want %d ms", tt.name, i, k+1, got, tt.last)
				}
			}
		}
	}
}

func TestLineRefusesPastTheQueue(t *testing.T) {
	l := newSlotQueue(Config{Concurrency: 2, Queue: 3})
	taken := 0
	for range 10 {
		if !l.full(0) {
			l.plan(0, 40*ms)
			taken++
		}
	}
	if taken != 5 || l.waiting(0) != 3 || l.serving(0) != 2 {
		t.Errorf("taken %d, waiting %d, serving %d; want 5, 3, 2", taken, l.waiting(0), l.serving(0))
	}
	// One nanosecond before the slots come free nothing has moved; then two of
	// the three move up.
	if !l.full(40*ms-1) || l.full(40*ms) {
		t.Errorf("full at 40 ms - 1 ns: %v, at 40 ms: %v; want true, false", l.full(40*ms-1), l.full(40*ms))
	}
	if l.waiting(40*ms) != 1 || l.serving(40*ms) != 2 {
		t.Errorf("at 40 ms waiting %d, serving %d; want 1, 2", l.waiting(40*ms), l.serving(40*ms))
	}
	if l.waiting(120*ms) != 0 || l.serving(120*ms) != 0 {
		t.Errorf("at the end waiting %d, serving %d; want none", l.waiting(120*ms), l.serving(120*ms))
	}
}

func TestLineWithoutBound(t *testing.T) {
	l := newSlotQueue(Config{Concurrency: 1})
	for i := range int64(5000) {
		if l.full(0) {
			t.Fatalf("full after %d", i)
		}
		if got := l.plan(0, ms); got != (i+1)*ms {
			t.Fatalf("request %d leaves at %d, want %d", i, got, (i+1)*ms)
		}
	}
}

func TestLineWakes(t *testing.T) {
	l := newSlotQueue(Config{Concurrency: 2, Queue: 3, ColdStart: time.Second})
	begin := 500 * ms
	for i, want := range []int64{40, 40, 80} {
		if l.full(begin) {
			t.Fatalf("full before request %d", i)
		}
		if got := l.plan(begin, 40*ms) - begin - 1000*ms; got != want*ms {
			t.Errorf("request %d leaves %d ns after the wake-up, want %d ms", i, got, want)
		}
	}
	if !l.full(begin+999*ms) || l.serving(begin+999*ms) != 0 {
		t.Errorf("while it wakes: full %v, serving %d; want true, 0", l.full(begin+999*ms), l.serving(begin+999*ms))
	}
	if l.full(begin+1000*ms) || l.serving(begin+1000*ms) != 2 || l.waiting(begin+1000*ms) != 1 {
		t.Errorf("awake: full %v, serving %d, waiting %d; want false, 2, 1",
			l.full(begin+1000*ms), l.serving(begin+1000*ms), l.waiting(begin+1000*ms))
	}
}

// step is one request of the plain simulation below.
type step struct{ arrives, begins, leaves int64 }

// The planned line against a plain reading of the rules: first come, first
// served by the slot that is free first.
func TestLineAgainstPlainSimulation(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		slots, bound := 1+random.IntN(5), random.IntN(8)
		l := newSlotQueue(Config{Concurrency: slots, Queue: bound})
		var past []step
		now := int64(0)
		for range 300 {
			now += random.Int64N(20)
			waiting, serving := 0, 0
			var leaving []int64 // of those not gone, which hold or will hold the slots
			for _, p := range past {
				if p.begins > now {
					waiting++
				} else if p.leaves > now {
					serving++
				}
				if p.leaves > now {
					leaving = append(leaving, p.leaves)
				}
			}
			if l.waiting(now) != waiting || l.serving(now) != serving {
				t.Fatalf("seed %d: waiting %d, serving %d; want %d, %d", seed, l.waiting(now), l.serving(now), waiting, serving)
			}
			if want := bound > 0 && waiting >= bound; l.full(now) != want {
				t.Fatalf("seed %d: full %v, want %v", seed, !want, want)
			} else if want {
				continue
			}
			// It begins when all but slots-1 of those before it have left.
			begins := now
			if slices.Sort(leaving); len(leaving) >= slots {
				begins = leaving[len(leaving)-slots]
			}
			latency := random.Int64N(100)
			past = append(past, step{now, begins, begins + latency})
			if got := l.plan(now, latency); got != begins+latency {
				t.Fatalf("seed %d: leaves at %d, want %d", seed, got, begins+latency)
			}
		}
	}
}
