//go:build !windows

package attack

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

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
		want += uint64(plan.PerSecond(c.Rate) * (until - c.At).Seconds())
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
		await(func() bool { return run.leaving() == 0 })
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
	if s.Counts.Sent != n || len(s.Changes) != 6 || run.slotCount() > 32 {
		t.Errorf("sent %d of %d, %d changes, %d slots kept", s.Counts.Sent, n, len(s.Changes), run.slotCount())
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

func heldUp(t *testing.T) (c result.Counts, backlog uint64) {
	o := startOracle(t, 20_000)
	defer o.kill()
	p := testPlan(0)
	p.Rate, p.Concurrency, p.Duration = perSecond(2000), 10_000, 1500*time.Millisecond
	run := startWith(t, o.url(), p, Request{}, indexedBodies(t, 20_000, 0), nil)
	await(func() bool { return run.begun() > 500 })
	release := run.holdLoops()
	before := run.clock.Now()
	await(func() bool { return run.clock.Now().Sub(before) >= (500 * time.Millisecond) })
	release()
	backlog = plan.Tickets(p.Rate, (run.clock.Now().Sub(before)))
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
