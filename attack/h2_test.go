package attack

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// h2Plan is testPlan over HTTP/2.
func h2Plan(n uint64) plan.Plan {
	p := testPlan(n)
	p.HTTP2 = true
	return p
}

// h2Server is a real net/http server that speaks HTTP/2, and counts its
// connections.
func h2Server(t *testing.T, secure bool, streams int, h http.HandlerFunc) (url string, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("a request came over %s", r.Proto)
		}
		h(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams, MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 128 << 10}
	startH2(t, s, secure)
	return s.URL, connections
}

// startH2 starts a server that speaks HTTP/2, until the test ends.
func startH2(t *testing.T, s *httptest.Server, secure bool) {
	t.Helper()
	if secure {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
	}
	t.Cleanup(s.Close)
}

// h2Run makes a run over HTTP/2 to its end and checks its books.
func h2Run(t *testing.T, url string, p plan.Plan, set *payloads.Set) *result.Snapshot {
	t.Helper()
	run := start(t, url, p, set, endpoint.Options{Insecure: true})
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	return s
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"tls": true, "h2c": false} {
		t.Run(name, func(t *testing.T) {
			var seen atomic.Int64
			url, connections := h2Server(t, secure, 0, func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				if string(b) == string(body) && r.Method == "POST" && r.Header.Get("User-Agent") == "test" && r.ContentLength == int64(len(body)) && r.URL.Path == "/x" {
					seen.Add(1)
				}
				io.WriteString(w, "hello")
			})
			p := h2Plan(2000)
			p.Concurrency = 32
			s := h2Run(t, url+"/x", p, payloads.Single("test", body))
			if s.Counts.Succeeded != 2000 || seen.Load() != 2000 || s.Status[200] != 2000 {
				t.Errorf("%d succeeded, %d seen: %+v", s.Counts.Succeeded, seen.Load(), s.Failures)
			}
			if s.Counts.Connections != 1 || connections.Load() != 1 || s.Latencies[figure.Connect].TotalCount() != 1 || (s.Latencies[figure.TLS].TotalCount() == 1) != secure {
				t.Errorf("%d connections, %d seen", s.Counts.Connections, connections.Load())
			}
			if s.Latencies[figure.FirstByte].Min() < 1 || s.Latencies[figure.FirstByte].Max() > s.Latencies[figure.Service].Max() || s.Latencies[figure.Service].Max() > s.Latencies[figure.Response].Max() {
				t.Errorf("first byte %v, service %v, response %v", s.Latencies[figure.FirstByte].Max(), s.Latencies[figure.Service].Max(), s.Latencies[figure.Response].Max())
			}
			// A header of at least 9 + 1 bytes and a body in a frame of its own.
			if c := s.Counts; c.BytesOut < 2000*uint64(9+1+9+len(body)) || c.BytesIn < 2000*(9+1+9+5) {
				t.Errorf("%d bytes out, %d in", c.BytesOut, c.BytesIn)
			}
			// An open loop on the same server, with a warm-up.
			seen.Store(0)
			p = h2Plan(0)
			p.Rate, p.Duration, p.Warmup, p.Concurrency = mustRate(t, "1000"), 500*time.Millisecond, 100*time.Millisecond, 0
			s = h2Run(t, url+"/x", p, payloads.Single("test", body))
			if s.Counts.Sent != 500 || s.Counts.Succeeded != 500 || s.Counts.Warmup != 100 || seen.Load() != 600 {
				t.Errorf("%d sent, %d in the warm-up, %d arrived", s.Counts.Sent, s.Counts.Warmup, seen.Load())
			}
		})
	}
}

// TestHTTP2Bodies sends large bodies through small windows and takes large
// replies, all byte by byte as they stand in the mapped file.
func TestHTTP2Bodies(t *testing.T) {
	t.Parallel()
	file, lines := bodyFile(t, "h2.jsonl", 120) // up to 570 KB
	want := map[string]int{}
	for _, line := range lines {
		sum := sha256.Sum256([]byte(line))
		want[hex.EncodeToString(sum[:])] = 2
	}
	var mu sync.Mutex
	url, _ := h2Server(t, true, 0, func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		n, _ := io.Copy(h, r.Body)
		mu.Lock()
		want[hex.EncodeToString(h.Sum(nil))]--
		mu.Unlock()
		w.Write(make([]byte, n))
	})
	set, err := payloads.Open([]payloads.Spec{{Path: file, Weight: 1}}, payloads.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	p := h2Plan(240)
	p.Concurrency = 16
	s := h2Run(t, url, p, set)
	if s.Counts.Succeeded != 240 {
		t.Errorf("%d succeeded: %+v", s.Counts.Succeeded, s.Failures)
	}
	var bytes uint64
	for _, line := range lines {
		bytes += 2 * uint64(len(line))
	}
	if out, in := s.Counts.BytesOut, s.Counts.BytesIn; out < bytes || out > bytes+bytes/50 || in < bytes || in > bytes+bytes/50 {
		t.Errorf("%d bytes of body; %d out, %d in", bytes, out, in)
	}
	for sum, n := range want {
		if n != 0 {
			t.Errorf("body %s came %d times too few", sum, n)
		}
	}
}

// TestHTTP2Connections counts connections by their number asked for, and by
// how many streams the server takes on one.
func TestHTTP2Connections(t *testing.T) {
	for _, c := range []struct {
		name                  string
		concurrency, ask, max int
		want                  int64
		open                  bool
	}{
		{"one per 100", 250, 0, 0, 3, false},
		{"asked for", 50, 7, 0, 7, false},
		{"more than requests", 3, 7, 0, 3, false},
		{"few streams", 60, 0, 10, 6, false},
		{"few streams on two", 60, 2, 10, 2, false},
		{"as needed", 0, 0, 0, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen, now, most atomic.Int64
			url, connections := h2Server(t, false, c.max, func(_ http.ResponseWriter, r *http.Request) {
				seen.Add(1)
				for n := now.Add(1); ; {
					if was := most.Load(); n <= was || most.CompareAndSwap(was, n) {
						break
					}
				}
				takes(2*time.Millisecond, r)
				now.Add(-1)
			})
			p := h2Plan(700)
			p.Concurrency, p.Connections = c.concurrency, c.ask
			if c.open {
				// So few that even a stall of everything fills no connection.
				p.Rate, p.Requests = mustRate(t, "200"), 90
			}
			s := h2Run(t, url, p, payloads.Single("test", body))
			if s.Counts.Succeeded != p.Requests || uint64(seen.Load()) != p.Requests {
				t.Errorf("%d succeeded, %d seen: %+v", s.Counts.Succeeded, seen.Load(), s.Failures)
			}
			if connections.Load() != c.want || s.Counts.Connections != uint64(c.want) {
				t.Errorf("%d connections, %d by the run's count, want %d", connections.Load(), s.Counts.Connections, c.want)
			}
			if c.max > 0 && most.Load() > int64(c.max)*c.want {
				t.Errorf("%d requests at once", most.Load())
			}
		})
	}
}

// TestNoHTTP2 attacks servers that speak HTTP/1.1 only.
func TestNoHTTP2(t *testing.T) {
	plain, secure := httptest.NewServer(http.NotFoundHandler()), httptest.NewTLSServer(http.NotFoundHandler())
	defer plain.Close()
	defer secure.Close()
	for _, url := range []string{plain.URL, secure.URL} {
		s := h2Run(t, url, h2Plan(1000), payloads.Single("test", body))
		if s.Counts.Failed == 0 || s.Counts.Sent > 20 || s.Failures[0].Kind != endpoint.NoHTTP2 || !strings.Contains(fmt.Sprint(s.Err), "leave out HTTP/2") {
			t.Errorf("%s: %v %+v %+v", url, s.Err, s.Counts, s.Failures)
		}
	}
	p := h2Plan(1)
	p.KeepAlive = false
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "no keep-alive") {
		t.Errorf("HTTP/2 without keep-alive: %v", err)
	}
}

// TestHTTP2Stop interrupts runs at many instants.
func TestHTTP2Stop(t *testing.T) {
	t.Parallel()
	for _, how := range []plan.AtEnd{plan.Drain, plan.Cut} {
		for _, open := range []bool{true, false} {
			for i := range 5 {
				var seen atomic.Int64
				url, _ := h2Server(t, i%2 == 0, 0, func(_ http.ResponseWriter, r *http.Request) {
					seen.Add(1)
					takes(20*time.Millisecond, r)
				})
				p := h2Plan(0)
				p.Duration = 10 * time.Second
				if open {
					p.Rate, p.Concurrency = mustRate(t, "500"), 16
				}
				run := start(t, url, p, payloads.Single("test", body), endpoint.Options{Insecure: true})
				time.AfterFunc(time.Duration(13*i+1)*time.Millisecond, func() { run.Stop(how) })
				<-run.Done()
				s := run.Snapshot()
				checkBooks(t, s)
				if !s.Interrupted || how == plan.Drain && (s.Counts.CutOff > 0 || uint64(seen.Load()) != s.Counts.Sent) || uint64(seen.Load()) > s.Counts.Sent || s.Counts.Failed > 0 {
					t.Errorf("%s, open %v: %d arrived, %+v %+v", how, open, seen.Load(), s.Counts, s.Failures)
				}
			}
		}
	}
}

// TestHTTP2PayloadGone cuts a payload file short in mid-run: the run ends, not
// the process.
func TestHTTP2PayloadGone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "p.jsonl")
	line := `"` + strings.Repeat("x", 200<<10) + "\"\n"
	if err := os.WriteFile(file, []byte(strings.Repeat(line, 20)), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := payloads.Open([]payloads.Spec{{Path: file, Weight: 1}}, payloads.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	url, _ := h2Server(t, false, 0, func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	p := h2Plan(math.MaxUint32)
	p.Timeout = time.Second // for what the server never gets the rest of
	run := start(t, url, p, set, endpoint.Options{})
	await(func() bool { return run.Snapshot().Counts.Succeeded > 0 || run.over() })
	os.Truncate(file, 100)
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if !strings.Contains(fmt.Sprint(s.Err), "shrank") || s.Counts.Succeeded == 0 || countOf(s, result.KindPayloadGone) == 0 {
		t.Errorf("%v %+v %+v", s.Err, s.Counts, s.Failures)
	}
}
