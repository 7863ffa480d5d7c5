//go:build !windows

package attack

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
)

// TestSlotsArePassedOn has the requests of one of two loops be slow, and those of the
// other quick: the first has as many in flight as the plan allows, and not the half.
// Then it is the other one's turn.
func TestSlotsArePassedOn(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for _, http2 := range []bool{false, true} {
		const half, slots = 60, 32 // requests until the turn
		var mu sync.Mutex
		now, all, most, mostAll, seen := [2]int{}, 0, [2]int{}, 0, 0
		release := make(chan struct{})
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var b struct{ I int }
			if json.NewDecoder(r.Body).Decode(&b) != nil {
				t.Error("no body")
			}
			loop := b.I % 2
			mu.Lock()
			until := release
			slow := (loop == 0) == (b.I < half) && most[loop] < slots-4
			seen++
			all++
			mostAll = max(mostAll, all)
			if slow {
				now[loop]++
				if most[loop] = max(most[loop], now[loop]); now[loop] == slots-4 {
					close(release)
					release = make(chan struct{})
				}
			}
			mu.Unlock()
			if slow {
				select {
				case <-until:
				case <-time.After(15 * time.Second): // the other half is missed
				}
			}
			mu.Lock()
			if all--; slow {
				now[loop]--
			}
			mu.Unlock()
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		p := testPlan(2 * half)
		p.Rate, p.Concurrency, p.HTTP2, p.Timeout = mustRate(t, "200"), slots, http2, time.Minute
		set := indexedBodies(t, 2*half, 0)
		run := start(t, server.URL, p, set, endpoint.Options{Insecure: true})
		<-run.Done()
		server.Close()
		s := run.Snapshot()
		checkBooks(t, s)
		if len(run.loops) != 2 || seen != 2*half || mostAll > slots || most[0] < slots-4 || most[1] < slots-4 {
			t.Errorf("HTTP/2 %t: %d loops; %d arrived, at most %v of a loop's and %d of all in flight", http2, len(run.loops), seen, most, mostAll)
		}
	}
}
