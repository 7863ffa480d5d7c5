package attack

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/payloads"
	"brunt/payloads/needs"
)

func mustStages(t testing.TB, s string) []plan.Stage {
	t.Helper()
	stages, err := plan.ParseStages(s)
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

func perSecond(n int) vegeta.Rate { return vegeta.Rate{Freq: n, Per: time.Second} }

// TestStagesOfConcurrency goes through stages of a closed loop: the endpoint never
// has more in flight than the stage asks for, and comes to have as many.
func TestStagesOfConcurrency(t *testing.T) {
	quiet.Repeat(t, func() error {
		var now, most atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			takes(2*time.Millisecond, r)
			now.Add(-1)
		}))
		defer server.Close()
		p := testPlan(0)
		p.Concurrency = 0
		p.SetStages(mustStages(t, "300ms@x4, 400ms@x4..x24, 300ms@x2"))
		run := start(t, server.URL, p, payloads.Single("test", body), endpoint.Options{})
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		if most.Load() > 24 {
			t.Errorf("%d were in flight", most.Load())
		}
		sent := func(i int) float64 { return float64(s.Stages[i].Sent) / s.Stages[i].Length.Seconds() }
		if most.Load() < 20 || !(sent(1) > 1.5*sent(0)) || !(sent(2) < sent(0)) {
			return fmt.Errorf("%d were in flight at the most; requests/s by stage %.0f, %.0f, %.0f", most.Load(), sent(0), sent(1), sent(2))
		}
		return nil
	})
}

// TestChangeEndsStages: a change by hand stays.
func TestChangeEndsStages(t *testing.T) {
	needs.Time(t)
	url := rawServer(t, answering(aReply))
	for _, words := range []string{"200ms@x2, 300ms@x50", "200ms@20, 300ms@5000"} {
		p := testPlan(0)
		p.Concurrency = 0
		p.SetStages(mustStages(t, words))
		run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
		await(func() bool { return run.begun() > 0 })
		var err error
		if p.Open() {
			err = run.Change(perSecond(10), 0)
		} else {
			err = run.Change(vegeta.Rate{}, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		if p.Open() && s.Counts.Planned > 20 || !p.Open() && run.slotCount() > 2 {
			t.Errorf("%s: %d planned, %d slots: the stages went on", words, s.Counts.Planned, run.slotCount())
		}
	}
}

// TestJumpOpensAhead: when the rate is about to jump, the connections that it will
// need are opened before, and no storm of them comes with the first requests.
func TestJumpOpensAhead(t *testing.T) {
	quiet.Repeat(t, func() error {
		var mu sync.Mutex
		var opened []time.Time
		url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
			mu.Lock()
			opened = append(opened, time.Now())
			mu.Unlock()
			for request(in) {
				<-time.After(20 * time.Millisecond)
				io.WriteString(c, aReply)
			}
		})
		p := testPlan(0)
		p.Concurrency = 500
		p.SetStages(mustStages(t, "1s@200, 500ms@4000"))
		run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		border := run.clock.Time(run.measured.Load().Add(time.Second))
		before := 0
		for _, at := range opened {
			if at.Before(border) {
				before++
			}
		}
		if s.Counts.Connections != uint64(len(opened)) {
			t.Errorf("%d connections are counted, %d were opened", s.Counts.Connections, len(opened))
		}
		// 80 are busy at 4,000/s, and 4 at 200/s.
		if before < 50 {
			return fmt.Errorf("%d of %d connections were opened before the jump", before, len(opened))
		}
		return nil
	})
}

func mustRate(t *testing.T, s string) vegeta.Rate {
	t.Helper()
	r, err := plan.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
