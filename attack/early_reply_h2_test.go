package attack

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
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

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
)

// earlyTimeout is so long that a run which waits for it is told from one that does not
// on any machine.
const earlyTimeout = 20 * time.Second

// earlyPause is how long a server takes between the pieces of an early reply: no reply
// ends sooner. Nothing is waited for meanwhile.
const earlyPause = 100 * time.Millisecond

const megabyte = 1 << 20

// largeBody is made once, for all tests with large bodies: no byte of it could begin a
// request.
var largeBody = sync.OnceValue(func() []byte { return bytes.Repeat([]byte("x"), 60*megabyte) })

// earlySizes are the sizes of bodies that are answered before they have arrived.
func earlySizes() []int {
	if testing.Short() {
		return []int{1, 4, 8}
	}
	return []int{1, 4, 8, 60}
}

// echoSize is that of a body which comes back while it is sent: more than all buffers
// on its way hold.
func echoSize() int {
	if testing.Short() {
		return 8 * megabyte
	}
	return 60 * megabyte
}

// smallBuffers has a server's connections hold little, so that what it does not read
// is not sent either.
type smallBuffers struct{ net.Listener }

func (l smallBuffers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(64 << 10)
		_ = tcp.SetWriteBuffer(64 << 10)
	}
	return c, err
}

// unreadSize is a size of bodies of which the buffers on both sides of a connection to a
// server with smallBuffers hold only a part.
const unreadSize = 8 * megabyte

// earlyRun is what is known of a run whose replies come early.
type earlyRun struct {
	size     int  // of each body
	status   int  // of each reply
	whole    bool // the bodies may arrive whole
	requests uint64
	last     time.Duration // no last byte of a reply is sent earlier after its request
}

// check makes the run and holds it to that. The server counts the requests that arrive.
func (e *earlyRun) check(t *testing.T, url string, p plan.Plan, arrived *atomic.Int64) *result.Snapshot {
	t.Helper()
	p.Requests, p.Timeout = e.requests, earlyTimeout
	begun := time.Now()
	run := start(t, url, p, payloads.Single("test", largeBody()[:e.size]), endpoint.Options{Insecure: true})
	<-run.Done()
	took := time.Since(begun)
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Status[e.status] != e.requests || s.Counts.Sent != e.requests {
		t.Errorf("%d of %d replies are %d: %+v %+v", s.Status[e.status], e.requests, e.status, s.Counts, s.Failures)
	}
	if uint64(arrived.Load()) != s.Counts.Sent {
		t.Errorf("%d arrived, %d sent", arrived.Load(), s.Counts.Sent)
	}
	times := s.Latencies[figure.Failed]
	if good := p.Success[e.status]; good {
		times = s.Latencies[figure.Response]
		if s.Counts.Succeeded != e.requests {
			t.Errorf("%+v %+v", s.Counts, s.Failures)
		}
	} else if len(s.Failures) != 1 || s.Failures[0].Kind != fmt.Sprint("status_", e.status) {
		t.Errorf("%+v", s.Failures)
	}
	quickest, slowest := time.Duration(times.Min()), time.Duration(times.Max())
	if slowest > earlyTimeout/2 || took > earlyTimeout/2 {
		t.Errorf("the slowest reply after %v, the run's end after %v: it waited for the time-out", slowest, took)
	}
	if quickest < e.last*99/100 {
		t.Errorf("a reply after %v, its last byte after %v", quickest, e.last)
	}
	if all := e.requests * uint64(e.size); !e.whole && s.Counts.BytesOut >= all {
		t.Errorf("%d bytes out, of bodies of %d", s.Counts.BytesOut, all)
	}
	return s
}

// overHTTP2 calls test with and without TLS.
func overHTTP2(t *testing.T, name string, test func(t *testing.T, secure bool)) {
	for over, secure := range map[string]bool{"h2c": false, "TLS": true} {
		t.Run(name+", "+over, func(t *testing.T) { test(t, secure) })
	}
}

// TestEarlyReplyHTTP2 has a real server refuse requests by their header alone.
func TestEarlyReplyHTTP2(t *testing.T) {
	for _, size := range earlySizes() {
		for _, status := range []int{401, 413, 429} {
			overHTTP2(t, fmt.Sprintf("%d, %d MB", status, size), func(t *testing.T, secure bool) {
				var arrived atomic.Int64
				url, _ := h2Server(t, secure, 0, func(w http.ResponseWriter, _ *http.Request) {
					arrived.Add(1)
					w.WriteHeader(status)
				})
				// Its windows hold less than any of the bodies.
				run := earlyRun{size: size * megabyte, status: status, requests: 8}
				if s := run.check(t, url, h2Plan(0), &arrived); s.Counts.Connections != 1 {
					t.Errorf("%d connections", s.Counts.Connections)
				}
			})
		}
	}
}

// earlyH2 is a raw server of HTTP/2 whose windows let a client send so much. It calls
// serve with each request whose header is in; where that says false it reads no more, and
// leaves the connection open to the test's end.
func earlyH2(t *testing.T, secure bool, window uint32, serve func(p *h2Peer, f http2.Frame) bool) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, url = smallBuffers{listener}, "http://"+listener.Addr().String()+"/"
	if secure {
		identity := httptest.NewTLSServer(nil)
		defer identity.Close()
		listener = tls.NewListener(listener, &tls.Config{Certificates: identity.TLS.Certificates, NextProtos: []string{"h2"}})
		url = "https" + strings.TrimPrefix(url, "http")
	}
	var group sync.WaitGroup
	group.Go(func() {
		for number := 0; ; number++ {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer c.Close()
				p := &h2Peer{Framer: http2.NewFramer(c, c), conn: c, number: number}
				p.encode = hpack.NewEncoder(&p.fields)
				if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
					return
				}
				p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
				if window > 65535 {
					p.WriteWindowUpdate(0, window-65535)
				}
				for {
					f, err := p.ReadFrame()
					if err != nil {
						return
					}
					if !serve(p, f) {
						<-t.Context().Done()
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		group.Wait()
	})
	return url
}

// TestEarlyReplyHTTP2Unread has a server answer by the header, and then do something
// other than read the body.
func TestEarlyReplyHTTP2Unread(t *testing.T) {
	t.Parallel()
	const wide, none = 1<<31 - 1, 0
	nothing := func(*h2Peer, uint32) {}
	reset := func(p *h2Peer, id uint32) { p.WriteRSTStream(id, http2.ErrCodeNo) }
	for _, c := range []struct {
		name   string
		status int
		window uint32
		then   func(p *h2Peer, id uint32)
		reads  bool // on, whatever comes
		next   bool // requests on the same connection, or on others that the client is told to open
	}{
		{"nothing is read", 413, wide, nothing, false, false},
		{"nothing is read, a success", 200, wide, nothing, false, false},
		{"no window", 413, none, nothing, true, true},
		{"no window, a success", 200, none, nothing, true, true},
		{"the stream is reset", 413, wide, reset, true, true},
		{"the stream is reset, nothing is read", 413, wide, reset, false, false},
		{"goaway", 413, wide, func(p *h2Peer, id uint32) { p.WriteGoAway(id, http2.ErrCodeNo, nil) }, false, true},
		{"the connection is reset", 413, wide, func(p *h2Peer, _ uint32) {
			conn := p.conn
			if secure, ok := conn.(*tls.Conn); ok {
				conn = secure.NetConn()
			}
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}, true, true},
	} {
		for body, pieces := range map[string][]string{"no text": {""}, "a text": {"too large"}, "in pieces": {"too", " large"}} {
			overHTTP2(t, c.name+", "+body, func(t *testing.T, secure bool) {
				run, p := earlyRun{size: unreadSize, status: c.status, requests: 6}, h2Plan(0)
				run.last = time.Duration(len(pieces)-1) * earlyPause
				p.Concurrency, p.Connections = 2, 2
				if !c.next {
					p.Concurrency, p.Connections, run.requests = 4, 4, 4
				}
				var arrived atomic.Int64
				all := make(chan struct{})
				url := earlyH2(t, secure, c.window, func(p *h2Peer, f http2.Frame) bool {
					if _, ok := f.(*http2.HeadersFrame); !ok {
						return true
					}
					if uint64(arrived.Add(1)) == run.requests {
						close(all)
					}
					if !c.next { // each has a connection of its own
						<-all
					}
					id := f.Header().StreamID
					p.reply(id, fmt.Sprint(c.status), pieces[0], len(pieces) == 1)
					if len(pieces) > 1 {
						<-time.After(earlyPause)
						p.WriteData(id, true, []byte(pieces[1]))
					}
					c.then(p, id)
					return c.reads
				})
				run.check(t, url, p, &arrived)
			})
		}
	}
}

// TestEchoHTTP2 has a body come back while it is sent, by a real server and by one that
// reads nothing while it writes.
func TestEchoHTTP2(t *testing.T) {
	overHTTP2(t, "net/http", func(t *testing.T, secure bool) {
		var arrived atomic.Int64
		url, _ := h2Server(t, secure, 0, func(w http.ResponseWriter, r *http.Request) {
			arrived.Add(1)
			_, _ = io.Copy(w, r.Body)
		})
		checkEcho(t, url, &arrived)
	})
	overHTTP2(t, "in lockstep", func(t *testing.T, secure bool) {
		var arrived atomic.Int64
		url := earlyH2(t, secure, 1<<31-1, func(p *h2Peer, f http2.Frame) bool {
			switch f := f.(type) {
			case *http2.HeadersFrame:
				arrived.Add(1)
				p.reply(f.StreamID, "200", "", false)
			case *http2.DataFrame:
				p.WriteData(f.StreamID, f.StreamEnded(), f.Data())
			}
			return true
		})
		checkEcho(t, url, &arrived)
	})
}

// checkEcho makes a run against a server that sends bodies back over HTTP/2.
func checkEcho(t *testing.T, url string, arrived *atomic.Int64) {
	t.Helper()
	p := h2Plan(0)
	p.Concurrency = 2
	run := earlyRun{size: echoSize(), status: 200, requests: 2, whole: true}
	s := run.check(t, url, p, arrived)
	if all := 2 * uint64(run.size); s.Counts.BytesOut < all || s.Counts.BytesIn < all {
		t.Errorf("%d bytes out and %d in, of %d", s.Counts.BytesOut, s.Counts.BytesIn, all)
	}
}

// TestEarlyReplyHTTP2BesideOthers has large requests refused early on the connection on
// which small ones are answered: it serves both to the end.
func TestEarlyReplyHTTP2BesideOthers(t *testing.T) {
	name := filepath.Join(t.TempDir(), "mixed.jsonl")
	line := `"` + string(largeBody()[:4*megabyte]) + "\"\n\"small\"\n"
	if err := os.WriteFile(name, []byte(line), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := payloads.Open([]payloads.Spec{{Path: name, Weight: 1}}, payloads.Options{Order: payloads.Sequential})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	overHTTP2(t, "mixed", func(t *testing.T, secure bool) {
		const n = 100
		var large, small atomic.Uint64
		url, connections := h2Server(t, secure, 0, func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > megabyte {
				large.Add(1)
				w.WriteHeader(413)
				return
			}
			small.Add(1)
			_, _ = io.Copy(w, r.Body)
		})
		p := h2Plan(n)
		p.Concurrency, p.Connections, p.Timeout = 8, 1, earlyTimeout
		s := h2Run(t, url, p, set)
		if large.Load() != n/2 || small.Load() != n/2 || s.Status[413] != n/2 || s.Counts.Succeeded != n/2 || connections.Load() != 1 {
			t.Errorf("%d large and %d small ones arrived on %d connections: %+v %+v", large.Load(), small.Load(), connections.Load(), s.Counts, s.Failures)
		}
	})
}
