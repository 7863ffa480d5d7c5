//go:build !windows

package attack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads/needs"
)

// retirement is a load on a server that ends its connections all the time.
type retirement struct {
	requests    int // on a connection, after which it sends GOAWAY
	concurrency int
}

// retirements are the loads of a test, of which there are many.
func retirements() (list []retirement) {
	if !long {
		return []retirement{{10, 100}, {50, 20}}
	}
	for _, requests := range []int{10, 50, 1000} {
		for _, concurrency := range []int{20, 50, 100, 200} {
			list = append(list, retirement{requests, concurrency})
		}
	}
	return list
}

// TestProxyRetires has real proxies leave their connections with GOAWAY: nginx
// after so many requests, haproxy since it is reloaded again and again. Each request is sent once and
// answered, whatever it takes: none of the failures is brunt's own.
func TestProxyRetires(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	buildOracle(t)
	for _, name := range []string{"nginx", "haproxy"} {
		for _, protocol := range []string{h2c, h2TLS} {
			for i, r := range retirements() {
				if name == "haproxy" && !long && i > 0 {
					break
				}
				kind := proxyKind{name, protocol}
				t.Run(fmt.Sprintf("%s %s %d at %d", name, protocol, r.requests, r.concurrency), func(t *testing.T) {
					n := scale(1_500, 6_000)
					o := startOracle(t, 2*n)
					p := startRetiring(t, kind, o.address, forever, forever, r.requests)
					pl := kind.plan(uint64(n))
					pl.Concurrency, pl.Timeout = r.concurrency, forever
					s, sum := through(t, p, o, pl, 100, func(run *Run) {
						for name == "haproxy" {
							select {
							case <-run.Done():
								return
							case <-time.After(scale(100*time.Millisecond, time.Second)):
								p.reload()
							}
						}
					})
					if s.Counts.Failed > 0 || s.Counts.Sent != pl.Requests || sum.Arrived != pl.Requests {
						t.Errorf("%d of %d arrived, %+v", sum.Arrived, s.Counts.Sent, s.Failures)
					}
				})
			}
		}
	}
}

// TestGoRetires has Go's server do so, at the end of each of so many requests.
func TestGoRetires(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, secure := range []bool{false, true} {
		for _, r := range retirements() {
			t.Run(fmt.Sprintf("secure %v %d at %d", secure, r.requests, r.concurrency), func(t *testing.T) {
				n := scale(3_000, 10_000)
				url, arrived := goRetiring(t, secure, r.requests)
				p := h2Plan(uint64(n))
				p.Concurrency, p.Timeout = r.concurrency, forever
				run := start(t, url, p, indexedBodies(t, n, 100), endpoint.Options{Insecure: true})
				<-run.Done()
				s := run.Snapshot()
				checkBooks(t, s)
				times := arrived()
				if s.Counts.Succeeded != p.Requests || len(times) != n {
					t.Errorf("%d of %d arrived, %+v", len(times), s.Counts.Sent, s.Failures)
				}
				for i, n := range times {
					if n != 1 {
						t.Errorf("request %d arrived %d times", i, n)
					}
				}
			})
		}
	}
}

// goRetiring is Go's server; arrived says how often each index arrived.
func goRetiring(t *testing.T, secure bool, requests int) (url string, arrived func() map[int]int) {
	t.Helper()
	var mu sync.Mutex
	times := map[int]int{}
	type counter struct{}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		body := struct{ I int }{-1}
		_ = json.Unmarshal(text, &body)
		mu.Lock()
		times[body.I]++
		mu.Unlock()
		if r.Context().Value(counter{}).(*atomic.Int64).Add(1)%int64(requests) == 0 {
			w.Header().Set("Connection", "close")
		}
		io.WriteString(w, "hi")
	}))
	s.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, counter{}, new(atomic.Int64))
	}
	startH2(t, s, secure)
	return s.URL, func() map[int]int {
		mu.Lock()
		defer mu.Unlock()
		return times
	}
}
