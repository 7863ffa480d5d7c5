package live

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/payloads/needs"
	"brunt/report"
)

// sameEnd checks that a page ended up with the report's own intervals.
func (s *stream) sameEnd(who string, want *report.Report) {
	s.t.Helper()
	succeeded := uint64(0)
	got := make([]string, len(s.intervals))
	for i := range s.intervals {
		got[i] = string(marshal(&s.intervals[i]))
		succeeded += s.intervals[i].Succeeded
	}
	var wanted []string
	for i := range want.Intervals {
		wanted = append(wanted, string(marshal(&want.Intervals[i])))
	}
	if !slices.Equal(got, wanted) {
		s.t.Errorf("%s has %d intervals that differ from the report's %d:\n%s\n%s", who, len(got), len(wanted), got, wanted)
	}
	if succeeded != want.Requests.Succeeded || len(s.spread) != len(wanted) {
		s.t.Errorf("%s: intervals sum up to %d of %d, %d distributions", who, succeeded, want.Requests.Succeeded, len(s.spread))
	}
	for i, text := range s.spread {
		if (text == "") != (s.intervals[i].Succeeded == 0) {
			s.t.Errorf("%s: of %d successes in interval %d there is the distribution %q", who, s.intervals[i].Succeeded, i, text)
		}
	}
	if s.newest.Report.Requests != want.Requests {
		s.t.Errorf("%s: %+v, the report %+v", who, s.newest.Report.Requests, want.Requests)
	}
}

// Whoever joins late, comes back, or does not read for a while ends up with
// what the one has who was there all the time, and with the report's figures.
func TestAllPagesEndAlike(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	o := small(3100 * time.Millisecond) // the last 100 ms are joined to an interval that was sent
	v := serve(t, func(c *Config) { c.Settings = o })
	early := v.stream(t, "")
	early.next()
	if early.newest.name != "view" || early.newest.Report != nil || early.newest.View.State != stateIdle || !strings.HasPrefix(early.lastID, "0.") {
		t.Fatalf("first event: %s %s in state %s", early.newest.name, early.lastID, early.newest.View.State)
	}
	deaf := v.stream(t, "")
	v.post(t, "/api/start", "{}")
	gone := v.stream(t, "")
	for len(gone.intervals) < 1 {
		gone.next()
	}
	gone.cancel()
	id := gone.lastID
	for len(early.intervals) < 2 {
		early.next()
	}
	late := v.stream(t, "")
	late.next()
	if late.newest.name != "view" || len(late.intervals) < 2 {
		t.Errorf("a late page's first event: %s with %d intervals", late.newest.name, len(late.intervals))
	}
	gone.open(v, id)
	gone.next()
	if gone.newest.name != "tick" || *gone.newest.From != 1 {
		t.Errorf("after coming back with %s: %s %s", id, gone.newest.name, gone.lastID)
	}
	for who, s := range map[string]*stream{"early": early, "late": late, "back": gone, "deaf": deaf} {
		s.untilState("done")
		s.sameEnd(who, v.Last())
	}
	back := v.stream(t, early.lastID)
	back.intervals, back.spread = slices.Clone(early.intervals), slices.Clone(early.spread)
	back.next()
	if back.newest.name != "tick" {
		t.Errorf("back at the end: %s", back.newest.name)
	}
	back.sameEnd("back at the end", v.Last())
	for _, id := range []string{"1.7.1", "2.0.0", "x", strings.Replace(early.lastID, "1.", "7.", 1), early.lastID + "0"} {
		s := v.stream(t, id)
		if s.next(); s.newest.name != "view" {
			t.Errorf("with id %s: %s", id, s.newest.name)
		}
		s.sameEnd("with id "+id, v.Last())
	}
	states := early.events
	if states > 12 {
		t.Errorf("%d events for 3 intervals and 4 states", states)
	}
}

// A new run and a reset begin with a whole view for everybody.
func TestViewAtEachBeginning(t *testing.T) {
	v := serve(t, nil)
	s := v.stream(t, "")
	s.next()
	for run := 1; run <= 2; run++ {
		v.post(t, "/api/start", "{}")
		for s.newest.View.Run != run {
			s.next()
		}
		if s.newest.name != "view" {
			t.Errorf("run %d begins with a %s", run, s.newest.name)
		}
		s.untilState("done")
	}
	v.post(t, "/api/reset", "{}")
	s.untilState(stateIdle)
	if s.newest.name != "view" || s.newest.Report != nil || len(s.intervals) > 0 || s.newest.View.Runs != 2 {
		t.Errorf("after the reset: %s with %d intervals, %d runs", s.newest.name, len(s.intervals), s.newest.View.Runs)
	}
}

// Without a page nothing is built and no goroutine looks at the run; a page
// that vanishes without a word is no longer counted.
func TestNothingIsBuiltWithoutPages(t *testing.T) {
	v := serve(t, nil)
	v.post(t, "/api/start", "{}")
	v.untilState(t, "done")
	now, _ := v.controller.find(0)
	if now.encoded != nil || v.feed.seq != 0 {
		t.Errorf("built %v, published %d times", now.encoded != nil, v.feed.seq)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(v.at(""), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	must(request(http.MethodGet, v.at("/api/events"), "").Write(conn))
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	until(t, "an end of looking", func() bool {
		v.feed.mu.Lock()
		defer v.feed.mu.Unlock()
		return v.feed.subscribers == 0 && !v.feed.loopRuns
	})
}

// One frame serves all who are at the same place.
func TestFramesAreShared(t *testing.T) {
	v := serve(t, nil)
	v.post(t, "/api/start", "{}")
	v.untilState(t, "done")
	must(v.feed.subscribe())
	defer v.feed.unsubscribe()
	a, there, _ := v.feed.next(cursor{}, true)
	b, _, _ := v.feed.next(cursor{}, true)
	if &a[0] != &b[0] {
		t.Error("the same frame was made twice")
	}
	if c, _, wait := v.feed.next(there, true); c != nil || wait == nil {
		t.Error("a page that has seen everything is sent more")
	}
	if c, _, _ := v.feed.next(cursor{}, false); strings.Contains(string(c), `"start"`) {
		t.Error("a page that may only look is offered a start")
	}
}
