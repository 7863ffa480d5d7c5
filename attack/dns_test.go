//go:build !windows

package attack

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"brunt/attack/endpoint"
)

// serveNames has the process look names up at a server on loopback that gives
// the same addresses for all of them.
func serveNames(t *testing.T, ips ...string) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		packet := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			if reply := nameReply(packet[:n], ips); reply != nil {
				_, _ = server.WriteTo(reply, from)
			}
		}
	}()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		server.Close()
		<-gone
	})
}

// nameReply answers a question for IPv4 addresses; there are no others.
func nameReply(query []byte, ips []string) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	for _, ip := range ips {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte(net.ParseIP(ip).To4())},
			})
		}
	}
	reply, err := m.Pack()
	if err != nil {
		return nil
	}
	return reply
}

// TestSeveralAddresses has a name with four addresses, at one of which nobody
// ever listens, and at another not until the end. The requests go to the
// others, none is lost but those in flight at the death, and the report names
// the dead.
func TestSeveralAddresses(t *testing.T) {
	const n = 1200
	first := startOracleAt(t, "127.0.0.1:0", 2*n)
	_, port, err := net.SplitHostPort(first.address)
	if err != nil {
		t.Fatal(err)
	}
	second := startOracleAt(t, "127.0.0.2:"+port, 2*n)
	dying := startOracleAt(t, "127.0.0.3:"+port, 2*n)
	serveNames(t, "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
	target, err := endpoint.Open("http://several.test:"+port+"/", endpoint.Options{}, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	p := testPlan(n)
	p.Rate, p.Concurrency, p.KeepAlive = mustRate(t, "600"), 16, false
	run, err := Start(p, Request{}, indexedBodies(t, n, 0), target, nil)
	if err != nil {
		t.Fatal(err)
	}
	awaitArrivals(dying, run, n/8)
	dying.kill()
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	// What the dead one saw is in its log.
	died := dying.arrived()
	a, b := first.summary(), second.summary()
	t.Logf("%d, %d and %d arrived, %d succeeded, %+v, %v, %v", a.Arrived, b.Arrived, died, s.Counts.Succeeded, s.Failures, s.Addresses, s.Warnings)
	left := s.Counts.Sent - unsent(s)
	if arrived := a.Arrived + b.Arrived + died; s.Counts.Sent != n || arrived > left || left > arrived+uint64(p.Concurrency) {
		t.Errorf("%d sent, %d of it could arrive, %d did", s.Counts.Sent, left, arrived)
	}
	if s.Counts.Failed > uint64(p.Concurrency) || unsent(s) > 0 {
		t.Errorf("only what was in flight at the death may fail: %+v", s.Failures)
	}
	if low, high := min(a.Arrived, b.Arrived), max(a.Arrived, b.Arrived); low < n/4 || high > 2*low {
		t.Errorf("no even spread: %d and %d", a.Arrived, b.Arrived)
	}
	slices.Sort(s.Addresses)
	if want := "127.0.0.1:P 127.0.0.2:P 127.0.0.3:P 127.0.0.4:P"; strings.ReplaceAll(strings.Join(s.Addresses, " "), ":"+port, ":P") != want {
		t.Errorf("addresses %v", s.Addresses)
	}
	warning := strings.Join(s.Warnings, "; ")
	if !strings.Contains(warning, "127.0.0.3:"+port) || !strings.Contains(warning, "127.0.0.4:"+port) || strings.Contains(warning, "127.0.0.1:") || strings.Contains(warning, "127.0.0.2:") {
		t.Errorf("the dead are not named, or the living are: %q", warning)
	}
}
