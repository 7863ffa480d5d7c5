package attack

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
)

// counting is a server that notes by its own clock when it ended each reply.
type counting struct {
	mu    sync.Mutex
	ended []time.Time
	asked int
}

func (c *counting) note() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = append(c.ended, time.Now())
}

// next numbers the requests.
func (c *counting) next() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return c.asked
}

func (c *counting) within(from, to time.Time) (n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, at := range c.ended {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// TestWindow sets what came within the measured time against what the server
// says it answered in that time. On a machine that is busy the two read their
// clocks at different times.
func TestWindow(t *testing.T) {
	spread := func(d time.Duration) func(int) time.Duration { // by a fifth to both sides
		return func(n int) time.Duration { return d * time.Duration(80+n*37%41) / 100 }
	}
	planOf := func(rate string, workers int, warmup, d time.Duration, n uint64, at plan.AtEnd) plan.Plan {
		p := testPlan(n)
		p.Concurrency, p.Warmup, p.Duration, p.AtEnd, p.Timeout = workers, warmup, d, at, 30*time.Second
		if rate != "" {
			p.Rate = mustRate(t, rate)
		}
		return p
	}
	for _, row := range []struct {
		name  string
		plan  plan.Plan
		takes func(n int) time.Duration
		stop  time.Duration // by the user, after so long; 0 for not at all
		least uint64        // so many replies
		whole time.Duration // the window's length, 0 where the test cannot know it
	}{
		{"open, 5 ms, warm-up", planOf("400", 64, 500*time.Millisecond, 2*time.Second, 0, plan.Drain), spread(5 * time.Millisecond), 0, 760, 2 * time.Second},
		{"open, 1 s, warm-up, drain", planOf("200", 1000, 2*time.Second, 3*time.Second, 0, plan.Drain), spread(time.Second), 0, 560, 3 * time.Second},
		{"open, 1 s, no warm-up, cut", planOf("200", 1000, 0, 3*time.Second, 0, plan.Cut), spread(time.Second), 0, 360, 3 * time.Second},
		{"open, 5 s, warm-up, drain", planOf("80", 1000, 6*time.Second, 4*time.Second, 0, plan.Drain), spread(5 * time.Second), 0, 280, 4 * time.Second},
		{"open, a number of requests, one straggler", planOf("200", 64, 0, 0, 400, plan.Drain), func(n int) time.Duration {
			if n == 300 {
				return 5 * time.Second
			}
			return 5 * time.Millisecond
		}, 0, 390, 2 * time.Second},
		{"open, stopped", planOf("400", 64, 0, time.Minute, 0, plan.Drain), spread(50 * time.Millisecond), 1500 * time.Millisecond, 400, 0},
		{"closed, 5 ms, warm-up, cut", planOf("", 4, 500*time.Millisecond, 2*time.Second, 0, plan.Cut), spread(5 * time.Millisecond), 0, 500, 2 * time.Second},
		{"closed, 5 s, warm-up, cut", planOf("", 400, 6*time.Second, 4*time.Second, 0, plan.Cut), spread(5 * time.Second), 0, 150, 4 * time.Second},
		{"closed, 1 s, warm-up, drain", planOf("", 200, 2*time.Second, 3*time.Second, 0, plan.Drain), spread(time.Second), 0, 500, 3 * time.Second},
		{"closed, a number of requests, one straggler", planOf("", 8, 0, 0, 800, plan.Drain), func(n int) time.Duration {
			if n == 700 {
				return 5 * time.Second
			}
			return 20 * time.Millisecond
		}, 0, 600, 0},
		{"closed, stopped", planOf("", 16, 0, time.Minute, 0, plan.Drain), spread(50 * time.Millisecond), 1500 * time.Millisecond, 300, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			quiet.Repeat(t, func() error {
				s, c := windowRun(t, row.plan, row.takes, row.stop)
				w := s.Counts.Window
				if w.Length != row.whole && row.whole > 0 || row.stop > 0 && w.Length < row.stop {
					t.Fatalf("a window of %v", w.Length)
				}
				theirs := c.within(s.Started, s.Started.Add(w.Length))
				off := max(w.Completed, theirs) - min(w.Completed, theirs)
				said := fmt.Sprintf("%+v, the server counted %d", w, theirs)
				if off > max(1, theirs/100) || theirs < row.least || w.OK != w.Completed {
					return errors.New(said)
				}
				t.Log(said)
				return nil
			})
		})
	}
}

func windowRun(t *testing.T, p plan.Plan, takes func(n int) time.Duration, stop time.Duration) (*result.Snapshot, *counting) {
	c := &counting{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else nobody would hear of a client that leaves
		select {
		case <-time.After(takes(c.next())):
			_, _ = w.Write([]byte("{}"))
			c.note()
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	run := start(t, server.URL, p, payloads.Single("test", body), endpoint.Options{})
	if stop > 0 {
		select {
		case <-time.After(stop + startDelay + 50*time.Millisecond):
			run.Stop(plan.Drain)
		case <-run.Done():
		}
	}
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	return s, c
}

// What came is counted by its kind, and what was no whole reply is not.
func TestWindowKinds(t *testing.T) {
	asked := &counting{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := asked.next(); {
		case n%4 == 0:
			w.WriteHeader(http.StatusTooManyRequests)
		case n%4 == 1:
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"usage":{"prompt_tokens":3,"completion_tokens":5}}`))
		}
	}))
	defer server.Close()
	p := testPlan(400)
	p.Concurrency = 1
	s := attackOf(t, server.URL, p)
	// The window of a closed loop ends when the last request is taken: its reply
	// is not in it.
	w, c := s.Counts.Window, &s.Counts
	replies := c.Succeeded + s.Status[http.StatusTooManyRequests]
	if w.Completed < replies-1 || w.Completed > replies || w.OK < c.Succeeded-1 || w.OK > c.Succeeded ||
		w.Tokens != (result.WindowTokens{Whole: 5 * w.OK}) || w.Length <= 0 {
		t.Errorf("%+v of %d replies, %d successes", w, replies, c.Succeeded)
	}
}

// A change of the rate moves the end of a plan that is a number of requests.
func TestWindowChanged(t *testing.T) {
	c := &counting{}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { c.note() }))
	defer server.Close()
	p := testPlan(1000)
	p.Rate, p.Concurrency = mustRate(t, "100"), 64
	run := start(t, server.URL, p, payloads.Single("test", body), endpoint.Options{})
	await(func() bool { return run.begun() >= 50 })
	if err := run.Change(mustRate(t, "2000"), 0); err != nil {
		t.Fatal(err)
	}
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	w, at := s.Counts.Window, s.Changes[0].At
	left := time.Duration(float64(1000-uint64(at.Seconds()*100)) / 2000 * float64(time.Second))
	if diff := w.Length - at - left; diff < -20*time.Millisecond || diff > 20*time.Millisecond || s.PlanElapsed != w.Length {
		t.Errorf("changed at %v: a window of %v, a plan of %v", at, w.Length, s.PlanElapsed)
	}
}
