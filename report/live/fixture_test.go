package live

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"go.uber.org/goleak"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/mock"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/report"
	"brunt/report/results"
)

// portVariable makes the test binary another process: the child.
const portVariable = "BRUNT_TEST_PORT80"

var child func() int

func TestMain(m *testing.M) {
	if child != nil && os.Getenv(portVariable) != "" {
		os.Exit(child())
	}
	// The race detector has each process wait for a second before it ends.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=10")
	goleak.VerifyTestMain(m)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// mockURL is an endpoint that answers everything after a constant 2 ms.
const mockURL = "mock://?latency=2ms&overhead=0ms&sigma=0"

// launch starts a run on an endpoint of its own.
func launch(o Settings) (*Job, error) { return launchOn(mockURL, mock.ExampleBody, o) }

func launchOn(url, body string, o Settings) (*Job, error) {
	plan := plan.Plan{KeepAlive: true, AtEnd: plan.Drain, CatchUp: plan.CatchUpSend, Success: plan.DefaultSuccess(), Stream: plan.StreamAuto, StreamStall: 5 * time.Second}
	o.Apply(&plan)
	if err := plan.Validate(); err != nil {
		return nil, err
	}
	target, err := endpoint.Open(context.Background(), url, endpoint.Options{}, time.Second)
	if err != nil {
		return nil, err
	}
	set := payloads.Single("built-in example", []byte(body))
	run, err := attack.Start(plan, attack.Request{}, set, target, nil)
	if err != nil {
		target.Close()
		return nil, err
	}
	meta := report.MetaOf(run.Plan(), target.Target.URL, set)
	meta.Concurrency = o.Concurrency
	return &Job{Run: run, Meta: meta, Close: func(func() *report.Report) results.Ending {
		target.Close()
		set.Close()
		return results.Ending{Warnings: []string{"closed"}}
	}}, nil
}

// launched is launch as a view calls it.
func launched(_ context.Context, o Settings, _ func(string)) (*Job, error) { return launch(o) }

// small are settings of a run that ends by itself after d.
func small(d time.Duration) Settings {
	return Settings{Rate: vegeta.Rate{Freq: 100, Per: time.Second}, Duration: d, Timeout: 5 * time.Second, Target: mockURL, Payloads: []string{"a.jsonl"}}
}

// serve opens a view on loopback, idle.
func serve(t testing.TB, change func(*Config)) *View {
	t.Helper()
	c := Config{
		Flags: Flags{Serve: "127.0.0.1:0"}, Settings: small(300 * time.Millisecond), Start: launched,
		Form: Form{Payloads: []File{{File: "a.jsonl", Lines: 10}, {File: "b.jsonl", Lines: 20}}},
	}
	if change != nil {
		change(&c)
	}
	v, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return v
}

func (v *View) at(path string) string {
	base, _, _ := strings.Cut(v.url, "?")
	return strings.TrimSuffix(base, "/") + path
}

// reply is an answer read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r *reply) String() string { return fmt.Sprintf("%d %s", r.status, r.body) }

func (r *reply) decode(t testing.TB, to any) {
	t.Helper()
	if err := json.Unmarshal(r.body, to); err != nil {
		t.Fatalf("%v in %.200s", err, r.body)
	}
}

func do(t testing.TB, req *http.Request) *reply {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &reply{resp.StatusCode, resp.Header, body}
}

func request(method, url, body string) *http.Request {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	must(err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func (v *View) get(t testing.TB, path string) *reply {
	t.Helper()
	return do(t, request(http.MethodGet, v.at(path), ""))
}

func (v *View) post(t testing.TB, path, body string) *reply {
	t.Helper()
	return do(t, request(http.MethodPost, v.at(path), body))
}

// until waits for something that another goroutine is bringing about.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for end := time.After(2 * time.Minute); !done(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("%s did not come about", what)
		}
	}
}

func (v *View) state() string {
	_, _, s := v.controller.view()
	return s.State
}

func (v *View) untilState(t testing.TB, want ...string) {
	t.Helper()
	until(t, "state "+strings.Join(want, " or "), func() bool {
		for _, w := range want {
			if v.state() == w {
				return true
			}
		}
		return false
	})
}

// event is one of a stream, and what a page needs of it.
type event struct {
	name, id string
	View     pageState      `json:"view"`
	Report   *report.Report `json:"report"`
	Extra    *struct {
		Spread map[string][]string   `json:"spread"`
		Curve  struct{ X []float64 } `json:"curve"`
	} `json:"extra"`
	From *int `json:"from"`
}

// stream is a page's view of the events: what it holds after each.
type stream struct {
	t         testing.TB
	cancel    func()
	lines     *bufio.Reader
	newest    event
	intervals []report.Interval
	spread    []string // of response times
	events    int
	lastID    string
	told      bool // that it is over
}

func (v *View) stream(t testing.TB, lastID string) *stream {
	t.Helper()
	s := &stream{t: t}
	s.open(v, lastID)
	return s
}

func (s *stream) open(v *View, lastID string) {
	s.t.Helper()
	req := request(http.MethodGet, v.at("/api/events"), "")
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		s.t.Fatal(resp.Status)
	}
	s.cancel = func() { resp.Body.Close() }
	s.t.Cleanup(s.cancel)
	s.lines = bufio.NewReaderSize(resp.Body, 1<<16)
}

// next reads one event and does what a page does with it; false at the end of
// the stream.
func (s *stream) next() bool {
	s.t.Helper()
	var e event
	for {
		line, err := s.lines.ReadBytes('\n')
		if err != nil {
			return false
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		key, value, _ := bytes.Cut(line, []byte(": "))
		switch string(key) {
		case "event":
			e.name = string(value)
		case "id":
			e.id = string(value)
		case "data":
			if err := json.Unmarshal(value, &e); err != nil {
				s.t.Fatalf("%v in %.300s", err, value)
			}
		case "":
			if s.told = e.name == "end"; s.told {
				return false
			}
			if e.name != "" {
				s.take(e)
				return true
			}
		}
	}
}

func (s *stream) take(e event) {
	s.t.Helper()
	s.newest, s.lastID = e, e.id
	s.events++
	keep := 0
	if e.name == "tick" {
		keep = *e.From
	}
	if keep > len(s.intervals) {
		s.t.Fatalf("event %s adds to %d intervals of %d", e.id, keep, len(s.intervals))
	}
	s.intervals, s.spread = s.intervals[:keep], s.spread[:keep]
	if e.Report != nil {
		s.intervals = append(s.intervals, e.Report.Intervals...)
		s.spread = append(s.spread, e.Extra.Spread["response"]...)
		for key, list := range e.Extra.Spread {
			if len(list) != len(e.Report.Intervals) {
				s.t.Errorf("event %s has %d of spread.%s for %d intervals", e.id, len(list), key, len(e.Report.Intervals))
			}
		}
	}
	if run, _, _ := strings.Cut(e.id, "."); run != fmt.Sprint(e.View.Run) || !strings.HasSuffix(e.id, fmt.Sprintf(".%d", len(s.intervals))) {
		s.t.Errorf("id %s of run %d with %d intervals", e.id, e.View.Run, len(s.intervals))
	}
}

// untilState reads on until the run is in a state.
func (s *stream) untilState(want string) {
	s.t.Helper()
	for s.newest.View.State != want {
		if !s.next() {
			s.t.Fatalf("the stream ended in state %q before %q", s.newest.View.State, want)
		}
	}
}
