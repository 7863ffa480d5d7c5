//go:build !windows

package attack

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/payloads"
)

// TestSeveralAddressesHTTP2 has a name with three addresses: at one nobody
// listens, at another not until the end. Connections are spread over those that
// answer, and what they carried goes to the last one.
func TestSeveralAddressesHTTP2(t *testing.T) {
	const n = 1500
	var arrived [2]atomic.Int64
	var servers []*http.Server
	port := "0"
	for i, ip := range []string{"127.0.0.1", "127.0.0.2"} {
		l, err := net.Listen("tcp", net.JoinHostPort(ip, port))
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ = net.SplitHostPort(l.Addr().String())
		s := &http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			arrived[i].Add(1)
			takes(2*time.Millisecond, r)
		})}
		s.Protocols.SetUnencryptedHTTP2(true)
		servers = append(servers, s)
		go s.Serve(l)
		t.Cleanup(func() { s.Close() })
	}
	serveNames(t, "127.0.0.1", "127.0.0.2", "127.0.0.3")
	p := h2Plan(n)
	// So many that several are lost: of those opened instead, taking turns, one
	// tries the address that died.
	p.Concurrency, p.Connections = 16, 8
	run := startWith(t, "http://several.test:"+port+"/", p, Request{}, payloads.Single("test", body), nil)
	await(func() bool { return arrived[1].Load() > n/8 || run.over() })
	servers[1].Close()
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	a, b := arrived[0].Load(), arrived[1].Load()
	t.Logf("%d and %d arrived, %d succeeded, %d connections, %+v, %v, %v", a, b, s.Counts.Succeeded, s.Counts.Connections, s.Failures, s.Addresses, s.Warnings)
	if s.Counts.Sent != n || s.Counts.Failed > uint64(p.Concurrency) || unsent(s) > 0 || b < n/8 {
		t.Errorf("only what was in flight at the death may fail: %+v", s.Failures)
	}
	if both := uint64(a + b); both < s.Counts.Succeeded || both > s.Counts.Sent {
		t.Errorf("%d arrived, %d succeeded", both, s.Counts.Succeeded)
	}
	if warning := strings.Join(lines(s.Warnings), "; "); !strings.Contains(warning, "127.0.0.2:"+port) || !strings.Contains(warning, "127.0.0.3:"+port) || strings.Contains(warning, "127.0.0.1:") {
		t.Errorf("the dead are not named, or the living one is: %q", warning)
	}
	// One connection reaches one address, and no more are claimed.
	p = h2Plan(20)
	serveNames(t, "127.0.0.1", "127.0.0.4")
	run = startWith(t, "http://several.test:"+port+"/", p, Request{}, payloads.Single("test", body), nil)
	<-run.Done()
	if s := run.Snapshot(); s.Counts.Succeeded != 20 || len(s.Addresses) != 1 && len(s.Warnings) == 0 {
		t.Errorf("%d succeeded, addresses %v, %v", s.Counts.Succeeded, s.Addresses, s.Warnings)
	}
}
