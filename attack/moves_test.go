//go:build !windows

package attack

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
)

// counted is a server at an address that counts what comes.
func counted(t *testing.T, address string, http2 bool) (at string, n *atomic.Int64) {
	t.Helper()
	n = new(atomic.Int64)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n.Add(1)
		takes(time.Millisecond, r)
	}))
	s.Listener.Close()
	s.Listener = l
	if http2 {
		startH2(t, s, false)
	} else {
		s.Start()
		t.Cleanup(s.Close)
	}
	return l.Addr().String(), n
}

// TestNameMoves has a name get another address while the old one still answers: the
// connections that are kept alive follow it, and no request is lost.
func TestNameMoves(t *testing.T) {
	for _, c := range []struct {
		name  string
		http2 bool
		rate  string
		ttl   time.Duration
		moves bool
	}{
		{name: "closed loop", ttl: 20 * time.Millisecond, moves: true},
		{name: "open loop", rate: "500", ttl: 20 * time.Millisecond, moves: true},
		{name: "HTTP2", http2: true, ttl: 20 * time.Millisecond, moves: true},
		{name: "not followed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, old := counted(t, "127.0.0.1:0", c.http2)
			_, port, _ := net.SplitHostPort(first)
			_, young := counted(t, "127.0.0.2:"+port, c.http2)
			served := serveNames(t, "127.0.0.1")
			p := testPlan(1 << 40)
			p.HTTP2 = c.http2
			if c.rate != "" {
				p.Rate = mustRate(t, c.rate)
			}
			run := startVia(t, "http://several.test:"+port+"/", endpoint.Options{DNSTTL: c.ttl}, p, Request{}, payloads.Single("test", body), nil)
			await(func() bool { return old.Load() > 50 })
			served.set("127.0.0.2")
			before := old.Load()
			if c.moves {
				await(func() bool { return young.Load() > 100 })
			} else {
				await(func() bool { return old.Load() > before+200 })
			}
			settled := old.Load()
			already := young.Load()
			await(func() bool { return young.Load()+old.Load() > already+settled+100 })
			if c.moves && old.Load() != settled {
				t.Errorf("%d more came to the old address", old.Load()-settled)
			}
			run.Stop(plan.Drain)
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			if s.Counts.Failed > 0 || int64(s.Counts.Succeeded) != old.Load()+young.Load() {
				t.Errorf("%d succeeded, %d failed, %d and %d came: %+v", s.Counts.Succeeded, s.Counts.Failed, old.Load(), young.Load(), s.Failures)
			}
			said := strings.Join(lines(s.Warnings), "; ")
			if want := "several.test moved from 127.0.0.1:" + port + " to 127.0.0.2:" + port + " after "; strings.Contains(said, want) != c.moves || c.moves && !strings.Contains(said, "closed, ") {
				t.Errorf("said: %q", said)
			}
			if !c.moves && young.Load() > 0 {
				t.Errorf("%d came to an address that nobody asked for", young.Load())
			}
		})
	}
}
