package attack

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/needs"
)

// TestHalfClosed has a server end its side right after a reply, without a word
// of it, and read on: the next request, which may be under way, fails long
// before its time-out.
func TestHalfClosed(t *testing.T) {
	gone := make(chan struct{})
	serve := func(raw net.Conn, c io.Writer, in *bufio.Reader) {
		for i := 0; request(in); i++ {
			if i > 2 {
				continue
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
			if i == 2 {
				raw.(*net.TCPConn).CloseWrite()
			}
		}
		<-gone
	}
	plain := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) { serve(c, c, in) })
	secure := secured(t, nil, func(raw net.Conn, c *tls.Conn, in *bufio.Reader) { serve(raw, c, in) })
	t.Cleanup(func() { close(gone) }) // before the servers' own
	for _, url := range []string{plain, secure} {
		p := testPlan(300)
		p.Concurrency, p.Timeout = 8, time.Minute
		run := start(t, url, p, payloads.Single("test", body), endpoint.Options{Insecure: true})
		<-run.Done()
		s := run.Snapshot()
		checkBooks(t, s)
		failed := countOf(s, result.KindClosedEarly, result.KindStaleConnection)
		if s.Counts.Failed != failed || failed+s.Counts.Reconnected == 0 || s.Counts.Succeeded < 100 || s.Latencies[figure.Failed].Max() > int64(p.Timeout)/6 {
			t.Errorf("%s: %+v %+v, after up to %v", url, s.Counts, s.Failures, time.Duration(s.Latencies[figure.Failed].Max()))
		}
	}
}

// shredded writes a byte at a time.
type shredded struct{ net.Conn }

func (s shredded) Write(p []byte) (n int, err error) {
	for n = range p {
		if _, err := s.Conn.Write(p[n : n+1]); err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// TestWireUnderTLS has records come in pieces and replies after several looks
// for them, and bodies of all sizes: the server gets each of them whole.
func TestWireUnderTLS(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	var got, arrived atomic.Int64
	url := secured(t, func(c net.Conn) net.Conn { return shredded{c} }, func(_ net.Conn, c *tls.Conn, in *bufio.Reader) {
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil {
				return
			}
			if got.Add(1)%7 == 0 {
				<-time.After(300 * time.Millisecond)
			}
			arrived.Add(n)
			if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"); err != nil {
				return
			}
		}
	})
	file, bodies := bodyFile(t, "tls.jsonl", 25) // up to more than maxCopied
	want := 8 * int64(len(strings.Join(bodies, "")))
	set, err := payloads.Open([]payloads.Spec{{Path: file, Weight: 1}}, payloads.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	p := testPlan(200)
	p.Concurrency = 4
	run := start(t, url, p, set, endpoint.Options{Insecure: true})
	taken := false // once this one has a connection, which three others may be ahead of
	await(func() bool {
		l := run.loops[0]
		l.lock()
		defer l.unlock()
		c := l.slots[0].conn
		taken = c != nil && c.wire != nil
		return taken
	})
	if !taken {
		t.Error("the loop does not make the system calls")
	}
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Counts.Succeeded != 200 || got.Load() != 200 || arrived.Load() != want || s.Counts.Connections != 4 {
		t.Errorf("%+v %+v; the server has %d bodies of %d bytes, want %d", s.Counts, s.Failures, got.Load(), arrived.Load(), want)
	}
}
