package attack

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// checkFollowed holds what all intervals together have by name and by kind against the
// totals.
func checkFollowed(t *testing.T, s *result.Snapshot, sum *result.Interval) {
	t.Helper()
	followed := map[string]result.IntervalNamed{}
	var other, named result.IntervalNamed
	for _, n := range sum.Names {
		named.Add(&n)
		if n.Index == result.OtherNames {
			other = n
			continue
		}
		followed[s.Followed.Names[n.Index]] = n
	}
	var all result.IntervalNamed
	for i := range s.Names {
		n := &s.Names[i]
		whole := result.IntervalNamed{
			Sent: n.Sent, Succeeded: n.Succeeded, Failed: n.Failed, CutOff: n.CutOff,
			BytesIn: n.BytesIn, BytesOut: n.BytesOut, Tokens: n.Tokens,
		}
		all.Add(&whole)
		got, known := followed[n.Name]
		if !known {
			continue
		}
		if !slices.Equal(bars(got.Response.Histogram()), bars(n.Response.Histogram())) {
			t.Errorf("%s: the intervals' response times are not those of the run", n.Name)
		}
		got.Index, got.Response = 0, whole.Response
		if !reflect.DeepEqual(got, whole) {
			t.Errorf("%s: %+v in the intervals, %+v in the run", n.Name, got, whole)
		}
	}
	if !reflect.DeepEqual(named, all) || len(s.Names) > len(s.Followed.Names)+s.Followed.LeftOut {
		t.Errorf("%+v by name in the intervals (%+v of them not followed), %+v in the run", named, other, all)
	}
	counted := map[result.FailureKind]uint64{}
	failed := uint64(0)
	for _, k := range sum.Kinds {
		counted[s.Followed.Kinds[k.Index]] += k.Count
		failed += k.Count
	}
	for i := range s.Failures {
		f := &s.Failures[i]
		kind := result.FailureKind{Kind: f.Kind, Status: f.Status, Cause: f.Cause}
		if n, known := counted[kind]; known && n != f.Count {
			t.Errorf("%v: %d in the intervals, %d in the run", kind, n, f.Count)
		}
	}
	if failed != s.Counts.Failed {
		t.Errorf("%d failures by kind in the intervals, %d failed", failed, s.Counts.Failed)
	}
	if tokens := s.Counts.Stream.OutputTokens + s.Counts.Usage.OutputTokens; sum.Tokens != tokens {
		t.Errorf("%d tokens in the intervals, %d in the run", sum.Tokens, tokens)
	}
}

// checkBooks holds the identities that must hold of every run at any time.
func checkBooks(t *testing.T, s *result.Snapshot) {
	t.Helper()
	c := &s.Counts
	same := func(what string, a, b uint64) {
		t.Helper()
		if a != b {
			t.Errorf("%s: %d and %d differ in %+v", what, a, b, *c)
		}
	}
	done := c.Succeeded + c.Failed + c.CutOff
	if s.State == result.Done {
		same("planned = sent + not sent", c.Planned, c.Sent+c.NotSent())
		same("sent = succeeded + failed + cut off", c.Sent, done)
	} else if c.Planned < c.Sent || c.Sent < done {
		t.Errorf("more done than sent, or than planned: %+v", *c)
	}
	var replies, errors uint64
	for _, n := range s.Status {
		replies += n
	}
	var failures uint64
	for _, f := range s.Failures {
		failures += f.Count
		if f.Status == 0 {
			errors += f.Count
		}
	}
	same("replies + errors = succeeded + failed", replies+errors, c.Succeeded+c.Failed)
	same("failures by kind = failed", failures, c.Failed)
	same("responses recorded = succeeded", uint64(s.Latencies[figure.Response].TotalCount()), c.Succeeded)
	same("failures recorded = failed", uint64(s.Latencies[figure.Failed].TotalCount()), c.Failed)
	same("lateness recorded = done", uint64(s.Latencies[figure.Lateness].TotalCount()), done)
	same("connect times recorded = connections", uint64(s.Latencies[figure.Connect].TotalCount()), c.Connections)
	if len(s.Stages) > 0 {
		var sent, succeeded, failed, cut uint64
		for i := range s.Stages {
			g := &s.Stages[i]
			sent, succeeded, failed, cut = sent+g.Sent, succeeded+g.Succeeded, failed+g.Failed, cut+g.CutOff
			if g.Planned < g.Sent || g.Sent != g.Succeeded+g.Failed+g.CutOff {
				t.Errorf("stage %d: %+v", i+1, *g)
			}
		}
		same("sent by stage = done", sent, done)
		same("succeeded by stage = succeeded", succeeded, c.Succeeded)
		same("failed by stage = failed", failed, c.Failed)
		same("cut off by stage = cut off", cut, c.CutOff)
	}
	var named, served uint64
	for _, n := range s.Names {
		named += n.Sent
		same("responses of "+n.Name, uint64(n.Response.Count()), n.Succeeded)
	}
	for _, m := range s.Models {
		served += m.Count
	}
	if len(s.Names) > 0 {
		same("named = done", named, done)
	}
	if served > c.Succeeded { // a reply need not name one
		t.Errorf("%d of models, %d succeeded", served, c.Succeeded)
	}
	var sum result.Interval
	for i := range s.Intervals {
		iv := &s.Intervals[i]
		sum.Join(iv)
		if sum.Planned < sum.Sent || sum.Sent != sum.Succeeded+sum.Failed+sum.CutOff+iv.InFlight {
			t.Errorf("until interval %d: %d planned, %d sent, %d succeeded, %d failed, %d cut off, %d in flight",
				i, sum.Planned, sum.Sent, sum.Succeeded, sum.Failed, sum.CutOff, iv.InFlight)
		}
	}
	if s.State != result.Done && sum.Width != s.Elapsed {
		t.Errorf("figures after %v, intervals of %v", s.Elapsed, sum.Width)
	}
	checkFollowed(t, s, &sum)
	same("intervals' planned", sum.Planned, c.Planned)
	same("intervals' sent", sum.Sent, c.Sent)
	same("intervals' succeeded", sum.Succeeded, c.Succeeded)
	same("intervals' failed", sum.Failed, c.Failed)
	same("intervals' cut off", sum.CutOff, c.CutOff)
	same("intervals' completed", sum.Completed, c.Window.Completed)
	same("intervals' completed well", sum.CompletedOK, c.Window.OK)
	if c.Window.OK > c.Window.Completed || c.Window.Completed > replies+c.Warmup {
		t.Errorf("%+v of %d replies and %d in the warm-up", c.Window, replies, c.Warmup)
	}
	if !slices.Equal(bars(sum.Response.Histogram()), bars(s.Latencies[figure.Response])) {
		t.Error("the intervals' response times are not the total's, bucket by bucket")
	}
}

// collected is a snapshot as of now, not of the last whole second.
func collected(run *Run) *result.Snapshot {
	line := run.timeline
	line.mu.Lock()
	if !line.closed {
		line.collect(run.clock.Now())
	}
	line.mu.Unlock()
	return run.Snapshot()
}

// watch checks the books of a run until it is done, and then once more.
func watch(t *testing.T, run *Run) *result.Snapshot {
	t.Helper()
	for look := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-look.C:
			checkBooks(t, run.Snapshot())
		case <-run.Done():
			look.Stop()
			s := run.Snapshot()
			checkBooks(t, s)
			return s
		}
	}
}

// TestOneMoment looks at runs under way: whatever is counted, kinds, names and
// models included, is of one moment.
func TestOneMoment(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("served-model-name", fmt.Sprint("m", n.Load()%3))
		if n.Add(1)%5 == 0 {
			w.WriteHeader(500)
		}
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "requests.jsonl")
	if err := os.WriteFile(file, []byte(`{"body":{},"name":"a"}`+"\n"+`{"body":{},"name":"b"}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := payloads.Open([]payloads.Spec{{Path: file, Weight: 1}}, payloads.Options{Format: payloads.RequestFormat})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	for _, rate := range []string{"0", "2000"} {
		p := testPlan(0)
		p.Duration = 2300 * time.Millisecond
		if rate != "0" {
			p.Rate = mustRate(t, rate)
		}
		run := start(t, server.URL, p, set, endpoint.Options{})
		await(func() bool {
			s := run.Snapshot()
			served := uint64(0)
			for _, m := range s.Models {
				served += m.Count
			}
			if served != s.Counts.Succeeded {
				t.Errorf("%d of models, %d succeeded", served, s.Counts.Succeeded)
			}
			return served > 0
		})
		s := watch(t, run)
		if len(s.Names) != 2 || len(s.Models) != 3 || s.Counts.Failed == 0 {
			t.Errorf("%+v %+v %+v", s.Names, s.Models, s.Counts)
		}
	}
}

// TestBoundary collects later than an interval ends, as a busy machine does: the
// requests of the time between are the next one's, unless they have replies.
func TestBoundary(t *testing.T) {
	for _, answers := range []bool{false, true} {
		t.Run(fmt.Sprint("answers ", answers), func(t *testing.T) {
			url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
				for request(in) {
					if answers {
						io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}
			})
			p := testPlan(0)
			p.Rate, p.Duration, p.Concurrency, p.AtEnd = mustRate(t, "1000"), 10*time.Second, 10_000, plan.Cut
			run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
			line := run.timeline
			await(func() bool { return run.begun() > 400 })
			line.mu.Lock()
			line.collect(run.measured.Load().Add(100 * time.Millisecond))
			line.collect(run.measured.Load().Add(200 * time.Millisecond))
			line.mu.Unlock()
			s := run.Snapshot()
			checkBooks(t, s)
			run.Stop(plan.Cut)
			<-run.Done()
			checkBooks(t, run.Snapshot())
			if first := s.Intervals[0]; answers && first.Planned < 300 || !answers && (first.Planned != 100 || first.Sent != 100) {
				t.Errorf("%d planned and %d sent in 100 ms", first.Planned, first.Sent)
			}
		})
	}
}

func TestCutAtEnd(t *testing.T) {
	url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) { io.Copy(io.Discard, in) })
	p := testPlan(0)
	p.Duration, p.AtEnd = 100*time.Millisecond, plan.Cut
	if s := attackOf(t, url, p); s.Counts.CutOff != 4 || s.Counts.Sent != 4 {
		t.Errorf("%+v", s.Counts)
	}
}

// TestCutOffTime has an endpoint that stops answering: the time that it did not
// answer in is time, too, and it did not keep up.
func TestCutOffTime(t *testing.T) {
	t.Parallel()
	const answered = 20
	for name, change := range map[string]func(*plan.Plan){
		"at the plan's end": func(p *plan.Plan) {
			p.Rate, p.Duration, p.Concurrency = mustRate(t, "100"), 1500*time.Millisecond, 1000
		},
		"by a stop": func(p *plan.Plan) { p.Requests = 1e6 },
	} {
		t.Run(name, func(t *testing.T) {
			var seen atomic.Int64
			url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
				for request(in) {
					if seen.Add(1) <= answered {
						io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
					}
				}
			})
			p := testPlan(0)
			p.AtEnd = plan.Cut
			change(&p)
			run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
			if p.Requests == 1e6 {
				await(func() bool { return run.clock.Now() > run.measured.Load().Add(1500*time.Millisecond) })
				run.Stop(plan.Cut)
			}
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			if s.Counts.Succeeded != answered || s.Elapsed != s.PlanElapsed || s.Elapsed < 1490*time.Millisecond {
				t.Errorf("%d succeeded in %v of %v", s.Counts.Succeeded, s.Elapsed, s.PlanElapsed)
			}
			if s.Verdict.LimitedBy != result.LimitEndpoint && s.Verdict.LimitedBy != result.LimitClient {
				t.Errorf("%+v", s.Verdict)
			}
		})
	}
}

// TestWarmConnections: what the warm-up opened is counted nowhere.
func TestWarmConnections(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	p := testPlan(0)
	p.Warmup, p.Duration, p.Concurrency = 300*time.Millisecond, 300*time.Millisecond, 2
	if s := attackOf(t, server.URL, p); s.Counts.Warmup == 0 || s.Counts.Connections > 0 {
		t.Errorf("%+v", s.Counts)
	}
}

// whileDescribed is an error that finds out whether a tally's lock is free while
// it is put into words.
type whileDescribed struct {
	tally *tally
	free  *bool
}

func (e whileDescribed) Error() string {
	if *e.free = e.tally.mu.TryLock(); *e.free {
		e.tally.mu.Unlock()
	}
	return "no words"
}

// TestExampleIsMadeOutsideTheLock: to describe the first failure of a kind a file
// is read and secrets are looked for, and other workers count meanwhile.
func TestExampleIsMadeOutsideTheLock(t *testing.T) {
	url := rawServer(t, answering(aReply))
	run := start(t, url, testPlan(4), payloads.Single("test", body), endpoint.Options{})
	<-run.Done()
	w := run.loops[0].slots[0]
	tally := w.loop.tally
	free := false
	for range 2 {
		w.ex = exchange{outcome: failed, kind: result.KindOther, err: whileDescribed{tally, &free}, ticket: w.ex.ticket, end: w.ex.end}
		tally.mu.Lock()
		tally.record(w)
		tally.mu.Unlock()
	}
	if f := tally.failures[otherKinds]; !free || f == nil || f.Count != 2 || f.Message.String() != "no words" {
		t.Errorf("lock free: %t; %+v", free, f)
	}
}
