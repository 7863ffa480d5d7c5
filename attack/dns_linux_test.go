package attack

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/payloads/needs"
)

// fading is a server that answers each connection's one request until it
// fades: then nothing that is sent to its address is answered any more.
type fading struct {
	*net.TCPListener
	arrived atomic.Int64
	faded   atomic.Bool
	held    []net.Conn // that keep its queue full
}

func startFading(t *testing.T, address string) *fading {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	f := &fading{TCPListener: l.(*net.TCPListener)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !f.faded.Load() {
			c, err := f.Accept()
			if err != nil {
				return
			}
			go f.answer(c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		for _, c := range f.held {
			c.Close()
		}
		<-ended
	})
	return f
}

func (f *fading) answer(c net.Conn) {
	defer c.Close()
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	f.arrived.Add(1)
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

// fade makes its queue the shortest there is, and fills it: Linux then drops
// what else comes.
func (f *fading) fade(t *testing.T) {
	t.Helper()
	f.faded.Store(true)
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		c, err := net.DialTimeout("tcp", f.Addr().String(), 50*time.Millisecond)
		if err != nil {
			return
		}
		f.held = append(f.held, c)
	}
	t.Fatal("its queue is never full")
}

// TestBlackHoles has a name with four addresses, one of which never answers
// anything, and another not from the middle of the run on. The requests go to
// the others, none fails, few are still waiting at the end, and the report names
// both.
func TestBlackHoles(t *testing.T) {
	needs.Time(t)
	const n = 20_000 // more than it comes to
	first := startOracleAt(t, "127.0.0.1:0", 2*n)
	_, port, err := net.SplitHostPort(first.address)
	if err != nil {
		t.Fatal(err)
	}
	second := startOracleAt(t, "127.0.0.2:"+port, 2*n)
	startFading(t, "127.0.0.3:"+port).fade(t)
	fourth := startFading(t, "127.0.0.4:"+port)
	serveNames(t, "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
	p := testPlan(n)
	p.Rate, p.Concurrency, p.KeepAlive = mustRate(t, "600"), 600, false
	p.Timeout = time.Minute
	run := startWith(t, "http://several.test:"+port+"/", p, Request{}, indexedBodies(t, n, 0), nil)
	awaitArrivals(first, run, 200)
	fourth.fade(t)
	await(func() bool { return len(run.dialer.Dead()) == 2 })
	awaitArrivals(first, run, first.arrived()+200)
	run.Stop(plan.Cut)
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	a, b, d := first.summary().Arrived, second.summary().Arrived, uint64(fourth.arrived.Load())
	t.Logf("%d, %d and %d arrived, %d succeeded, %d cut off, %+v, %v", a, b, d, s.Counts.Succeeded, s.Counts.CutOff, s.Failures, s.Warnings)
	// What is cut off is what the hole had taken, and what is under way then.
	if c := &s.Counts; c.Failed > 0 || c.CutOff > c.Sent/4 {
		t.Errorf("%d failed, %d cut off: %+v", c.Failed, c.CutOff, s.Failures)
	}
	if arrived := a + b + d; arrived < s.Counts.Succeeded || arrived > s.Counts.Succeeded+s.Counts.CutOff {
		t.Errorf("%d succeeded, %d arrived", s.Counts.Succeeded, arrived)
	}
	if low, high := min(a, b), max(a, b); low < s.Counts.Sent/5 || high > 2*low || d == 0 {
		t.Errorf("no even spread: %d, %d, and %d in its time", a, b, d)
	}
	warning := strings.Join(lines(s.Warnings), "; ")
	if !strings.Contains(warning, "127.0.0.3:"+port) || !strings.Contains(warning, "127.0.0.4:"+port) || strings.Contains(warning, "127.0.0.1:") || strings.Contains(warning, "127.0.0.2:") {
		t.Errorf("the dead are not named, or the living are: %q", warning)
	}
}
