package attack

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/result"
	"brunt/payloads"
)

// Of many names those with the largest shares of the requests are followed by
// interval, all others are counted together, and nothing is lost of either.
func TestIntervalsByNameAndKind(t *testing.T) {
	var sent atomic.Uint64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := sent.Add(1); n%4 == 0 {
			w.WriteHeader(int(400 + n/4%50))
		}
		fmt.Fprint(w, `{"choices":[],"usage":{"completion_tokens":3,"prompt_tokens":1}}`)
	}))
	defer server.Close()
	const names = 300
	var lines strings.Builder
	for i := range names {
		fmt.Fprintf(&lines, "{\"name\":\"name %d\",\"body\":{},\"weight\":%d}\n", i, 1+9*(i%10/9))
	}
	set := linesSet(t, payloads.Options{}, nil, lines.String())
	p := testPlan(12_000)
	p.Interval = 20 * time.Millisecond
	run := start(t, server.URL, p, set, endpoint.Options{})
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if len(s.Followed.Names) != result.MaxFollowed || s.Followed.LeftOut != names-result.MaxFollowed {
		t.Fatalf("%d names are followed, %d left out", len(s.Followed.Names), s.Followed.LeftOut)
	}
	for i := 9; i < names; i += 10 { // ten times as many requests as the others
		if name := fmt.Sprint("name ", i); !slices.Contains(s.Followed.Names, name) {
			t.Errorf("%s is not followed", name)
		}
	}
	if n := len(s.Followed.Kinds); n < 50 {
		t.Errorf("%d kinds", n)
	}
	if len(s.Intervals) < 3 {
		t.Errorf("%d intervals", len(s.Intervals))
	}
	for i := range s.Intervals {
		if n := len(s.Intervals[i].Names); n > result.MaxFollowed+1 {
			t.Errorf("interval %d has %d names", i, n)
		}
	}
}

// Of more kinds of failures than are kept apart the later ones are counted together,
// and those that are known keep their places.
func TestKindsAreBounded(t *testing.T) {
	f := newFollowed(&Run{payloads: payloads.Single("", nil), nameOf: []int{-1}})
	failures := map[failureKey]*result.Failure{}
	add := func(status int, first time.Duration) {
		kind := fmt.Sprint("status_", status)
		failures[failureKey{kind: kind, status: status}] = &result.Failure{Kind: kind, Status: status, First: first, Count: 1}
	}
	add(500, 3)
	add(503, 2)
	if list := f.takeKinds(failures); len(list) != 2 || f.kinds[0].Status != 503 || f.kinds[1].Status != 500 {
		t.Errorf("%v of %v", list, f.kinds)
	}
	for status := range 300 {
		add(600+status, time.Duration(status))
	}
	failures[failureKey{kind: "status_500", status: 500}].Count = 8
	list := f.takeKinds(failures)
	total := uint64(0)
	for _, k := range list {
		total += k.Count
	}
	last := list[len(list)-1]
	if total != 307 || len(f.kinds) != result.MaxKinds+1 || f.kinds[last.Index].Kind != result.KindOther || last.Count != 300-62 || list[0] != (result.KindCount{Index: 1, Count: 7}) {
		t.Errorf("%d failures, %d kinds, the first %+v, the last %+v", total, len(f.kinds), list[0], last)
	}
	if again := f.takeKinds(failures); len(again) != 0 {
		t.Errorf("nothing has happened since: %v", again)
	}
}

// A kind of failures has the beginning of a reply's body, no part of a secret in it, and
// says which names it hit.
func TestFailuresSayWhatAndWhom(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(503)
		key := r.Header.Get("X-Api-Key")
		fmt.Fprintf(w, "no backend for\n%s %s%s", key, strings.Repeat("far ", 117), key) // cut within the second
	}))
	defer server.Close()
	const names, secret = 15, "s3cr3t-0123456789abcdef"
	var lines strings.Builder
	for i := range names {
		fmt.Fprintf(&lines, "{\"name\":\"n%d\",\"body\":{},\"headers\":{\"X-Api-Key\":%q}}\n", i, secret)
	}
	set := linesSet(t, payloads.Options{}, nil, lines.String())
	run := start(t, server.URL, testPlan(20*names), set, endpoint.Options{})
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	f := s.Failures[0]
	if !strings.HasPrefix(f.Sample, "no backend for\n") || !strings.HasSuffix(f.Sample, "far …") || strings.Contains(f.Sample, secret[:4]) {
		t.Errorf("sample %q", f.Sample)
	}
	hits := f.Unlisted
	for _, n := range f.Names {
		hits += n.Count
	}
	if len(f.Names) != result.MaxNamesHit || hits != 20*names || f.Unlisted == 0 {
		t.Errorf("%d failures hit %v, and %d others", f.Count, f.Names, f.Unlisted)
	}
}
