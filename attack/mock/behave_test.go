package mock

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"brunt/attack/quiet"
)

// flood sends n requests at once and hands over each reply as it comes.
func flood(client *http.Client, url string, n int) <-chan reply {
	replies := make(chan reply, n)
	for range n {
		go func() { replies <- post(client, url, "{}") }()
	}
	return replies
}

func TestRefusesExactlyBeyondTheQueue(t *testing.T) {
	s := start(t, Config{Concurrency: 3, Queue: 5, Latency: time.Minute})
	replies := flood(newClient(t), s.URL(), 20)
	for range 12 {
		got := <-replies
		if got.status != 429 || !strings.HasPrefix(got.body, `{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Too many concurrent requests. Consider increasing the provisioned concurrency`) {
			t.Errorf("got %d %s %v", got.status, got.body, got.err)
		}
	}
	st := s.Stats()
	checkSum(t, st)
	want := Stats{Arrived: 20, Answered: map[int]uint64{429: 12}, Queued: 5, InService: 3, BytesIn: 40, BytesOut: 12 * uint64(len(queueFull.body))}
	if diff := cmp.Diff(want, st); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Those that wait are told when the server goes.
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range 8 {
		if got := <-replies; got.status != 503 || !got.last {
			t.Errorf("after Close: %d %v %v", got.status, got.header, got.err)
		}
	}
	st = s.Stats()
	checkSum(t, st)
	if st.Answered[503] != 8 || st.Queued+st.InService+st.Returning != 0 {
		t.Errorf("after Close: %+v", st)
	}
}

func TestUnboundedQueue(t *testing.T) {
	s := start(t, Config{Concurrency: 1, Latency: time.Minute})
	replies := flood(newClient(t), s.URL(), 150)
	eventually(t, "149 queued", func() bool { return s.Stats().Queued == 149 })
	s.Close()
	for range 150 {
		if got := <-replies; got.status != 503 {
			t.Errorf("got %d %v", got.status, got.err)
		}
	}
}

func TestClientThatGivesUpFreesItsPlace(t *testing.T) {
	s := start(t, Config{Concurrency: 1, Queue: 1, Latency: 200 * time.Millisecond})
	client := newClient(t)
	replies := flood(client, s.URL(), 1)
	eventually(t, "one in service", func() bool { return s.Stats().InService == 1 })

	ctx, giveUp := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "POST", s.URL(), strings.NewReader("{}"))
		_, err := client.Do(req)
		gone <- err
	}()
	eventually(t, "one queued", func() bool { return s.Stats().Queued == 1 })
	giveUp()
	if err := <-gone; err == nil {
		t.Error("the client that gave up got a reply")
	}
	// The model does not know: the place is still taken …
	if got := post(client, s.URL(), "{}"); got.status != 429 {
		t.Errorf("got %d, want 429", got.status)
	}
	// … until its work is done.
	if got := <-replies; got.status != 200 {
		t.Errorf("got %d %v", got.status, got.err)
	}
	eventually(t, "all answered", func() bool {
		st := s.Stats()
		checkSum(t, st)
		return st.Queued+st.InService+st.Returning == 0
	})
	if got := post(client, s.URL(), "{}"); got.status != 200 {
		t.Errorf("got %d, want 200", got.status)
	}
}

func TestColdStart(t *testing.T) {
	const cold = 300 * time.Millisecond
	s := start(t, Config{Concurrency: 4, Queue: 6, ColdStart: cold})
	client := newClient(t)
	begin := time.Now()
	replies := flood(client, s.URL(), 10)
	for range 4 {
		if got := <-replies; got.status != 429 {
			t.Errorf("past the queue: %d %v", got.status, got.err)
		}
	}
	for range 6 {
		got := <-replies
		if took := time.Since(begin); got.status != 200 || took < cold {
			t.Errorf("got %d after %v, want 200 after %v", got.status, took, cold)
		}
	}
	quiet.Repeat(t, func() error {
		begin := time.Now()
		if got := post(client, s.URL(), "{}"); got.status != 200 || time.Since(begin) > cold {
			return fmt.Errorf("awake: %d after %v", got.status, time.Since(begin))
		}
		return nil
	})
}

func TestErrorShareIsExactBySeed(t *testing.T) {
	const n, clients = 1000, 8
	c := Config{Concurrency: clients, Errors: 0.1, ErrorStatus: 503, Seed: 9}
	draws := newDraws(c)
	want := uint64(0)
	for k := range uint64(n) {
		if draws.fails(k) {
			want++
		}
	}
	for range 2 {
		s := start(t, c)
		client := newClient(t)
		var senders sync.WaitGroup
		for range clients {
			senders.Go(func() {
				for range n / clients {
					got := post(client, s.URL(), "{}")
					if got.status == 503 && (!strings.Contains(got.body, "TEMPORARILY_UNAVAILABLE") || got.header.Get("Served-Model-Name") != "mock-1") {
						t.Errorf("got %s %v", got.body, got.header)
					}
				}
			})
		}
		senders.Wait()
		st := s.Stats()
		checkSum(t, st)
		if st.Arrived != n || st.Answered[503] != want || st.Answered[200] != n-want {
			t.Errorf("got %+v, want %d errors of %d", st, want, n)
		}
	}
}

// Refusals of any kind use up no draw: the k-th request that is served has the
// k-th latency, and takes no less.
func TestServedRequestsHaveTheirDraws(t *testing.T) {
	c := Config{Concurrency: 1, Latency: 5 * time.Millisecond, Overhead: 2 * time.Millisecond, Sigma: 1, Seed: 4}
	s := start(t, c)
	client := newClient(t)
	draws := newDraws(c)
	for k := range uint64(30) {
		if got := post(client, s.URL(), "no JSON"); got.status != 400 {
			t.Fatalf("got %d %v", got.status, got.err)
		}
		begin := time.Now()
		post(client, s.URL(), "{}")
		least := time.Duration(draws.latency(k)) + c.Overhead
		if took := time.Since(begin); took < least {
			t.Errorf("request %d took %v, less than %v", k, took, least)
		}
	}
}

func TestStatsHoldAtEveryMoment(t *testing.T) {
	s := start(t, Config{Concurrency: 4, Queue: 8, Latency: time.Millisecond, Overhead: time.Millisecond, Sigma: 1, Errors: 0.2})
	client := newClient(t)
	var senders sync.WaitGroup
	for range 32 {
		senders.Go(func() {
			for range 40 {
				post(client, s.URL(), "{}")
			}
		})
	}
	done := make(chan struct{})
	go func() { senders.Wait(); close(done) }()
	tick := time.NewTicker(100 * time.Microsecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-tick.C:
		}
		st := s.Stats()
		checkSum(t, st)
		if st.Queued > 8 || st.InService > 4 {
			t.Fatalf("past the bounds: %+v", st)
		}
	}
	if st := s.Stats(); st.Arrived != 32*40 || st.Answered[200] == 0 || st.Answered[429] == 0 || st.Answered[500] == 0 {
		t.Errorf("got %+v", st)
	}
}

func TestCloseEndsEveryGoroutine(t *testing.T) {
	already := goleak.IgnoreCurrent()
	s, err := Start(Config{Concurrency: 1, Latency: time.Minute}, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	replies := flood(client, s.URL(), 10) // waiting
	silent := dial(t, s)                  // never says a word
	half := dial(t, s)                    // stops within its body
	if _, err := half.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "9 queued", func() bool { return s.Stats().Queued == 9 })

	begin := time.Now()
	var closers sync.WaitGroup
	for range 3 {
		closers.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	closers.Wait()
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("Close took %v", took)
	}
	var statuses []int
	for range 10 {
		got := <-replies
		statuses = append(statuses, got.status)
	}
	if slices.Min(statuses) != 503 {
		t.Errorf("statuses %v, want 503", statuses)
	}
	if got := post(client, s.URL(), "{}"); got.err == nil {
		t.Errorf("a closed server answered %d", got.status)
	}
	silent.Close()
	half.Close()
	transport.CloseIdleConnections()
	goleak.VerifyNone(t, already)
}

// Nobody is let in once the endpoint has closed, not even where there is
// nothing to wait for.
func TestClosedEndpointLetsNobodyIn(t *testing.T) {
	e := newEndpoint(quick())
	e.close()
	if fate := e.admit(func() int64 { return 0 }, 2, &shape{}).fate; fate != closedOutcome {
		t.Errorf("fate %d, want %d", fate, closedOutcome)
	}
}
