//go:build !race

package attack

import (
	"runtime"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// TestNoAllocations runs both loops against a server that does not allocate
// either: once connections stand, a request costs no allocation. What is left
// are the hundred or so of each second's interval, whatever the number of requests.
func TestNoAllocations(t *testing.T) {
	needs.Time(t)
	url := rawServer(t, answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"))
	open := testPlan(60_000)
	open.Rate, open.Concurrency = mustRate(t, "20000"), 8
	for name, p := range map[string]plan.Plan{"closed": testPlan(100_000), "open": open} {
		run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
		half := func() (mallocs, sent uint64) {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.Mallocs, run.begun()
		}
		await(func() bool { return run.begun() >= p.Requests/4 })
		before, from := half()
		<-run.Done()
		after, to := half()
		checkBooks(t, run.Snapshot())
		allocations, requests := after-before, to-from
		t.Logf("%s: %d allocations over %d requests", name, allocations, requests)
		if requests < p.Requests/4 || allocations*20 > requests {
			t.Errorf("%s: %d allocations over %d requests", name, allocations, requests)
		}
	}
}

// TestStreamsDoNotAllocate: neither does a chunk of a stream.
func TestStreamsDoNotAllocate(t *testing.T) {
	events := make([]string, 50)
	for i := range events {
		events[i] = tokenEvent
	}
	reply := sse(append(events, usageEvent, doneEvent)...)
	// In two pieces that end within a token.
	url := rawServer(t, answering(reply[:len(reply)/3], reply[len(reply)/3:]))
	p := testPlan(12_000)
	p.StreamStall = 10 * time.Second
	run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
	await(func() bool { return run.begun() >= p.Requests/4 })
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	from := run.begun()
	<-run.Done()
	runtime.ReadMemStats(&after)
	s := run.Snapshot()
	checkBooks(t, s)
	allocations, requests := after.Mallocs-before.Mallocs, s.Counts.Sent-from
	t.Logf("%d allocations over %d streams of 50 chunks", allocations, requests)
	if s.Counts.Stream.Chunks != 50*p.Requests || requests < p.Requests/4 || allocations*5 > requests {
		t.Errorf("%d allocations over %d streams of 50 chunks; %+v", allocations, requests, s.Counts.Stream)
	}
}
