//go:build !windows

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"go.uber.org/goleak"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// workerVariable makes the test binary a worker; it holds a childOptions.
const workerVariable = "BRUNT_TEST_WORKER"

type childOptions struct {
	URL, Token, Name, Version, Cache string
	Offset                           time.Duration // of its clock
}

// hub is the process of another kind that the test binary can be; nil where there is none.
var hub func(text string) int

func TestMain(m *testing.M) {
	if text := os.Getenv(workerVariable); text != "" {
		os.Exit(child(text))
	}
	if text := os.Getenv("BRUNT_TEST_HUB"); text != "" {
		os.Exit(hub(text))
	}
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=10")
	goleak.VerifyTestMain(m)
}

// child works as a worker of a test's.
func child(text string) int {
	var o childOptions
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return 2
	}
	err := Work(context.Background(), WorkerOptions{
		Access: Access{URL: o.URL, Token: o.Token}, Name: o.Name, Version: o.Version, Cores: 1, Once: true, Cache: o.Cache,
		Clock: func() time.Time { return time.Now().Add(o.Offset) },
		Tell:  func(line string) { fmt.Fprintln(os.Stderr, o.Name+": "+line) },
		Prepare: func(ctx context.Context, body []byte, files map[string]string, _ func(string)) (*Prepared, error) {
			return prepareTest(ctx, body, files)
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, o.Name+":", err)
		return 1
	}
	return 0
}

// testOrder is what tests order: bodies from a file, sent to a URL.
type testOrder struct{ URL, Path string }

func prepareTest(ctx context.Context, body []byte, files map[string]string) (*Prepared, error) {
	var o testOrder
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, err
	}
	set, err := payloads.Open([]payloads.Spec{{Path: files[o.Path], Weight: 1}}, payloads.Options{})
	if err != nil {
		return nil, err
	}
	target, err := endpoint.Open(ctx, o.URL, endpoint.Options{}, time.Second)
	if err != nil {
		return nil, err
	}
	return &Prepared{
		Start: func(p plan.Plan) (*attack.Run, error) { return attack.Start(p, attack.Request{}, set, target, nil) },
		Close: func() {
			target.Close()
			_ = set.Close()
		},
	}, nil
}

// counter is an endpoint that counts what arrives, by line.
type counter struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[int]int
	n    uint64
}

func newCounter(t *testing.T, wait time.Duration) *counter {
	c := &counter{seen: map[int]int{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var line struct{ I int }
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &line)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		c.seen[line.I]++
		c.n++
		c.mu.Unlock()
		<-time.After(wait)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *counter) arrived() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// lines writes a file of so many bodies, each with its number.
func lines(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bodies.jsonl")
	if err := writeLines(path, n); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeLines(path string, n int) error {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "{\"I\":%d}\n", i)
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// rig is a server, a coordinator and workers as processes.
type rig struct {
	t       *testing.T
	server  *Server
	c       *Coordinator
	counter *counter
	path    string
	workers []*exec.Cmd
	errors  bytes.Buffer
	mu      sync.Mutex
}

// Write keeps what the workers say.
func (r *rig) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.errors.Write(b)
}

func (r *rig) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.errors.String()
}

// newRig starts a coordinator and its workers, which have prepared an order of so many
// bodies.
func newRig(t *testing.T, workers, bodies int, loss Loss, offsets ...time.Duration) *rig {
	t.Helper()
	r := &rig{t: t, counter: newCounter(t, 2*time.Millisecond), path: lines(t, bodies)}
	session := NewSession()
	var err error
	if r.server, err = StartServer(ServerOptions{Listen: "127.0.0.1:0", Session: session}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.server.Close)
	r.c, err = Open(Options{
		Access: r.server.Own(), Session: session, Workers: workers, Version: "test", Loss: loss,
		Tell: func(line string) { fmt.Fprintln(r, line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range workers {
		offset := time.Duration(0)
		if i < len(offsets) {
			offset = offsets[i]
		}
		r.workers = append(r.workers, r.worker(fmt.Sprintf("w%d", i), "test", offset))
	}
	t.Cleanup(r.end)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	body, _ := json.Marshal(testOrder{URL: r.counter.URL, Path: r.path})
	if err := r.c.Prepare(ctx, body, []string{r.path}, func(string) {}); err != nil {
		t.Fatalf("%v\n%s", err, r.said())
	}
	return r
}

// worker starts a worker process.
func (r *rig) worker(name, version string, offset time.Duration) *exec.Cmd {
	access := r.server.ForWorkers()
	text, _ := json.Marshal(childOptions{
		URL: access.URL, Token: access.Token, Name: name, Version: version, Cache: r.t.TempDir(), Offset: offset,
	})
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), workerVariable+"="+string(text))
	c.Stderr = r
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	return c
}

// end sends the workers away, and sees that each goes.
func (r *rig) end() {
	r.c.Close()
	for _, w := range r.workers {
		gone := make(chan struct{})
		go func() {
			_ = w.Wait()
			close(gone)
		}()
		select {
		case <-gone:
		case <-time.After(20 * time.Second):
			r.t.Errorf("a worker does not end:\n%s", r.said())
			_ = w.Process.Kill()
			<-gone
		}
	}
}

func (r *rig) start(p plan.Plan) *Run {
	r.t.Helper()
	run, err := r.c.Start(p)
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.said())
	}
	return run
}

// wait waits for a run's end, which must come within the bound.
func (r *rig) wait(run *Run, within time.Duration) *result.Snapshot {
	r.t.Helper()
	select {
	case <-run.Done():
	case <-time.After(within):
		s := run.Snapshot()
		r.t.Fatalf("the run does not end: %+v\n%s", s.Counts, r.said())
	}
	return run.Snapshot()
}

func openPlan(rate int, d time.Duration) plan.Plan {
	return plan.Plan{
		Rate: vegeta.Rate{Freq: rate, Per: time.Second}, Duration: d, Timeout: 5 * time.Second, KeepAlive: true,
		AtEnd: plan.Drain, CatchUp: plan.CatchUpSend, Success: plan.DefaultSuccess(), Stream: plan.StreamOff,
	}
}

func closedPlan(concurrency int, requests uint64) plan.Plan {
	p := openPlan(1, 0)
	p.Rate, p.Concurrency, p.Requests = vegeta.Rate{}, concurrency, requests
	return p
}

// TestWorkersSendOneSchedule has three workers send one plan's requests: each once.
func TestWorkersSendOneSchedule(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]plan.Plan{"open": openPlan(501, 2*time.Second), "closed": closedPlan(8, 1000)} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 3, 2000, Redistribute)
			s := r.wait(r.start(p), 20*time.Second)
			want := uint64(1002)
			if !p.Open() {
				want = 1000
			}
			c := &s.Counts
			if c.Planned != want || c.Sent != want || c.Succeeded != want || r.counter.arrived() != want {
				t.Errorf("planned %d, sent %d, succeeded %d, arrived %d; want %d of each", c.Planned, c.Sent, c.Succeeded, r.counter.arrived(), want)
			}
			for i := range int(want) {
				if n := r.counter.seen[i]; n != 1 {
					t.Fatalf("body %d arrived %d times, not once", i, n)
				}
			}
			sum := uint64(0)
			for i := range s.Intervals {
				sum += s.Intervals[i].Succeeded
			}
			if sum != want {
				t.Errorf("the intervals have %d successes, the run %d", sum, want)
			}
		})
	}
}

// TestLostWorker kills one of three workers in mid-run: the others send the rest of its
// share, each request once, and what is not known is counted as such.
func TestLostWorker(t *testing.T) {
	t.Parallel()
	r := newRig(t, 3, 8000, Redistribute)
	p := openPlan(300, 16*time.Second)
	run := r.start(p)
	await(t, "requests", func() bool { return r.counter.arrived() > 600 })
	_ = r.workers[1].Process.Signal(syscall.SIGKILL)
	s := r.wait(run, 16*time.Second+5*time.Second+15*time.Second)
	c := &s.Counts
	if c.Planned != 4800 {
		t.Errorf("%d planned; want 4800", c.Planned)
	}
	if c.UnknownPlanned == 0 {
		t.Error("nothing is unknown of a worker that was killed")
	}
	if c.Planned != c.Sent+c.NotSent()+c.UnknownPlanned {
		t.Errorf("planned %d is not sent %d + not sent %d + unknown %d", c.Planned, c.Sent, c.NotSent(), c.UnknownPlanned)
	}
	if c.Sent != c.Succeeded+c.Failed+c.CutOff+c.UnknownSent {
		t.Errorf("sent %d is not succeeded %d + failed %d + cut off %d + unknown %d", c.Sent, c.Succeeded, c.Failed, c.CutOff, c.UnknownSent)
	}
	if arrived := r.counter.arrived(); arrived < c.Sent || arrived > c.Sent+c.UnknownPlanned {
		t.Errorf("%d arrived; %d were sent and %d are unknown", arrived, c.Sent, c.UnknownPlanned)
	}
	for i, n := range r.counter.seen {
		if n != 1 {
			t.Fatalf("body %d arrived %d times", i, n)
		}
	}
	// Two thirds of what came after the loss at the least, and all of what came after the
	// share was handed on.
	missing := 0
	for i := range 4800 {
		if r.counter.seen[i] == 0 {
			missing++
		}
	}
	if uint64(missing) > c.UnknownPlanned {
		t.Errorf("%d never arrived; %d are unknown", missing, c.UnknownPlanned)
	}
	if !strings.Contains(fmt.Sprint(s.Warnings, s.Verdict), "w1") {
		t.Errorf("nothing names the worker that was lost: %v %+v", s.Warnings, s.Verdict)
	}
}

// TestClocks has workers whose clocks are seconds apart: that is seen, and they start
// together.
func TestClocks(t *testing.T) {
	t.Parallel()
	offsets := []time.Duration{3 * time.Second, -3 * time.Second, 0}
	r := newRig(t, 3, 3000, Redistribute, offsets...)
	byName := map[string]time.Duration{}
	r.c.mu.Lock()
	for _, m := range r.c.members {
		offset, uncertain, ok := m.clock.Offset(time.Now())
		if !ok {
			t.Errorf("%s has no offset", m.name())
		}
		byName[m.hello.Name] = offset
		if uncertain > 5*time.Millisecond {
			t.Logf("%s: uncertain by %s", m.name(), uncertain)
		}
	}
	r.c.mu.Unlock()
	for i, want := range offsets {
		if d := byName[fmt.Sprintf("w%d", i)] - want; d.Abs() > 5*time.Millisecond {
			t.Errorf("w%d: its clock is said to be %s ahead; it is %s", i, byName[fmt.Sprintf("w%d", i)], want)
		}
	}
	s := r.wait(r.start(openPlan(300, 2*time.Second)), 20*time.Second)
	if s.Counts.Succeeded != 600 {
		t.Errorf("%d succeeded; want 600", s.Counts.Succeeded)
	}
}

// TestStrangers has a worker of another version, and one with a wrong token, stay out.
func TestStrangers(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, 100, Redistribute)
	other := r.worker("other", "another version", 0)
	await(t, "a refusal", func() bool { return strings.Contains(r.said(), "use one version for both") })
	_ = other.Process.Kill()
	_ = other.Wait()
	access := r.server.ForWorkers()
	access.Token = "wrong"
	if _, _, err := access.connect("stranger"); err == nil || !strings.Contains(err.Error(), "token") {
		t.Errorf("a wrong token: %v", err)
	}
	access.Token = ""
	if _, _, err := access.connect("stranger"); err == nil {
		t.Error("no token at all lets one in")
	}
}

// TestWorkersAreAllowedLittle has a worker's connection try what only a coordinator may.
func TestWorkersAreAllowedLittle(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1, 100, Redistribute)
	access := r.server.ForWorkers()
	conn, js, err := access.connect("worker")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, what := range []string{askStart, askChange, askEnd, askPrepare} {
		if m, err := conn.Request(subjectOf(r.c.session, 0, what), encode(struct{}{}), 300*time.Millisecond); err == nil {
			t.Errorf("a worker may ask another to %s: %s", what, m.Data)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := js.DeleteStream(ctx, streamName(r.c.session)); err == nil {
		t.Error("a worker may remove the stream")
	}
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 3000 {
		if holds() {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("no %s within 30 s", what)
}
