//go:build !windows

package cluster

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/attack/result"
)

// counter is an endpoint that counts what arrives, by line.
type counter struct {
	*httptest.Server
	mu   sync.Mutex
	seen map[int]int
	n    uint64
}

// newCounter starts one at an address of this machine.
func newCounter(t *testing.T, host string, wait time.Duration) *counter {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{seen: map[int]int{}}
	c.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
	_ = c.Listener.Close()
	c.Listener = l
	c.Start()
	t.Cleanup(func() {
		c.CloseClientConnections() // of a worker that was cut off, too
		c.Close()
	})
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

// rigOptions are what a rig is made with.
type rigOptions struct {
	workers, bodies int
	loss            Loss
	offsets         []time.Duration
	wait            time.Duration // of the endpoint; 0 for 2 ms
	lease           time.Duration // 0 for the usual one
	checkpoints     int           // after how many messages one is made; 0 for the usual
	proxied         bool          // each worker reaches NATS by a proxy of its own
	server          ServerOptions
	access          *Access // of another server than the rig's own
	workersURL      string  // of that server for workers; empty for the same
	unprepared      bool    // no coordinator is made
	records         bool    // workers keep records
	// In a network of the test's own: this host's address in it, by which workers reach
	// the server and the endpoint, and the namespace of each.
	host       string
	namespaces []string
}

// rig is a server, a coordinator and workers as processes.
type rig struct {
	t       *testing.T
	o       rigOptions
	session string
	server  *Server
	c       *Coordinator
	counter *counter
	path    string
	workers []*exec.Cmd
	proxies []*proxy
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
	return newRigOf(t, rigOptions{workers: workers, bodies: bodies, loss: loss, offsets: offsets})
}

func newRigOf(t *testing.T, o rigOptions) *rig {
	t.Helper()
	r := &rig{t: t, o: o, session: NewSession(), counter: newCounter(t, cmp.Or(o.host, "127.0.0.1"), cmp.Or(o.wait, 2*time.Millisecond)), path: lines(t, o.bodies)}
	if o.access == nil {
		o.server.Session = r.session
		if o.server.Listen = cmp.Or(o.server.Listen, "127.0.0.1:0"); o.host != "" {
			o.server.Listen = "0.0.0.0:0"
		}
		var err error
		if r.server, err = StartServer(o.server); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.server.Close() })
	}
	t.Cleanup(r.end)
	for i := range o.workers {
		offset := time.Duration(0)
		if i < len(o.offsets) {
			offset = o.offsets[i]
		}
		r.workers = append(r.workers, r.worker(fmt.Sprintf("w%d", i), "test", offset))
	}
	if o.unprepared {
		return r
	}
	r.c = r.open(false)
	if err := r.prepare(); err != nil {
		t.Fatalf("%v\n%s", err, r.said())
	}
	return r
}

// own is how the coordinator reaches NATS.
func (r *rig) own() Access {
	if r.o.access != nil {
		return *r.o.access
	}
	return r.server.Own()
}

func (r *rig) open(resumed bool) *Coordinator {
	r.t.Helper()
	c, err := Open(r.options(resumed))
	if err != nil {
		r.t.Fatalf("%v\n%s", err, r.said())
	}
	return c
}

func (r *rig) options(resumed bool) Options {
	return Options{
		Access: r.own(), Session: r.session, Resumed: resumed, Workers: r.o.workers, Version: "test", Loss: r.o.loss, lease: r.o.lease, checkpointEvery: r.o.checkpoints,
		Tell: func(line string) { fmt.Fprintln(r, line) },
	}
}

func (r *rig) order() []byte {
	body, _ := json.Marshal(testOrder{URL: r.counter.URL, Path: r.path, Records: r.o.records})
	return body
}

func (r *rig) prepare() error {
	ctx, cancel := context.WithTimeout(r.t.Context(), 60*time.Second)
	defer cancel()
	return r.c.Prepare(ctx, r.order(), []string{r.path}, func(string) {})
}

// coordinator starts one as a process, which starts the run.
func (r *rig) coordinator(p plan.Plan) *exec.Cmd {
	own := r.own()
	body, err := json.Marshal(&p)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.process(childOptions{
		Coordinator: true, URL: own.URL, User: own.user, Password: own.password, Session: r.session, Version: "test",
		Workers: r.o.workers, Loss: r.o.loss, Lease: r.o.lease, Checkpoints: r.o.checkpoints, Order: r.order(), Path: r.path, Plan: body,
	})
}

// worker starts a worker process.
func (r *rig) worker(name, version string, offset time.Duration) *exec.Cmd {
	return r.workerIn(name, version, offset, r.t.TempDir())
}

func (r *rig) workerIn(name, version string, offset time.Duration, cache string) *exec.Cmd {
	access := r.own()
	if r.server != nil {
		access = r.server.ForWorkers()
	}
	access.URL = cmp.Or(r.o.workersURL, access.URL)
	var within []string
	if n := len(r.workers); n < len(r.o.namespaces) {
		within = []string{"ip", "netns", "exec", r.o.namespaces[n]}
		access.URL = r.server.url(r.o.host)
	}
	if r.o.proxied {
		p := newProxy(r.t, strings.TrimPrefix(access.URL, "nats://"))
		r.proxies = append(r.proxies, p)
		access.URL = "nats://" + p.listener.Addr().String()
	}
	return r.process(childOptions{
		URL: access.URL, Token: access.Token, Name: name, Version: version, Cache: cache, Offset: offset,
	}, within...)
}

// process starts one, by the command that is given in front of it.
func (r *rig) process(o childOptions, before ...string) *exec.Cmd {
	text, err := json.Marshal(o)
	if err != nil {
		r.t.Fatal(err)
	}
	words := append(before, os.Args[0])
	c := exec.Command(words[0], words[1:]...)
	c.Env = append(os.Environ(), workerVariable+"="+string(text))
	c.Stderr = r
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	return c
}

// replace kills a coordinator's process, and has another one go on with its run.
func (r *rig) replace(first *exec.Cmd) *Run {
	r.t.Helper()
	_ = first.Process.Kill()
	_ = first.Wait()
	r.c = r.open(true)
	run, err := r.c.Resume()
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

// signal sends a worker a signal.
func (r *rig) signal(worker int, s syscall.Signal) { _ = r.workers[worker].Process.Signal(s) }

// part is the number of a worker's part, which it was given as it came.
func (r *rig) part(worker int) int {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	return slices.IndexFunc(r.c.members, func(m *member) bool { return m.hello.Name == fmt.Sprintf("w%d", worker) })
}

// end sends the workers away, and sees that each goes.
func (r *rig) end() {
	defer func() {
		for _, p := range r.proxies {
			p.close()
		}
	}()
	if r.c != nil {
		r.c.Close()
	}
	for _, w := range r.workers {
		if r.c == nil {
			_ = w.Process.Kill()
		}
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
