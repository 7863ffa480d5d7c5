package attack

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/quiet"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// testPlan is a closed loop of n requests, to be changed at will.
func testPlan(n uint64) plan.Plan {
	return plan.Plan{Concurrency: 4, Requests: n, Timeout: 5 * time.Second, KeepAlive: true, AtEnd: plan.Drain, CatchUp: plan.CatchUpSend, Success: plan.DefaultSuccess()}
}

// start begins a run against a URL with the one body.
func start(t *testing.T, url string, p plan.Plan, set *payloads.Set, o endpoint.Options) *Run {
	t.Helper()
	target, err := endpoint.Open(t.Context(), url, o, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	run, err := Start(p, Request{UserAgent: "test"}, set, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// begun is how many measured requests there have been so far.
func (r *Run) begun() uint64 {
	started := r.soFar().started
	return started
}

// slotCount is the number of slots that there have been.
func (r *Run) slotCount() (n int) {
	for _, l := range r.loops {
		l.lock()
		n += l.size()
		l.unlock()
	}
	return n
}

// leaving is the number of slots that a change has yet to send away.
func (r *Run) leaving() (n int) {
	for _, l := range r.loops {
		l.lock()
		n += l.leaving
		l.unlock()
	}
	return n
}

var body = []byte(`{"inputs":[1]}`)

// attackOf makes a run to its end and checks its books.
func attackOf(t *testing.T, url string, p plan.Plan) *result.Snapshot {
	t.Helper()
	run := start(t, url, p, payloads.Single("test", body), endpoint.Options{})
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	return s
}

// rawServer is the URL of a server that speaks for itself: serve gets each
// connection and its number.
func rawServer(t *testing.T, serve func(c net.Conn, in *bufio.Reader, n int)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer c.Close()
				serve(c, bufio.NewReader(c), n)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		group.Wait()
	})
	return "http://" + l.Addr().String() + "/"
}

// request reads one request off a connection.
func request(in *bufio.Reader) bool {
	r, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// answering answers each request of the test's body with the writes given,
// without allocating.
func answering(writes ...string) func(net.Conn, *bufio.Reader, int) {
	return func(c net.Conn, in *bufio.Reader, _ int) {
		reply := make([][]byte, len(writes))
		for i, write := range writes {
			reply[i] = []byte(write)
		}
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				return
			}
			if len(line) > 2 {
				continue
			}
			if _, err := in.Discard(len(body)); err != nil {
				return
			}
			for _, part := range reply {
				if _, err := c.Write(part); err != nil {
					return
				}
			}
		}
	}
}

func TestReplies(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	big := strings.Repeat("x", 300<<10)
	for _, c := range []struct {
		name, reply string
		close       bool
		kind        string // of the failure, empty for success
	}{
		{"length", ok + "Content-Length: 2\r\n\r\nhi", false, ""},
		{"empty", ok + "Content-Length: 0\r\n\r\n", false, ""},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, ""},
		{"chunked", ok + "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nA: b\r\n\r\n", false, ""},
		{"to the end", ok + "\r\nhi", true, ""},
		{"close", ok + "Connection: close\r\nContent-Length: 2\r\n\r\nhi", true, ""},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", true, ""},
		{"continue and hints", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi", false, ""},
		{"gzip untouched", ok + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", false, ""},
		{"large", ok + "Content-Length: 307200\r\n\r\n" + big, false, ""},
		{"large chunk", ok + "Transfer-Encoding: chunked\r\n\r\n4b000\r\n" + big + "\r\n0\r\n\r\n", false, ""},
		{"large header", ok + "X: " + strings.Repeat("y", 20<<10) + "\r\nContent-Length: 2\r\n\r\nhi", false, ""},
		{"status", "HTTP/1.1 429 Slow\r\nContent-Length: 2\r\n\r\nhi", false, "status_429"},
		{"nothing", "", true, result.KindClosedEarly},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-", true, result.KindClosedEarly},
		{"half a body", ok + "Content-Length: 9\r\n\r\nhi", true, result.KindClosedEarly},
		{"half a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nhi", true, result.KindClosedEarly},
		{"garbage", "what?\r\n\r\n", true, result.KindBadReply},
		{"bad chunk", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", true, result.KindBadReply},
		{"endless header", ok + "X: " + strings.Repeat("y", 200<<10), true, result.KindBadReply},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
				for request(in) {
					if _, err := io.WriteString(conn, c.reply); err != nil || c.close {
						return
					}
				}
			})
			s := attackOf(t, url, testPlan(20))
			switch {
			case c.kind == "" && s.Counts.Succeeded != 20:
				t.Errorf("%d succeeded; failures %+v", s.Counts.Succeeded, s.Failures)
			case c.kind != "" && (s.Counts.Failed != 20 || s.Failures[0].Kind != c.kind || len(s.Failures) != 1):
				t.Errorf("%d failed, %+v; want %s", s.Counts.Failed, s.Failures, c.kind)
			}
			if c.close == (s.Counts.Connections <= 4) {
				t.Errorf("%d connections", s.Counts.Connections)
			}
		})
	}
}

func TestFailureKinds(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		url := "http://" + l.Addr().String()
		l.Close()
		p := testPlan(0)
		p.Rate, p.Duration = mustRate(t, "100"), 200*time.Millisecond
		if s := attackOf(t, url, p); s.Counts.Sent != 20 || s.Failures[0].Kind != endpoint.Refused {
			t.Errorf("%+v", s.Failures)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) { io.Copy(io.Discard, in) })
		p := testPlan(8)
		p.Timeout = 300 * time.Millisecond
		s := attackOf(t, url, p)
		if s.Failures[0].Kind != result.KindTimeoutReply || s.Latencies[figure.Failed].Min() < int64(p.Timeout)*99/100 {
			t.Errorf("%+v after %v", s.Failures, time.Duration(s.Latencies[figure.Failed].Min()))
		}
	})
	t.Run("reset in the body", func(t *testing.T) {
		url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
			request(in)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi")
			c.(*net.TCPConn).SetLinger(0)
		})
		if s := attackOf(t, url, testPlan(8)); s.Failures[0].Kind != result.KindReset && s.Failures[0].Kind != result.KindClosedEarly {
			t.Errorf("%+v", s.Failures)
		}
	})
	t.Run("tls", func(t *testing.T) {
		server := httptest.NewTLSServer(http.NotFoundHandler())
		server.Config.ErrorLog = nil
		defer server.Close()
		p := testPlan(3)
		p.Concurrency = 1
		if s := attackOf(t, server.URL, p); s.Failures[0].Kind != endpoint.TLS {
			t.Errorf("%+v", s.Failures)
		}
	})
}

func TestTLS(t *testing.T) {
	var seen atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // a reply before its end would end the connection
	}))
	defer server.Close()
	run := start(t, server.URL, testPlan(100), payloads.Single("large", []byte(strings.Repeat("x", 100<<10))), endpoint.Options{Insecure: true})
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	// Fewer connections than workers where those that came first did it all.
	handshakes := uint64(s.Latencies[figure.TLS].TotalCount())
	if s.Counts.Succeeded != 100 || seen.Load() != 100 || s.TLSVersion != "1.3" || handshakes == 0 || handshakes > 4 || handshakes != s.Counts.Connections {
		t.Errorf("%d succeeded, %d seen, TLS %q, %d handshakes, %d connections: %+v", s.Counts.Succeeded, seen.Load(), s.TLSVersion, handshakes, s.Counts.Connections, s.Failures)
	}
}

// bodyServer keeps the bodies that arrive, in order.
func bodyServer(t *testing.T) (url string, bodies func() []string) {
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, string(b))
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
}

// bodyFile writes n different bodies, some of them large.
func bodyFile(t *testing.T, name string, n int) (file string, lines []string) {
	t.Helper()
	for i := range n {
		lines = append(lines, fmt.Sprintf(`{"file": %q, "n": %d, "pad": "%s"}`, name, i, strings.Repeat("é", i*i*20)))
	}
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\r\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	return file, lines
}

// sendBodies makes a run of n requests with the files.
func sendBodies(t *testing.T, n uint64, workers int, o payloads.Options, specs ...payloads.Spec) []string {
	t.Helper()
	url, bodies := bodyServer(t)
	set, err := payloads.Open(specs, o)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	p := testPlan(n)
	p.Concurrency = workers
	run := start(t, url, p, set, endpoint.Options{})
	<-run.Done()
	checkBooks(t, run.Snapshot())
	got := bodies()
	if uint64(len(got)) != n {
		t.Fatalf("%d bodies arrived, not %d", len(got), n)
	}
	return got
}

// TestBodies has the server see every line as it stands: in order, as the same
// permutation for the same seed, and by weight.
func TestBodies(t *testing.T) {
	file, lines := bodyFile(t, "a.jsonl", 50)
	spec := payloads.Spec{Path: file, Weight: 1}
	for i, b := range sendBodies(t, 120, 1, payloads.Options{}, spec) {
		if b != lines[i%50] {
			t.Fatalf("body %d is not line %d as it stands", i, i%50)
		}
	}
	shuffled := payloads.Options{Order: payloads.Shuffle, Seed: 7}
	first := sendBodies(t, 50, 1, shuffled, spec)
	if again := sendBodies(t, 50, 1, shuffled, spec); !slices.Equal(first, again) {
		t.Error("the same seed gives another order")
	}
	if slices.Equal(first, lines) || !slices.Equal(slices.Sorted(slices.Values(first)), slices.Sorted(slices.Values(lines))) {
		t.Error("shuffle is no permutation, or none but the first")
	}
	other, _ := bodyFile(t, "b.jsonl", 7)
	of := map[bool]int{}
	for _, b := range sendBodies(t, 400, 4, payloads.Options{}, payloads.Spec{Path: file, Weight: 3}, payloads.Spec{Path: other, Weight: 1}) {
		of[strings.Contains(b, "a.jsonl")]++
	}
	if of[true] != 300 || of[false] != 100 {
		t.Errorf("weights 3:1 come out %d:%d", of[true], of[false])
	}
}

func TestOpenLoopCounts(t *testing.T) {
	var seen atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	defer server.Close()
	p := testPlan(0)
	p.Rate, p.Duration, p.Warmup, p.Concurrency = mustRate(t, "1000"), time.Second, 100*time.Millisecond, 0
	s := attackOf(t, server.URL, p)
	if s.Counts.Sent != 1000 || s.Counts.Warmup != 100 || seen.Load() != 1100 {
		t.Errorf("%d sent, %d in the warm-up, %d arrived", s.Counts.Sent, s.Counts.Warmup, seen.Load())
	}
}

// TestStop interrupts runs at many instants; the books must hold, and the
// server's count with them.
func TestStop(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	for _, how := range []plan.AtEnd{plan.Drain, plan.Cut} {
		for _, open := range []bool{true, false} {
			for i := range 10 {
				var seen atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					seen.Add(1)
					takes(20*time.Millisecond, r)
				}))
				p := testPlan(0)
				p.Duration = 10 * time.Second
				if open {
					p.Rate, p.Concurrency = mustRate(t, "500"), 16
				}
				run := start(t, server.URL, p, payloads.Single("test", body), endpoint.Options{})
				time.AfterFunc(time.Duration(7*i+1)*time.Millisecond, func() { run.Stop(how) })
				<-run.Done()
				server.Close()
				s := run.Snapshot()
				checkBooks(t, s)
				if !s.Interrupted || how == plan.Drain && (s.Counts.CutOff > 0 || uint64(seen.Load()) != s.Counts.Sent) || uint64(seen.Load()) > s.Counts.Sent {
					t.Errorf("%s, open %v: %d arrived, %+v", how, open, seen.Load(), s.Counts)
				}
			}
		}
	}
}

// TestNoSlot fills all slots: what finds none until the end is not sent.
func TestNoSlot(t *testing.T) {
	url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) { io.Copy(io.Discard, in) })
	p := testPlan(0)
	p.Rate, p.Duration, p.Concurrency, p.Timeout = mustRate(t, "100"), 300*time.Millisecond, 4, 600*time.Millisecond
	s := attackOf(t, url, p)
	if s.Counts.Planned != 30 || s.Counts.Sent != 4 || s.Counts.NoSlot != 26 {
		t.Errorf("%+v", s.Counts)
	}
	// What the endpoint did with those that it got comes first.
	v := &s.Verdict
	if v.LimitedBy != result.LimitEndpoint || !strings.Contains(v.Headline.String(), "left all 4 requests without a complete reply") || !strings.Contains(strings.Join(lines(v.Notes), "; "), "the limit of 4 requests in flight held up 87 %") {
		t.Errorf("%+v %+v", s.Counts, v)
	}
}

// TestServerKilled has the endpoint die in mid-run.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	var seen atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	p := testPlan(0)
	p.Rate, p.Duration = mustRate(t, "1000"), 2500*time.Millisecond // failures over several intervals
	run := start(t, server.URL, p, payloads.Single("test", body), endpoint.Options{})
	time.AfterFunc(150*time.Millisecond, func() { server.Listener.Close(); server.CloseClientConnections() })
	watch(t, run)
	server.Close()
	s := run.Snapshot()
	checkBooks(t, s)
	var before uint64
	for _, f := range s.Failures {
		if f.Kind == endpoint.Refused {
			before += f.Count
		}
	}
	if got, least := uint64(seen.Load()), s.Counts.Succeeded; got < least || got > s.Counts.Sent-before || before == 0 {
		t.Errorf("%d arrived; %d succeeded, %d sent, %d refused; %+v", got, least, s.Counts.Sent, before, s.Failures)
	}
}

// TestIdleClosed has the endpoint close idle connections: that is no failure.
func TestIdleClosed(t *testing.T) {
	url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
		if request(in) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
		}
	})
	p := testPlan(20)
	p.Rate = mustRate(t, "50")
	// Where the server loses its core between a reply and the closing, the next
	// request is on its way before there is anything to see: it has other tries.
	quiet.Repeat(t, func() error {
		s := attackOf(t, url, p)
		if s.Counts.Succeeded < 20 || s.Counts.Reconnected == 0 {
			return fmt.Errorf("%+v %+v", s.Counts, s.Failures)
		}
		return nil
	})
}

// TestSketch writes random histograms down and reads them back.
func TestSketch(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		h := histogram.New()
		for range random.IntN(5000) {
			_ = h.RecordValue(min(int64(math.Exp(random.Float64()*30)), histogram.Max))
		}
		_ = h.RecordValues(histogram.Max, 3)
		_ = h.RecordValue(0)
		if !slices.Equal(bars(histogram.SketchOf(h).Histogram()), bars(h)) || histogram.SketchOf(h).Count() != h.TotalCount() {
			t.Fatal("a sketch is not the histogram it was made of")
		}
	}
}

// TestRecords has a sink that keeps up and one that fails: kept + dropped =
// sent.
func TestRecords(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	run := func(n uint64, sink Sink) *result.Snapshot {
		target, err := endpoint.Open(t.Context(), server.URL, endpoint.Options{}, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Start(testPlan(n), Request{}, payloads.Single("test", body), target, sink)
		if err != nil {
			t.Fatal(err)
		}
		<-r.Done()
		checkBooks(t, r.Snapshot())
		return r.Snapshot()
	}
	seen := map[uint64]Record{}
	s := run(3000, func(_ time.Time, batch []Record) error {
		for _, r := range batch {
			seen[r.Index] = r
		}
		return nil
	})
	if len(seen) != 3000 || s.Counts.Kept != 3000 || s.Counts.Dropped != 0 {
		t.Errorf("%d records of 3,000, %d kept, %d dropped", len(seen), s.Counts.Kept, s.Counts.Dropped)
	}
	var latest time.Duration
	for _, r := range seen {
		if !r.Succeeded || r.Status != 200 || r.End < r.Sent || r.Sent < r.Begun || r.Begun < r.Planned {
			t.Fatalf("%+v", r)
		}
		latest = max(latest, r.End-r.Planned)
	}
	if want := time.Duration(s.Latencies[figure.Response].Max()); latest > want || float64(latest) < 0.999*float64(want) {
		t.Errorf("slowest record %v, slowest response %v", latest, want)
	}
	calls := 0
	s = run(3000, func(time.Time, []Record) error { calls++; return io.ErrShortWrite })
	if calls != 1 || s.Counts.Kept != 0 || s.Counts.Dropped != 3000 {
		t.Errorf("a failed sink: %d calls, %d kept, %d dropped", calls, s.Counts.Kept, s.Counts.Dropped)
	}
}

// TestRecordsInOrder has many workers of a closed loop keep records: none is
// missing, and a later index is never planned for an earlier instant.
func TestRecordsInOrder(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer server.Close()
	target, err := endpoint.Open(t.Context(), server.URL, endpoint.Options{}, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	var records []Record
	p := testPlan(0)
	p.Concurrency, p.Duration = 16, 300*time.Millisecond
	run, err := Start(p, Request{UserAgent: "test"}, payloads.Single("test", body), target, func(_ time.Time, batch []Record) error {
		records = append(records, batch...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-run.Done()
	if sent := run.Snapshot().Counts.Sent; uint64(len(records)) != sent || sent == 0 {
		t.Fatalf("%d records of %d requests", len(records), sent)
	}
	slices.SortFunc(records, func(a, b Record) int { return int(a.Index) - int(b.Index) })
	for i, r := range records {
		if r.Index != uint64(i) || i > 0 && r.Planned < records[i-1].Planned {
			t.Fatalf("record %d has index %d and is planned for %v, after %v", i, r.Index, r.Planned, records[max(0, i-1)].Planned)
		}
	}
}

// countOf adds up the failures of some kinds.
func countOf(s *result.Snapshot, kinds ...string) (n uint64) {
	for _, f := range s.Failures {
		for _, kind := range kinds {
			if f.Kind == kind {
				n += f.Count
			}
		}
	}
	return n
}
