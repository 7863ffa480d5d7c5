package mock

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"brunt/attack/quiet"
)

func dial(t testing.TB, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// measured is what the clients of a closed loop saw.
type measured struct {
	latencies [][]time.Duration // by client
	perSecond float64
}

// loop lets clients send together, each again the moment its reply is in.
func loop(t *testing.T, s *Server, clients, requests int) measured {
	t.Helper()
	m := measured{latencies: make([][]time.Duration, clients)}
	conns := make([]net.Conn, clients)
	for i := range conns {
		conns[i] = dial(t, s)
		defer conns[i].Close()
	}
	message := rawRequest(s, `{"instances":[1]}`)
	var running sync.WaitGroup
	begin := time.Now()
	for i, conn := range conns {
		running.Go(func() {
			buffer := make([]byte, 4096)
			for range requests {
				sent := time.Now()
				if _, err := conn.Write(message); err != nil {
					t.Error(err)
					return
				}
				if _, err := conn.Read(buffer); err != nil {
					t.Error(err)
					return
				}
				m.latencies[i] = append(m.latencies[i], time.Since(sent))
			}
		})
	}
	running.Wait()
	m.perSecond = float64(clients*requests) / time.Since(begin).Seconds()
	return m
}

func near(got, want float64) bool { return got > 0.9*want && got < 1.1*want }

// The same four cases as TestLineWorkedCases, over the network and in real
// time. A noisy machine may spoil a try; nothing may be faster than planned in
// any.
func TestWorkedCases(t *testing.T) {
	tests := []struct {
		name           string
		clients, slots int
		first, settled time.Duration // of the client that comes last
		perSecond      float64
	}{
		{"1 client, 1 slot", 1, 1, 50 * time.Millisecond, 50 * time.Millisecond, 20},
		{"1 client, 2 slots", 1, 2, 50 * time.Millisecond, 50 * time.Millisecond, 20},
		{"2 clients, 2 slots", 2, 2, 50 * time.Millisecond, 50 * time.Millisecond, 40},
		{"2 clients, 1 slot", 2, 1, 90 * time.Millisecond, 80 * time.Millisecond, 25},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			quiet.Repeat(t, func() error {
				s := start(t, Config{Concurrency: tt.slots, Overhead: 10 * time.Millisecond, Latency: 40 * time.Millisecond})
				m := loop(t, s, tt.clients, 14)
				ok := near(m.perSecond, tt.perSecond)
				first := time.Duration(0)
				for _, seen := range m.latencies {
					first = max(first, seen[0])
					settled := slices.Sorted(slices.Values(seen[1:]))
					ok = ok && near(settled[len(settled)/2].Seconds(), tt.settled.Seconds())
					if settled[0] < 50*time.Millisecond {
						t.Errorf("a request took %v, less than overhead and latency", settled[0])
					}
				}
				ok = ok && near(first.Seconds(), tt.first.Seconds())
				t.Logf("%.2f/s, first %v, %v", m.perSecond, first, m.latencies)
				if !ok {
					return fmt.Errorf("%.2f/s, first %v: not within 10 %% of %v/s, first %v, then %v", m.perSecond, first, tt.perSecond, tt.first, tt.settled)
				}
				return nil
			})
		})
	}
}

// A slot is handed over at the planned instant, not when somebody wakes: over
// many services in a row, late timers must not add up. 200 times 2 ms through
// one slot is 0.4 s of planned work; a millisecond lost at each hand-over would
// make it 0.6 s.
func TestLateTimersDoNotAddUp(t *testing.T) {
	const clients, requests = 4, 50
	planned := 1 / (2 * time.Millisecond).Seconds()
	quiet.Repeat(t, func() error {
		s := start(t, Config{Concurrency: 1, Latency: 2 * time.Millisecond})
		m := loop(t, s, clients, requests)
		if m.perSecond > planned {
			t.Errorf("%.1f/s, more than the slot can do (%v/s)", m.perSecond, planned)
		}
		if m.perSecond <= 0.9*planned {
			return fmt.Errorf("%.1f/s, not near the slot's %v/s", m.perSecond, planned)
		}
		return nil
	})
}
