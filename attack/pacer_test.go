package attack

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/clock"
	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// TestPacerReserve has many reserve at once: the instants are one per interval
// from the first on, each taken once, and none past the latest allowed.
func TestPacerReserve(t *testing.T) {
	c := clock.From(time.Now())
	p := newPacer(&plan.Plan{ConnectRate: 100}, c)
	latest := c.Now().Add(time.Second)
	var mu sync.Mutex
	var got []Instant
	var refused atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 25 {
				at, ok := p.reserve(latest)
				if !ok {
					refused.Add(1)
					continue
				}
				mu.Lock()
				got = append(got, at)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	slices.Sort(got)
	for i := range got {
		if i > 0 && got[i].Sub(got[i-1]) < time.Duration(p.every.Load()) || got[i] > latest {
			t.Fatalf("instant %d is %d, after %d", i, got[i], got[max(i, 1)-1])
		}
	}
	if len(got) < 100 || len(got) > 101 || int(refused.Load()) != 200-len(got) {
		t.Errorf("%d of 200 have an instant within the second, %d have not", len(got), refused.Load())
	}
	// By default a tenth of a second's worth goes at once, and the rest after it.
	p = newPacer(&plan.Plan{}, c)
	now := c.Now()
	ahead := 0
	for range 150 {
		if at, _ := p.reserve(now.Add(time.Hour)); at <= c.Now() {
			ahead++
		}
	}
	if ahead < 100 || ahead > 149 || newPacer(&plan.Plan{Rate: mustRate(t, "1")}, c) != nil {
		t.Errorf("%d of 150 need not wait", ahead)
	}
}

// arrived is a server that notes when each connection came.
func arrived(t *testing.T) (url string, list func() []time.Time) {
	t.Helper()
	var mu sync.Mutex
	var at []time.Time
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { takes(5*time.Millisecond, r) }))
	s.Config.ConnState = onNew(func() {
		mu.Lock()
		defer mu.Unlock()
		at = append(at, time.Now())
	})
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, func() []time.Time {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(at)
	}
}

// TestConnectRate opens connections no faster than asked, with and without
// keep-alive, in both loops; waiting is neither lateness nor service time.
func TestConnectRate(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, c := range []struct {
		name            string
		open, keepAlive bool
	}{{"closed", false, true}, {"closed, no keep-alive", false, false}, {"open, no keep-alive", true, false}} {
		t.Run(c.name, func(t *testing.T) {
			url, list := arrived(t)
			p := testPlan(0)
			p.Duration, p.Concurrency, p.ConnectRate, p.KeepAlive = 600*time.Millisecond, 100, 50, c.keepAlive
			if c.open {
				p.Rate = mustRate(t, "200")
				p.Timeout = 300 * time.Millisecond
			}
			s := attackOf(t, url, p)
			at := list()
			// The k-th connection is not before k intervals after the first, the
			// accept's own delay apart, which can only draw two together.
			if n := len(at); n < 5 || n > 50 || uint64(n) < s.Counts.Connections { // attempts may be given up on their way
				t.Errorf("%d connections arrived, %d opened", n, s.Counts.Connections)
			}
			if took := at[len(at)-1].Sub(at[0]); took < time.Duration(len(at)-2)*20*time.Millisecond/2 {
				t.Errorf("%d connections within %v", len(at), took)
			}
			if !strings.Contains(strings.Join(lines(s.Warnings), "\n"), "connect rate 50") {
				t.Errorf("warnings %q", s.Warnings)
			}
			if !c.open {
				// Each ticket was taken when its connection was allowed.
				if s.Counts.Failed > 0 || s.Counts.LateWithSlots+s.Counts.LateNoSlots > 0 {
					t.Errorf("%+v %+v", s.Counts, s.Failures)
				}
				return
			}
			// More is asked than can be connected: some wait, and give up.
			if s.Counts.Failed == 0 || s.Failures[0].Kind != result.KindConnectRate || s.Verdict.LimitedBy != result.LimitConnections {
				t.Errorf("%+v %+v %+v", s.Counts, s.Failures, s.Verdict)
			}
			if s.Latencies[figure.Response].Max() < 2*s.Latencies[figure.Service].Max() {
				t.Errorf("response %v, service %v", time.Duration(s.Latencies[figure.Response].Max()), time.Duration(s.Latencies[figure.Service].Max()))
			}
		})
	}
}

// TestConnectRateStopped stops and cuts runs that wait for connections.
func TestConnectRateStopped(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, how := range []plan.AtEnd{plan.Drain, plan.Cut} {
		for _, http2 := range []bool{false, true} {
			for _, open := range []bool{false, true} {
				var requests atomic.Int64
				count := func(http.ResponseWriter, *http.Request) { requests.Add(1) }
				url, _ := h2Server(t, false, 0, count)
				p := testPlan(0)
				p.HTTP2, p.Connections = http2, 4
				if !http2 {
					server := httptest.NewServer(http.HandlerFunc(count))
					defer server.Close()
					url = server.URL
				}
				p.Duration, p.ConnectRate, p.Timeout = time.Minute, 1, 500*time.Millisecond
				if open {
					p.Rate = mustRate(t, "100")
				}
				run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
				await(func() bool { return requests.Load() > 0 })
				run.Stop(how)
				<-run.Done()
				s := run.Snapshot()
				checkBooks(t, s)
				if s.Counts.Connections != 1 || s.Elapsed > 10*time.Second {
					t.Errorf("%s, HTTP/2 %v, open %v: %+v %+v", how, http2, open, s.Counts, s.Failures)
				}
			}
		}
	}
}

// TestConnections bounds an open loop in HTTP/1.1.
func TestConnections(t *testing.T) {
	url, list := arrived(t)
	for i, concurrency := range []int{0, 50} {
		p := testPlan(0)
		p.Rate, p.Duration, p.Concurrency, p.Connections = mustRate(t, "2000"), 300*time.Millisecond, concurrency, 3
		s := attackOf(t, url, p)
		if n := len(list()); n <= i || n > 3*(i+1) || s.Counts.Succeeded != s.Counts.Sent {
			t.Errorf("%d connections: %+v", n, s.Counts)
		}
	}
	p := testPlan(10)
	p.Connections = 3
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "concurrency 4") {
		t.Errorf("a closed loop of 4 on 3 connections: %v", err)
	}
}

// onNew calls f for each new connection of a server.
func onNew(f func()) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f()
		}
	}
}
