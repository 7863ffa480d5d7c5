package attack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

const turnsEach = 5

// sessionFile has n sessions of five turns each, with a recorded reply to each turn.
func sessionFile(t *testing.T, n int, thinkMS int) *payloads.Set {
	t.Helper()
	var b strings.Builder
	for i := range n {
		for k := range turnsEach {
			messages := fmt.Sprintf(`{"role":"user","content":"%d says %d"}`, i, k)
			if k == 0 {
				messages = `{"role":"system","content":"é"},` + messages
			}
			fmt.Fprintf(&b, `{"session":"s%d","think_ms":%d,"name":"turn %d","reply":"recorded %d\u00e9","body":{"model":"m","messages":[%s],"n":1}}`+"\n", i, thinkMS, k, k, messages)
		}
	}
	path := filepath.Join(t.TempDir(), "sessions.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := payloads.Open([]payloads.Spec{{Path: path, Weight: 1}}, payloads.Options{Format: payloads.AutoFormat})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

type message struct{ Role, Content string }

// talkServer holds each request against what it has itself said before.
type talkServer struct {
	t        *testing.T
	recorded bool // requests repeat what the file has, not what was said
	fails    func(session, turn int) bool
	mute     func(session, turn int) bool

	mu       sync.Mutex
	requests int
	begun    int // first turns
	last     map[int][]message
	gaps     []time.Duration
	ended    map[int]time.Time
}

func newTalkServer(t *testing.T) *talkServer {
	no := func(int, int) bool { return false }
	return &talkServer{t: t, fails: no, mute: no, last: map[int][]message{}, ended: map[int]time.Time{}}
}

func (s *talkServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	var body struct {
		Messages []message
		N        int
	}
	b, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(b, &body); err != nil || body.N != 1 {
		s.t.Errorf("%v: %s", err, b)
		return
	}
	var session, turn int
	m := body.Messages
	if _, err := fmt.Sscanf(m[len(m)-1].Content, "%d says %d", &session, &turn); err != nil {
		s.t.Errorf("%v: %s", err, b)
	}
	s.mu.Lock()
	s.requests++
	if turn == 0 {
		s.begun++
		s.last[session] = nil
	} else {
		s.gaps = append(s.gaps, arrived.Sub(s.ended[session]))
	}
	want := s.last[session]
	if len(m) < len(want) || fmt.Sprint(m[:len(want)]) != fmt.Sprint(want) || len(m) != 2*turn+2 {
		s.t.Errorf("session %d, turn %d: got %q, after %q", session, turn, m, want)
	}
	s.mu.Unlock()
	text := fmt.Sprintf("reply %d to %d: \"ü😀\"\n\\ %s", turn, session, strings.Repeat("x", session%3*3000))
	next := message{"assistant", text}
	if s.recorded {
		next.Content = fmt.Sprintf("recorded %dé", turn)
	}
	s.mu.Lock()
	s.last[session] = append(m, next)
	s.mu.Unlock()
	switch quoted, _ := json.Marshal(text); {
	case s.fails(session, turn):
		w.WriteHeader(http.StatusServiceUnavailable)
	case s.mute(session, turn):
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"choices":[{"message":{"content":null,"tool_calls":[{}]}}]}`)
	case session%2 == 0:
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"choices":[{"index":0,"message":{"role":"assistant","content":%s}}],"usage":{"completion_tokens":3}}`, quoted)
	default:
		w.Header().Set("Content-Type", "text/event-stream")
		for _, piece := range text {
			quoted, _ := json.Marshal(string(piece))
			fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n", quoted)
		}
		fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	}
	s.mu.Lock()
	s.ended[session] = time.Now()
	s.mu.Unlock()
}

func talk(t *testing.T, s *talkServer, p plan.Plan, set *payloads.Set) *result.Snapshot {
	t.Helper()
	server := httptest.NewUnstartedServer(s)
	if p.HTTP2 {
		startH2(t, server, false)
	} else {
		server.Start()
		t.Cleanup(server.Close)
	}
	run := start(t, server.URL, p, set, endpoint.Options{})
	<-run.Done()
	snapshot := run.Snapshot()
	checkBooks(t, snapshot)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := &snapshot.Counts; c.Sent+c.Warmup != uint64(s.requests) {
		t.Errorf("%d sent and %d in the warm-up, %d arrived", c.Sent, c.Warmup, s.requests)
	}
	return snapshot
}

// TestSessions: each request holds what was said before it, as received or as recorded,
// over both protocols, in closed and open loops.
func TestSessions(t *testing.T) {
	const n = 60
	closed, open, h2, recorded := testPlan(n), testPlan(n), testPlan(n), testPlan(n)
	closed.Concurrency, h2.Concurrency, h2.HTTP2, recorded.RecordedReplies = 8, 8, true, true
	open.Rate, open.Concurrency = mustRate(t, "300"), 64
	open.Timeout = time.Minute // on a busy machine, too
	for name, p := range map[string]plan.Plan{"closed": closed, "open": open, "http2": h2, "recorded": recorded} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newTalkServer(t)
			server.recorded = p.RecordedReplies
			s := talk(t, server, p, sessionFile(t, n, 0))
			want := result.SessionCounts{Begun: n, Complete: n}
			if c := &s.Counts; c.Sessions != want || c.Sent != n*turnsEach || c.Planned != c.Sent || c.Failed > 0 || server.begun != n {
				t.Errorf("%+v; %d sent of %d, %d failed", c.Sessions, c.Sent, c.Planned, c.Failed)
			}
			if len(s.Names) != turnsEach || s.Names[4].Succeeded != n {
				t.Errorf("names: %d", len(s.Names))
			}
		})
	}
}

// TestSessionsBreakOff: after a failure, and after a reply without text, a session ends,
// and the turns that were not sent are counted.
func TestSessionsBreakOff(t *testing.T) {
	const n = 20
	p := testPlan(n)
	server := newTalkServer(t)
	server.fails = func(session, turn int) bool { return session == 3 && turn == 1 || session == 4 && turn == 4 }
	server.mute = func(session, turn int) bool { return session == 5 && turn == 2 || session == 6 && turn == 4 }
	s := talk(t, server, p, sessionFile(t, n, 0))
	want := result.SessionCounts{Begun: n, Complete: n - 3, Broken: 3, TurnsLeft: 3 + 2}
	if c := &s.Counts; c.Sessions != want || c.Sent != n*turnsEach-5 || c.Failed != 2 {
		t.Errorf("%+v; %d sent, %d failed", c.Sessions, c.Sent, c.Failed)
	}
	if f := s.Failures[0]; !strings.HasSuffix(f.Payload, ":17") && !strings.HasSuffix(f.Payload, ":25") {
		t.Errorf("the failure is said to be of %s", f.Payload)
	}
}

// TestSessionsThink: think times lie between turns, and are no response time; the end of
// the run leaves sessions unfinished.
func TestSessionsThink(t *testing.T) {
	p := testPlan(0)
	p.Duration, p.Concurrency = 400*time.Millisecond, 6
	server := newTalkServer(t)
	s := talk(t, server, p, sessionFile(t, 50, 60))
	for _, gap := range server.gaps {
		if gap < 60*time.Millisecond {
			t.Errorf("a turn came %v after the reply before it", gap)
		}
	}
	c := &s.Counts.Sessions
	if c.Begun != c.Complete+c.Unfinished || c.Unfinished == 0 || c.TurnsLeft == 0 || c.Broken > 0 {
		t.Errorf("%+v", *c)
	}
	if s.Latencies[figure.Response].ValueAtPercentile(50) >= int64(60*time.Millisecond) {
		t.Errorf("think times are in the response times")
	}
}

// TestSessionsStopped: a session whose turn is answered after the stop does not think
// about the next one.
func TestSessionsStopped(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		arrived, release := make(chan struct{}, 2), make(chan struct{})
		talks := newTalkServer(t)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			arrived <- struct{}{}
			<-release
			talks.ServeHTTP(w, r)
		}))
		startH2(t, server, true)
		p := testPlan(0)
		p.Concurrency, p.HTTP2, p.Requests = 2, http2, 50
		run := start(t, server.URL, p, sessionFile(t, 50, 60_000), endpoint.Options{Insecure: true})
		<-arrived
		<-arrived
		run.Stop(plan.Drain)
		close(release)
		select {
		case <-run.Done():
		case <-time.After(30 * time.Second): // half a think time
			t.Error("the run goes on after its stop")
			run.Stop(plan.Cut)
			<-run.Done()
		}
		s := run.Snapshot()
		checkBooks(t, s)
		if c := &s.Counts; c.Sent != 2 || c.Succeeded != 2 || c.Sessions.Unfinished != 2 {
			t.Errorf("HTTP/2 %t: %+v", http2, *c)
		}
	}
}

// A session that thinks is not waited for past an end that was set meanwhile.
func TestSessionsAtAChangedEnd(t *testing.T) {
	p := testPlan(0)
	p.Concurrency, p.UntilStopped = 2, true
	server := httptest.NewServer(newTalkServer(t))
	defer server.Close()
	run := start(t, server.URL, p, sessionFile(t, 50, 60_000), endpoint.Options{})
	await(func() bool { return run.begun() == 2 })
	length := time.Second
	for run.Last(length) != nil {
		length *= 2 // it is over already
	}
	select {
	case <-run.Done():
	case <-time.After(30 * time.Second): // half a think time
		t.Error("the run goes on after its end")
		run.Stop(plan.Cut)
		<-run.Done()
	}
	s := run.Snapshot()
	checkBooks(t, s)
	if c := &s.Counts; c.Sent != c.Succeeded || c.Sessions.Unfinished == 0 || s.Interrupted {
		t.Errorf("%+v, interrupted %t", *c, s.Interrupted)
	}
}

func TestRecordedWithoutReplies(t *testing.T) {
	p := testPlan(1)
	p.RecordedReplies = true
	target, err := endpoint.Open(t.Context(), "http://127.0.0.1:9/", endpoint.Options{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if _, err := Start(p, Request{}, payloads.Single("x", []byte("{}")), target, nil); err == nil || !strings.Contains(err.Error(), "no conversations") {
		t.Error(err)
	}
}

// TestSessionsWithoutSlots: an open loop's sessions that find no slot are planned and not
// sent, and the turns of those that did are planned besides.
func TestSessionsWithoutSlots(t *testing.T) {
	p := testPlan(0)
	p.Rate, p.Duration, p.Concurrency = mustRate(t, "100"), 400*time.Millisecond, 4
	s := talk(t, newTalkServer(t), p, sessionFile(t, 50, 60))
	c := &s.Counts
	if c.Sessions.Begun > 20 || c.NoSlot != 40-c.Sessions.Begun || c.Planned != 40+c.Sent-c.Sessions.Begun {
		t.Errorf("%d sessions begun, %d requests planned, %d sent, %d had no slot", c.Sessions.Begun, c.Planned, c.Sent, c.NoSlot)
	}
}
