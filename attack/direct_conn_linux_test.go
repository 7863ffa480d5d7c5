package attack

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"brunt/attack/clock"
	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/quiet"
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
		failed := countOf(s, KindClosedEarly, KindStaleConnection)
		if s.Counts.Failed != failed || failed == 0 || s.Counts.Succeeded < 100 || s.Latencies[figure.Failed].Max() > int64(p.Timeout)/6 {
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

// TestDirectConnUnderTLS has records come in pieces and replies after several looks
// for them, and bodies of all sizes: the server gets each of them whole.
func TestDirectConnUnderTLS(t *testing.T) {
	needs.Time(t)
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
				<-time.After(3 * pollAfter)
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
		w := run.workerList[0]
		w.mu.Lock()
		defer w.mu.Unlock()
		taken = newDirectConn(w.netConn) != nil
		return taken
	})
	if !taken {
		t.Error("the direct connection is not used")
	}
	<-run.Done()
	s := run.Snapshot()
	checkBooks(t, s)
	if s.Counts.Succeeded != 200 || got.Load() != 200 || arrived.Load() != want || s.Counts.Connections != 4 {
		t.Errorf("%+v %+v; the server has %d bodies of %d bytes, want %d", s.Counts, s.Failures, got.Load(), arrived.Load(), want)
	}
}

// TestMissedEnd has the poller know of the end before the turn, whose own wait
// does not hear of it again.
func TestMissedEnd(t *testing.T) {
	needs.Time(t)
	quiet.Repeat(t, func() error { return missedEnd(t) })
}

// missedEnd is an error where the look at the connection came too late to tell.
func missedEnd(t *testing.T) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if err := server.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		t.Fatal(n, err)
	}
	looks := 0 // until the poller has heard of it as well
	await(func() bool { looks++; return looks > 20 })
	w := &connection{netConn: client, direct: newDirectConn(client), clock: clock.From(time.Now()), cutting: new(atomic.Bool)}
	if err := w.begin(w.clock.Now().Add(time.Minute), time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := w.queue([]byte("request")); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Read(make([]byte, 64)); n > 0 || err != io.EOF || w.clock.Now() > Instant(time.Minute/6) {
		t.Errorf("%d bytes, %v after %v", n, err, time.Duration(w.clock.Now()))
	}
	if !w.endedBefore {
		return errors.New("it is not known that the end was there before the request was sent")
	}
	return nil
}
