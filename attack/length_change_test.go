package attack

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
)

// An open loop whose length is changed plans what a run of that length plans, be it
// longer, shorter or without an end before.
func TestLengthChanged(t *testing.T) {
	t.Parallel()
	for _, was := range []time.Duration{time.Second, time.Hour, 0} {
		url, list := arrived(t)
		p := testPlan(0)
		p.Rate, p.Concurrency, p.Duration, p.UntilStopped = mustRate(t, "100"), 50, was, true
		run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
		await(func() bool { return len(list()) > 0 })
		if err := run.Last(2 * time.Second); err != nil {
			t.Fatal(err)
		}
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		if s.Counts.Planned != 200 || s.Counts.Succeeded != 200 || s.Interrupted || *s.Length != 2*time.Second {
			t.Errorf("%v made 2 s: %+v, interrupted %v", was, s.Counts, s.Interrupted)
		}
		if err := run.Last(time.Hour); err != ErrOver {
			t.Errorf("after its end: %v", err)
		}
	}
}

// A closed loop does so, too, and what waits does not wait past its end.
func TestLengthChangedOfClosedLoop(t *testing.T) {
	t.Parallel()
	url, list := arrived(t)
	p := testPlan(0)
	p.Concurrency, p.ConnectRate, p.UntilStopped = 2, 1, true
	run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
	await(func() bool { return len(list()) > 0 })
	if err := run.Last(time.Nanosecond); err == nil || err == ErrOver {
		t.Errorf("a length that is over: %v", err)
	}
	if err := run.Last(3 * time.Second); err != nil {
		t.Fatal(err)
	}
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Elapsed < 3*time.Second || s.Counts.Window.Length != 3*time.Second || s.Interrupted {
		t.Errorf("%v, a window of %v", s.Elapsed, s.Counts.Window.Length)
	}
}

// What is cut off at the end is cut off at the changed one.
func TestLengthChangedAndCut(t *testing.T) {
	t.Parallel()
	came := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the end of the connection is not seen
		came <- struct{}{}
		<-r.Context().Done()
	}))
	defer server.Close()
	for _, was := range []time.Duration{time.Hour, 0} {
		p := testPlan(0)
		p.Concurrency, p.Duration, p.AtEnd, p.Timeout, p.UntilStopped = 2, was, plan.Cut, time.Hour, true
		run := start(t, server.URL, p, payloads.Single("test", body), endpoint.Options{})
		<-came
		if err := run.Last(time.Second); err != nil {
			t.Fatal(err)
		}
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		if s.Counts.CutOff != 2 || s.Counts.Sent != 2 || s.Elapsed < time.Second {
			t.Errorf("%+v after %v", s.Counts, s.Elapsed)
		}
	}
}

// Runs whose length follows from something else keep it.
func TestLengthThatStays(t *testing.T) {
	url, _ := arrived(t)
	p := testPlan(0)
	p.SetStages([]plan.Stage{{Length: 100 * time.Millisecond, Rate: perSecond(20), ToRate: perSecond(20)}})
	run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
	if err := run.Last(time.Hour); err == nil || err == ErrOver {
		t.Errorf("a run of stages: %v", err)
	}
	<-run.Done()
}
