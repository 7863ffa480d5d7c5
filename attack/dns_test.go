//go:build !windows

package attack

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"brunt/attack/endpoint"
	"brunt/payloads/needs"
)

// names are what a name server answers to every question.
type names struct {
	mu  sync.Mutex
	ips []string
}

func (n *names) set(ips ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ips = ips
}

func (n *names) get() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ips
}

// serveNames has the process look names up at a server on loopback that gives
// the same addresses for all of them.
func serveNames(t *testing.T, ips ...string) *names {
	t.Helper()
	all := &names{ips: ips}
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
			if reply := nameReply(packet[:n], all.get()); reply != nil {
				_, _ = server.WriteTo(reply, from)
			}
		}
	}()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		// A look-up that nobody waits for any more may still dial, after the test has put
		// the old resolver back: it must not read which one that is.
		d := net.Dialer{Resolver: before}
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		server.Close()
		<-gone
	})
	return all
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
	p := testPlan(n)
	p.Rate, p.Concurrency, p.KeepAlive = mustRate(t, "600"), 16, false
	run := startWith(t, "http://several.test:"+port+"/", p, Request{}, indexedBodies(t, n, 0), nil)
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
	warning := strings.Join(lines(s.Warnings), "; ")
	if !strings.Contains(warning, "127.0.0.3:"+port) || !strings.Contains(warning, "127.0.0.4:"+port) || strings.Contains(warning, "127.0.0.1:") || strings.Contains(warning, "127.0.0.2:") {
		t.Errorf("the dead are not named, or the living are: %q", warning)
	}
}

// TestAddressMoves has the server at an address die after the name was given
// another: that one is found, and the dead one is named.
func TestAddressMoves(t *testing.T) {
	needs.Time(t)
	for _, c := range []struct {
		name          string
		before, after []string
		lost          bool // requests find nobody until the name is looked up
	}{
		{"the only one", []string{"127.0.0.1"}, []string{"127.0.0.2"}, true},
		{"one of two", []string{"127.0.0.1", "127.0.0.3"}, []string{"127.0.0.2", "127.0.0.3"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			const n = 1000
			dying := startOracleAt(t, "127.0.0.1:0", 2*n)
			_, port, err := net.SplitHostPort(dying.address)
			if err != nil {
				t.Fatal(err)
			}
			others := []*oracle{startOracleAt(t, "127.0.0.2:"+port, 2*n), startOracleAt(t, "127.0.0.3:"+port, 2*n)}
			served := serveNames(t, c.before...)
			p := testPlan(n)
			p.Rate, p.Concurrency, p.KeepAlive = mustRate(t, "400"), 16, false
			var lastLost uint64
			run := startWith(t, "http://several.test:"+port+"/", p, Request{}, indexedBodies(t, n, 0), func(_ time.Time, batch []Record) error {
				for _, r := range batch {
					if r.Status != 200 {
						lastLost = max(lastLost, r.Index)
					}
				}
				return nil
			})
			// By then the first look-up is a second old.
			awaitArrivals(dying, run, uint64(n/2/len(c.before)))
			served.set(c.after...)
			dying.kill()
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			died, found, third := dying.arrived(), others[0].summary().Arrived, others[1].summary().Arrived
			t.Logf("%d, %d and %d arrived, %d failed, the last of them %d, %v, %v", died, found, third, s.Counts.Failed, lastLost, s.Addresses, s.Warnings)
			if found < n/8 || lastLost > n*3/4 {
				t.Errorf("%d arrived at the new address, the last failure is of request %d: %+v", found, lastLost, s.Failures)
			}
			if flight := s.Counts.Failed - countOf(s, endpoint.Refused); flight > uint64(p.Concurrency) || !c.lost && unsent(s) > 0 {
				t.Errorf("only what was in flight at the death may fail: %+v", s.Failures)
			}
			if left, arrived := s.Counts.Sent-unsent(s), died+found+third; arrived > left || left > arrived+uint64(p.Concurrency) {
				t.Errorf("%d could arrive, %d did", left, arrived)
			}
			if warning := strings.Join(lines(s.Warnings), "; "); !strings.Contains(warning, "127.0.0.1:"+port) || strings.Contains(warning, "127.0.0.2:") || strings.Contains(warning, "127.0.0.3:") {
				t.Errorf("the dead one is not named, or the living are: %q", warning)
			}
			if len(s.Addresses) != len(c.before)+1 {
				t.Errorf("addresses: %v", s.Addresses)
			}
		})
	}
}
