//go:build !windows

package attack

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/quiet"
	"brunt/payloads"
	"brunt/payloads/needs"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Whatever changes of the rate come, tickets keep their order, those of the
// past their instants, and each has one number.
func TestChangedScheduleIsOneSchedule(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		rate := func() vegeta.Rate { return vegeta.Rate{Freq: 1 + rnd.IntN(400), Per: time.Second} }
		plan := Plan{Rate: rate(), Duration: 3 * time.Second, Warmup: time.Duration(rnd.IntN(2)) * time.Second}
		s := newSchedule(&plan)
		for at := time.Duration(1); ; {
			at += time.Duration(rnd.IntN(int(time.Second)))
			if at >= s.end {
				break
			}
			next := rate()
			n := s.changed(at, next)
			past := s.before(at)
			if n.before(at) != past {
				t.Fatalf("seed %d: %d tickets before the change, %d by the new schedule", seed, past, n.before(at))
			}
			for k := range past {
				was, ok := s.at(k)
				is, still := n.at(k)
				if was != is || ok != still {
					t.Fatalf("seed %d: ticket %d moved from %d to %d", seed, k, was, is)
				}
			}
			// Neither a burst nor a hole: the next ticket is at most one of the
			// new rate's intervals away.
			if first, ok := n.at(past); ok && past != n.warm && (first < at || float64(first-at) > 1e9/PerSecond(next)+2) {
				t.Fatalf("seed %d: first ticket %v after a change to %v/s", seed, first-at, PerSecond(next))
			}
			s = n
		}
		last, k := time.Duration(-1), uint64(0)
		for ; ; k++ {
			at, ok := s.at(k)
			if !ok {
				break
			}
			if at < last || at >= s.end || at < plan.Warmup != (k < s.warm) || s.before(at+1) <= k || s.before(at) > k {
				t.Fatalf("seed %d: ticket %d at %d after one at %d; %d before it", seed, k, at, last, s.before(at))
			}
			last = at
		}
		if k != s.warm+s.measured || s.plannedBefore(s.end) != s.measured {
			t.Fatalf("seed %d: %d tickets, %d + %d counted", seed, k, s.warm, s.measured)
		}
	}
}

// An open loop whose rate is changed sends what its schedule then says, each
// index once.
func TestRateChangedUnderWay(t *testing.T) {
	needs.Time(t)
	o := startOracle(t, 20_000)
	p := testPlan(0)
	p.Rate, p.Concurrency, p.Duration = vegeta.Rate{Freq: 1, Per: 10 * time.Second}, 200, 2*time.Second
	run := startWith(t, o.url(), p, Request{}, indexedBodies(t, 20_000, 0), nil)
	for i, rate := range []int{2000, 50, 4000, 7, 1000} {
		at := run.start.Add(time.Duration(i+1) * (200 * time.Millisecond)) // by the run's own clock: delays do not add up
		await(func() bool { return run.clock.Now() >= at })
		if err := run.Change(perSecond(rate), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Change(vegeta.Rate{}, 5); err == nil {
		t.Error("an open loop took a concurrency")
	}
	<-run.Done()
	if err := run.Change(perSecond(5), 0); err != ErrOver {
		t.Errorf("a run that is over could be changed: %v", err)
	}
	s := run.Snapshot()
	checkBooks(t, s)
	want := uint64(1) // of 0.1/s
	for i, c := range s.Changes {
		until := p.Duration
		if i+1 < len(s.Changes) {
			until = s.Changes[i+1].At
		}
		want += uint64(PerSecond(c.Rate) * (until - c.At).Seconds())
	}
	arrived := o.summary()
	if c := s.Counts; len(s.Changes) != 5 || c.Planned > want+6 || c.Planned+6 < want || c.Sent != c.Planned || arrived.Distinct != c.Sent {
		t.Errorf("%d changes, planned %d where rates and times make %d, sent %d, arrived %d", len(s.Changes), c.Planned, want, c.Sent, arrived.Distinct)
	}
}

// A closed loop is made larger and smaller, and no ticket of -n is lost or
// sent twice.
func TestConcurrencyChangedUnderWay(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	const n = 6_000
	var now, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer now.Add(-1)
		for at := now.Add(1); ; {
			if was := most.Load(); at <= was || most.CompareAndSwap(was, at) {
				break
			}
		}
		takes(time.Millisecond, r)
	}))
	defer server.Close()
	run := start(t, server.URL, testPlan(n), payloads.Single("test", body), endpoint.Options{})
	reached := func(i uint64) { await(func() bool { return run.begun() >= i }) }
	for i, concurrency := range []int{32, 2, 3, 1, 24, 5} {
		if err := run.Change(vegeta.Rate{}, concurrency); err != nil {
			t.Fatal(err)
		}
		// Those sent away go once their request is done.
		await(func() bool { return run.leaving.Load() == 0 })
		seen := run.begun()
		reached(seen + uint64(concurrency))
		most.Store(0)
		reached(seen + 300)
		if got := most.Load(); got > int64(concurrency) || got == 0 {
			t.Errorf("change %d: %d in flight, want at most %d", i, got, concurrency)
		}
	}
	if err := run.Change(perSecond(5), 0); err == nil {
		t.Error("a closed loop took a rate")
	}
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Counts.Sent != n || len(s.Changes) != 6 || len(run.workerList) > 32 {
		t.Errorf("sent %d of %d, %d changes, %d workers kept", s.Counts.Sent, n, len(s.Changes), len(run.workerList))
	}
	if err := run.Change(vegeta.Rate{}, 3); err != ErrOver {
		t.Errorf("a run that is over could be changed: %v", err)
	}
}

// A client that was held up sends its backlog through the workers that it has,
// not each late ticket through a connection of its own, unless the endpoint is
// held up too.
func TestBacklogOpensFewConnections(t *testing.T) {
	quiet.Repeat(t, func() error {
		c, backlog := heldUp(t)
		if c.Connections >= backlog/2 {
			return fmt.Errorf("%d of %d sent, %d connections for a backlog of %d", c.Sent, c.Planned, c.Connections, backlog)
		}
		return nil
	})
}

func heldUp(t *testing.T) (c Counts, backlog uint64) {
	o := startOracle(t, 20_000)
	defer o.kill()
	p := testPlan(0)
	p.Rate, p.Concurrency, p.Duration = perSecond(2000), 10_000, 1500*time.Millisecond
	run := startWith(t, o.url(), p, Request{}, indexedBodies(t, 20_000, 0), nil)
	await(func() bool { return run.begun() > 500 })
	for _, turn := range run.dispatchers {
		turn.mu.Lock()
	}
	before := run.clock.Now()
	await(func() bool { return run.clock.Now().Sub(before) >= (500 * time.Millisecond) })
	for _, turn := range run.dispatchers {
		turn.mu.Unlock()
	}
	backlog = Tickets(p.Rate, (run.clock.Now().Sub(before)))
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Counts.Sent != s.Counts.Planned {
		t.Errorf("%d of %d sent", s.Counts.Sent, s.Counts.Planned)
	}
	return s.Counts, backlog
}

// An endpoint that takes no more connections is waited for by as many requests
// as fall due: that no connection comes is not the client's lateness.
func TestSilenceIsNoLateness(t *testing.T) {
	l, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(l)
	if err := syscall.Bind(l, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(l, 0); err != nil { // and never accept
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(l)
	if err != nil {
		t.Fatal(err)
	}
	p := testPlan(0)
	p.Rate, p.Concurrency, p.Duration, p.Timeout = perSecond(3500), 5_000, 400*time.Millisecond, 700*time.Millisecond
	quiet.Repeat(t, func() error {
		c := attackOf(t, fmt.Sprintf("http://127.0.0.1:%d/", name.(*syscall.SockaddrInet4).Port), p).Counts
		if c.Sent != c.Planned || c.LateWithSlots >= c.Planned/4 {
			return fmt.Errorf("%d of %d sent, %d late", c.Sent, c.Planned, c.LateWithSlots)
		}
		return nil
	})
}
