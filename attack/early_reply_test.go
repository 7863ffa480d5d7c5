package attack

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/figure"
)

// overHTTP1 calls test with and without TLS.
func overHTTP1(t *testing.T, name string, test func(t *testing.T, secure bool)) {
	for over, secure := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name+", "+over, func(t *testing.T) { test(t, secure) })
	}
}

// rawEarly is the URL of a raw server with smallBuffers, over TLS if secure: serve gets
// each connection and what lies under it.
func rawEarly(t *testing.T, secure bool, serve func(c net.Conn, in *bufio.Reader, tcp *net.TCPConn)) (url string) {
	identity := httptest.NewTLSServer(nil)
	defer identity.Close()
	config := &tls.Config{Certificates: identity.TLS.Certificates}
	url = rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
		tcp := c.(*net.TCPConn)
		_ = tcp.SetReadBuffer(64 << 10)
		_ = tcp.SetWriteBuffer(64 << 10)
		if secure {
			c = tls.Server(c, config)
			in = bufio.NewReader(c)
		}
		serve(c, in, tcp)
	})
	if secure {
		url = "https" + strings.TrimPrefix(url, "http")
	}
	return url
}

// serverLingers is how long net/http's server leaves a connection open for a client that
// still sends and is to read the reply first.
const serverLingers = 500 * time.Millisecond

// TestEarlyReply has a real server refuse requests by their header alone.
func TestEarlyReply(t *testing.T) {
	t.Parallel()
	for _, size := range earlySizes() {
		for _, status := range []int{401, 413, 429} {
			overHTTP1(t, fmt.Sprintf("%d, %d MB", status, size), func(t *testing.T, secure bool) {
				var arrived atomic.Int64
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					arrived.Add(1)
					w.WriteHeader(status)
				}))
				server.Listener = smallBuffers{server.Listener}
				if secure {
					server.StartTLS()
				} else {
					server.Start()
				}
				defer server.Close()
				p := testPlan(0)
				p.Concurrency = 2
				run := earlyRun{size: size * megabyte, status: status, requests: 4, whole: size*megabyte < unreadSize}
				s := run.check(t, server.URL, p, &arrived)
				// The server ends the connection with each of its replies.
				if s.Counts.Connections != run.requests {
					t.Errorf("%d connections", s.Counts.Connections)
				}
				if quickest := time.Duration(s.Latencies[figure.Failed].Min()); !run.whole && quickest > serverLingers {
					t.Errorf("no reply sooner than after %v: the server had given the connection up", quickest)
				}
			})
		}
	}
}

const (
	tooLarge    = "HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\ntoo large"
	createdSoon = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
)

// TestEarlyReplyUnread has a server answer by the header, and read nothing of the body,
// which is still to be sent when the test ends.
func TestEarlyReplyUnread(t *testing.T) {
	t.Parallel()
	nothing := func(*net.TCPConn) {}
	for _, c := range []struct {
		name   string
		status int
		reply  []string // with a pause between its pieces
		then   func(tcp *net.TCPConn)
	}{
		{"left open", 413, []string{tooLarge}, nothing},
		{"left open, no text", 413, []string{"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"}, nothing},
		{"left open, chunked", 413, []string{"HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ntoo large\r\n0\r\n\r\n"}, nothing},
		{"left open, hints before", 413, []string{"HTTP/1.1 100 Continue\r\n\r\n" + tooLarge}, nothing},
		{"left open, in pieces", 413, []string{tooLarge[:30], tooLarge[30 : len(tooLarge)-1], tooLarge[len(tooLarge)-1:]}, nothing},
		{"a success", 201, []string{createdSoon}, nothing},
		{"a success in pieces", 201, []string{createdSoon[:30], createdSoon[30 : len(createdSoon)-1], createdSoon[len(createdSoon)-1:]}, nothing},
		{"a close announced, and not made", 413, []string{"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large"}, nothing},
		{"to the end of one direction", 413, []string{"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\ntoo large"}, func(tcp *net.TCPConn) { tcp.CloseWrite() }},
		{"the connection is reset", 413, []string{tooLarge}, func(tcp *net.TCPConn) {
			tcp.SetLinger(0)
			tcp.Close()
		}},
		{"the connection is reset later", 413, []string{tooLarge}, func(tcp *net.TCPConn) {
			<-time.After(earlyPause)
			tcp.SetLinger(0)
			tcp.Close()
		}},
	} {
		overHTTP1(t, c.name, func(t *testing.T, secure bool) {
			var arrived atomic.Int64
			url := rawEarly(t, secure, func(conn net.Conn, in *bufio.Reader, tcp *net.TCPConn) {
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				arrived.Add(1)
				for i, piece := range c.reply {
					if i > 0 {
						<-time.After(earlyPause)
					}
					io.WriteString(conn, piece)
				}
				c.then(tcp)
				<-t.Context().Done()
			})
			p := testPlan(0)
			p.Concurrency = 2
			run := earlyRun{size: unreadSize, status: c.status, requests: 6, last: time.Duration(len(c.reply)-1) * earlyPause}
			s := run.check(t, url, p, &arrived)
			if s.Counts.Connections != run.requests {
				t.Errorf("%d connections: one that lacks the rest of a body is of no use", s.Counts.Connections)
			}
		})
	}
}

// TestEcho has a body come back while it is sent, by a server that reads nothing while it
// writes.
func TestEcho(t *testing.T) {
	overHTTP1(t, "in lockstep", func(t *testing.T, secure bool) {
		var arrived atomic.Int64
		size := echoSize()
		url := rawEarly(t, secure, func(c net.Conn, in *bufio.Reader, _ *net.TCPConn) {
			for {
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				arrived.Add(1)
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
				if _, err := io.CopyN(c, in, int64(size)); err != nil {
					return
				}
			}
		})
		p := testPlan(0)
		p.Concurrency = 2
		run := earlyRun{size: size, status: 200, requests: 4, whole: true}
		s := run.check(t, url, p, &arrived)
		if all := run.requests * uint64(size); s.Counts.BytesOut < all || s.Counts.BytesIn < all || s.Counts.Connections > 2 {
			t.Errorf("%d bytes out and %d in, of %d, on %d connections", s.Counts.BytesOut, s.Counts.BytesIn, all, s.Counts.Connections)
		}
	})
}

// bodyOnly reads a body and reports whether all of it came. What comes in its place may
// be its beginning, and nothing else.
func bodyOnly(t *testing.T, r *http.Request) (whole bool) {
	buf, n := make([]byte, 64<<10), int64(0)
	for {
		got, err := r.Body.Read(buf)
		n += int64(got)
		if other := bytes.Trim(buf[:got], "x"); len(other) > 0 {
			t.Errorf("within the body, after %d bytes: %.60q", n, other)
		}
		if err != nil {
			return err == io.EOF && n == r.ContentLength
		}
	}
}

// TestEarlyReplyReadOn has a server answer by the header, keep the connection and read
// on: a request goes on a connection only after the whole body of the one before it.
func TestEarlyReplyReadOn(t *testing.T) {
	const requests = 12
	for _, c := range []struct {
		name    string
		workers int
		waits   bool // for the next request before it reads on
	}{
		{"once the next one is here", 1, true},
		{"at once", 1, false},
		{"at once, from many", 4, false},
	} {
		for status, reply := range map[int]string{413: tooLarge, 201: createdSoon} {
			overHTTP1(t, fmt.Sprint(c.name, ", ", status), func(t *testing.T, secure bool) {
				var arrived atomic.Int64
				var here [requests + 1]chan struct{}
				for i := range here {
					here[i] = make(chan struct{})
				}
				url := rawEarly(t, secure, func(conn net.Conn, in *bufio.Reader, _ *net.TCPConn) {
					for {
						r, err := http.ReadRequest(in)
						if err != nil {
							return
						}
						n := arrived.Add(1)
						if n > requests {
							t.Error("more requests than there are")
							return
						}
						close(here[n-1])
						io.WriteString(conn, reply)
						if c.waits {
							select {
							case <-here[n]:
							case <-t.Context().Done():
							}
						}
						if !bodyOnly(t, r) {
							return
						}
					}
				})
				p := testPlan(0)
				p.Concurrency = c.workers
				run := earlyRun{size: unreadSize, status: status, requests: requests, whole: !c.waits}
				if s := run.check(t, url, p, &arrived); c.waits && s.Counts.Connections != requests {
					t.Errorf("%d connections", s.Counts.Connections)
				}
			})
		}
	}
}
