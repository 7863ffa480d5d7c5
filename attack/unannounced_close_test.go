package attack

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

const aReply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

// TestUnsaidCloses has the server close each connection after so many replies
// and say nothing of it. Whoever finds that out goes on without failures, but
// for those that were under way by then; none of them is sent again.
func TestUnsaidCloses(t *testing.T) {
	needs.Time(t)
	for _, replies := range []int{1, 3} {
		var read, answered atomic.Uint64
		serve := func(c io.Writer, in *bufio.Reader) {
			for range replies {
				if !request(in) {
					return
				}
				read.Add(1)
				answered.Add(1) // before: whoever has the reply may look at once
				if _, err := io.WriteString(c, aReply); err != nil {
					answered.Add(^uint64(0))
					return
				}
			}
		}
		plain := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) { serve(c, in) })
		secure := secured(t, nil, func(_ net.Conn, c *tls.Conn, in *bufio.Reader) { serve(c, in) })
		two, _ := h2Raw(t, func(p *h2Peer, id uint32, n int) bool {
			read.Add(1)
			answered.Add(1)
			p.reply(id, "200", "hi", true)
			return n < replies
		})
		for name, url := range map[string]string{"plain": plain, "tls": secure, "http2": two} {
			p := testPlan(600)
			p.Concurrency = 8
			if p.HTTP2 = name == "http2"; p.HTTP2 {
				p.Connections = p.Concurrency // each request has its own
			}
			// A server that loses its core between the reply and the closing has
			// other tries: nobody can see in time what it has not done yet.
			for try := 1; ; try++ {
				read.Store(0)
				answered.Store(0)
				run := start(t, url, p, payloads.Single("test", body), endpoint.Options{Insecure: true})
				<-run.Done()
				s := run.Snapshot()
				checkBooks(t, s)
				if s.Counts.Succeeded != answered.Load() || read.Load() != answered.Load() {
					t.Errorf("%s, %d: %d read, %d answered; %+v", name, replies, read.Load(), answered.Load(), s.Counts)
				}
				stale := countOf(s, result.KindStaleConnection)
				t.Logf("%s, %d: %d stale of %d failures, %d reconnected", name, replies, stale, s.Counts.Failed, s.Counts.Reconnected)
				if s.Counts.Failed < 60 && stale >= s.Counts.Failed/2 && s.Counts.Reconnected > 100/uint64(replies) {
					for i := range s.Failures {
						if f := &s.Failures[i]; f.Kind == result.KindStaleConnection && !strings.Contains(f.Advice.String(), "no keep-alive") {
							t.Errorf("%+v: %q", f, f.Advice.String())
						}
					}
					break
				}
				if try == 4 {
					t.Fatalf("%s, %d: %+v %+v", name, replies, s.Counts, s.Failures)
				}
			}
		}
	}
}

// TestBrokenAfterWork has the server read a request on a connection that has lain
// idle, work on it, and break the connection off: the request was read, and the
// message says how long that took.
func TestBrokenAfterWork(t *testing.T) {
	t.Parallel()
	const work = 22 * time.Millisecond
	how := map[string]string{result.KindReset: "reset", result.KindClosedEarly: "closed"}
	for kind, word := range how {
		serve := func(c io.Writer, in *bufio.Reader, raw net.Conn) {
			for range 3 {
				if !request(in) {
					return
				}
				io.WriteString(c, aReply)
			}
			if !request(in) {
				return
			}
			<-time.After(work)
			if kind == result.KindReset {
				raw.(*net.TCPConn).SetLinger(0)
			}
			raw.Close()
		}
		plain := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) { serve(c, in, c) })
		secure := secured(t, nil, func(raw net.Conn, c *tls.Conn, in *bufio.Reader) { serve(c, in, raw) })
		two, _ := h2Raw(t, func(p *h2Peer, id uint32, n int) bool {
			if n < 4 {
				p.reply(id, "200", "hi", true)
				return true
			}
			<-time.After(work)
			if kind == result.KindReset {
				p.conn.(*net.TCPConn).SetLinger(0)
			}
			return false
		})
		for name, url := range map[string]string{"plain": plain, "tls": secure, "http2": two} {
			p := testPlan(40)
			p.Rate, p.Concurrency, p.HTTP2 = mustRate(t, "100"), 1, name == "http2"
			run := start(t, url, p, payloads.Single("test", body), endpoint.Options{Insecure: true})
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			if s.Counts.Failed != 10 || countOf(s, kind) != 10 {
				t.Errorf("%s, %s: %+v %+v", name, kind, s.Counts, s.Failures)
				continue
			}
			ms, message := 0.0, s.Failures[0].Message.String()
			if n, err := fmt.Sscanf(message, "connection "+word+" after %f ms without a reply", &ms); n != 1 || err != nil || ms < work.Seconds()*1000 {
				t.Errorf("%s, %s: %q", name, kind, message)
			}
		}
	}
}

// TestUselessConnections has servers whose connections are of no use: a closed
// loop pauses, an open one keeps its plan and opens no more than it planned.
func TestUselessConnections(t *testing.T) {
	t.Parallel()
	// useless starts one of the servers, which counts its connections.
	type useless func(t *testing.T, opened *atomic.Uint64) (url string)
	raw := func(serve func(c net.Conn, in *bufio.Reader)) useless {
		return func(t *testing.T, opened *atomic.Uint64) string {
			url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
				opened.Add(1)
				serve(c, in)
			})
			return url
		}
	}
	secure := func(serve func(raw net.Conn, c *tls.Conn)) useless {
		return func(t *testing.T, opened *atomic.Uint64) string {
			return secured(t, nil, func(raw net.Conn, c *tls.Conn, _ *bufio.Reader) {
				opened.Add(1)
				serve(raw, c)
			})
		}
	}
	greet := func(c net.Conn, in *bufio.Reader) *http2.Framer {
		io.ReadFull(in, make([]byte, len(http2.ClientPreface)))
		f := http2.NewFramer(c, in)
		f.WriteSettings()
		return f
	}
	for name, serve := range map[string]useless{
		"closed at once":            raw(func(net.Conn, *bufio.Reader) {}),
		"reset at once":             raw(func(c net.Conn, _ *bufio.Reader) { c.(*net.TCPConn).SetLinger(0) }),
		"closed once read":          raw(func(_ net.Conn, in *bufio.Reader) { request(in) }),
		"garbage":                   raw(func(c net.Conn, _ *bufio.Reader) { io.WriteString(c, "SSH-2.0-OpenSSH_9.9\r\n") }),
		"tls never spoken":          raw(func(net.Conn, *bufio.Reader) {}),
		"tls closed at once":        secure(func(_ net.Conn, c *tls.Conn) { c.Handshake(); c.Close() }),
		"tls reset at once":         secure(func(raw net.Conn, c *tls.Conn) { c.Handshake(); raw.(*net.TCPConn).SetLinger(0) }),
		"http2 never spoken":        raw(func(net.Conn, *bufio.Reader) {}),
		"http2 closed once greeted": raw(func(c net.Conn, in *bufio.Reader) { greet(c, in) }),
		"http2 closed once read": raw(func(c net.Conn, in *bufio.Reader) {
			for f := greet(c, in); ; {
				if frame, err := f.ReadFrame(); err != nil || frame.Header().Type == http2.FrameData {
					return
				}
			}
		}),
		"http2 goaway": raw(func(c net.Conn, in *bufio.Reader) {
			f := greet(c, in)
			f.WriteGoAway(0, http2.ErrCodeNo, nil)
			io.Copy(io.Discard, in)
		}),
		"http2 goaway with an error": raw(func(c net.Conn, in *bufio.Reader) {
			f := greet(c, in)
			f.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, nil)
			io.Copy(io.Discard, in)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, rate := range []string{"", "500"} {
				var opened atomic.Uint64
				url := serve(t, &opened)
				if name == "tls never spoken" {
					url = strings.Replace(url, "http:", "https:", 1)
				}
				p := testPlan(0)
				p.Duration, p.HTTP2 = 600*time.Millisecond, strings.HasPrefix(name, "http2")
				most := uint64(300) // 4 workers that pause make about 40
				if rate != "" {
					p = plan.Plan{Rate: mustRate(t, rate), Concurrency: 64, Requests: 300, Timeout: p.Timeout, KeepAlive: true, HTTP2: p.HTTP2, AtEnd: p.AtEnd, CatchUp: p.CatchUp, Success: p.Success}
					if p.HTTP2 {
						most *= maxMoves + 1
					}
				}
				run := start(t, url, p, payloads.Single("test", body), endpoint.Options{Insecure: true})
				<-run.Done()
				s := run.Snapshot()
				checkBooks(t, s)
				t.Logf("%s, %q: %d connections, %+v", name, rate, opened.Load(), s.Counts)
				if s.Counts.Succeeded > 0 || s.Counts.Failed == 0 || opened.Load() > most || rate != "" && s.Counts.Failed != 300 {
					t.Errorf("%s, %q: %d connections, %+v %+v", name, rate, opened.Load(), s.Counts, s.Failures)
				}
				if m := s.Failures[0].Message.String(); regexp.MustCompile(`(closed|reset) after`).MatchString(m) && !strings.HasSuffix(m, " ms without a reply") {
					t.Errorf("%s, %q: %q", name, rate, m)
				}
			}
		})
	}
}

// TestOwnWordsAreNotHidden has a secret be a word that brunt says itself.
func TestOwnWordsAreNotHidden(t *testing.T) {
	url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
		request(in)
		c.(*net.TCPConn).SetLinger(0)
	})
	run := start(t, url+"/?m=reset&n=connection", testPlan(4), payloads.Single("test", body), endpoint.Options{})
	<-run.Done()
	if s := run.Snapshot(); len(s.Failures) == 0 || !strings.HasPrefix(s.Failures[0].Message.String(), "connection reset after") {
		t.Errorf("%+v", s.Failures)
	}
}
