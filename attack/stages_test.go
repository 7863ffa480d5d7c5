package attack

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/arrivals"
	"brunt/attack/endpoint"
	"brunt/attack/quiet"
	"brunt/payloads"
	"brunt/payloads/needs"
)

func mustStages(t testing.TB, s string) []Stage {
	t.Helper()
	stages, err := ParseStages(s)
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

func perSecond(n int) vegeta.Rate { return vegeta.Rate{Freq: n, Per: time.Second} }

func TestParseStages(t *testing.T) {
	for word, want := range map[string][]Stage{
		"30s@100":                           {{30 * time.Second, perSecond(100), perSecond(100), 0, 0}},
		"30s@100, 1m@100..1000,2m@1000":     {{30 * time.Second, perSecond(100), perSecond(100), 0, 0}, {time.Minute, perSecond(100), perSecond(1000), 0, 0}, {2 * time.Minute, perSecond(1000), perSecond(1000), 0, 0}},
		" 1m @ x8 , 2m @ x8 .. x64 ,":       {{time.Minute, vegeta.Rate{}, vegeta.Rate{}, 8, 8}, {2 * time.Minute, vegeta.Rate{}, vegeta.Rate{}, 8, 64}},
		"1s@0..10, 500ms@0/s, 1h1s@90/m..0": {{time.Second, perSecond(0), perSecond(10), 0, 0}, {time.Second / 2, perSecond(0), perSecond(0), 0, 0}, {time.Hour + time.Second, vegeta.Rate{Freq: 90, Per: time.Minute}, perSecond(0), 0, 0}},
	} {
		if got, err := ParseStages(word); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %+v, %v", word, got, err)
		}
	}
	for word, want := range map[string]string{
		"":                           "column 1, stage 1: nothing stands here",
		"30@100":                     `column 1, stage 1: "30" is no length of time`,
		"30s@100, 1m100":             "column 15, stage 2: @ and the load are missing",
		"30s@100,, 1m@5":             "column 9, stage 2: nothing stands here",
		"30s@100, 1m@x5":             "column 13, stage 2: stages are all of a rate",
		"1m@x5..9":                   "column 8, stage 1: a ramp goes from a rate to a rate",
		"1m@5..x9":                   "column 7, stage 1: a ramp goes",
		"1m@x0":                      `column 4, stage 1: "x0" is no concurrency`,
		"1m@x":                       `column 4, stage 1: "x" is no concurrency`,
		"1m@5..":                     `column 7, stage 1: rate "": not a number`,
		"1m@five":                    `column 4, stage 1: rate "five": not a number`,
		"0s@5":                       "column 1, stage 1: a stage lasts longer than 0",
		"-1s@5":                      "column 1, stage 1:",
		"1m@0, 1s@0":                 "column 1, stage 1: no stage sends anything",
		"1m@1e9":                     "column 4, stage 1: rate",
		"ü1s@5":                      "column 1, stage 1:",
		"1s@5, 1s@ ü":                "column 11, stage 2:",
		strings.Repeat("1s@5,", 101): "stage 101: there are more than 100",
	} {
		if got, err := ParseStages(word); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %s", word, got, err, want)
		}
	}
}

func FuzzParseStages(f *testing.F) {
	for _, s := range []string{"30s@100, 1m@100..1000, 2m@1000", "1m@x8, 2m@x8..x64", "1s@0", "1s@90/m..0.5", "@", "..", "1s@1..2..3", "1h@1e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		stages, err := ParseStages(s)
		if err != nil {
			if !strings.Contains(err.Error(), "column ") {
				t.Errorf("%q: the error does not point anywhere: %v", s, err)
			}
			return
		}
		p := testPlan(0)
		p.Concurrency = 0
		p.SetStages(stages)
		if err := p.Validate(); err != nil || p.Duration <= 0 || p.Open() == (p.Concurrency > 0) {
			t.Errorf("%q: %+v is no plan: %v", s, p, err)
		}
		if p.Open() {
			schedule := newSchedule(&p)
			for _, k := range []uint64{0, 1, schedule.measured / 2, schedule.measured - 1} {
				if at, ok := schedule.at(k); k < schedule.measured && (!ok || at < 0 || at >= schedule.end) {
					t.Errorf("%q: ticket %d of %d is at %d (%t)", s, k, schedule.measured, at, ok)
				}
			}
		}
	})
}

func FuzzParseArrivals(f *testing.F) {
	for _, s := range []string{"constant", "poisson", "gamma(0.5)", "gamma()", "gamma(1e300)", "GAMMA( 2 )"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		law, err := arrivals.ParseLaw(s)
		if err != nil {
			return
		}
		if again, err := arrivals.ParseLaw(law.String()); err != nil || again != law {
			t.Errorf("%q is %v, which is read as %v, %v", s, law, again, err)
		}
	})
}

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
		if p.Open() && s.Counts.Planned > 20 || !p.Open() && len(run.workerList) > 2 {
			t.Errorf("%s: %d planned, %d workers: the stages went on", words, s.Counts.Planned, len(run.workerList))
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
