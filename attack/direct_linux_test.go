package attack

import (
	"bufio"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// TestHalfClosed has a server end its side right after a reply, without a word
// of it, and read on: the next request, which may be under way, fails long
// before its time-out.
func TestHalfClosed(t *testing.T) {
	gone := make(chan struct{})
	url, _ := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
		for i := 0; request(in); i++ {
			if i > 2 {
				continue
			}
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
			if i == 2 {
				c.(*net.TCPConn).CloseWrite()
			}
		}
		<-gone
	})
	t.Cleanup(func() { close(gone) }) // before the server's own
	p := testPlan(300)
	p.Concurrency, p.Timeout = 8, time.Minute
	s := attackOf(t, url, p)
	failed := countOf(s, KindClosedEarly, KindStaleConnection)
	if s.Counts.Failed != failed || failed == 0 || s.Counts.Succeeded < 100 || s.Latencies.Failed.Max() > int64(p.Timeout)/6 {
		t.Errorf("%+v %+v, after up to %v", s.Counts, s.Failures, time.Duration(s.Latencies.Failed.Max()))
	}
}

// TestMissedEnd has the poller know of the end before the turn, whose own wait
// does not hear of it again.
func TestMissedEnd(t *testing.T) {
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
	w := &wire{conn: client, direct: newDirect(client), clock: clock{origin: time.Now()}, cutting: new(atomic.Bool)}
	if err := w.begin(w.clock.now()+int64(time.Minute), int64(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.queue([]byte("request")); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Read(make([]byte, 64)); n > 0 || err != io.EOF || w.clock.now() > int64(time.Minute)/6 {
		t.Errorf("%d bytes, %v after %v", n, err, time.Duration(w.clock.now()))
	}
}
