package h2

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"brunt/attack/clock"
)

// brittle is a connection that takes so many bytes and then fails.
type brittle struct {
	net.Conn
	room int
}

func (b *brittle) Write(p []byte) (int, error) {
	n := min(len(p), b.room)
	if b.room -= n; n < len(p) {
		return n, syscall.ECONNRESET
	}
	return n, nil
}

func (*brittle) Read([]byte) (int, error)         { return 0, io.EOF }
func (*brittle) Close() error                     { return nil }
func (*brittle) SetWriteDeadline(time.Time) error { return nil }

// TestUnsent has a connection end when some requests were written and some were
// not: the latter are known to be unsent, and are not written afterwards.
func TestUnsent(t *testing.T) {
	r := &Request{Head: []hpack.HeaderField{{Name: ":method", Value: "GET"}}}
	begin := func(room, streams int) (*Conn, *brittle, []*Stream) {
		ticks := clock.Instant(1)
		w := &brittle{room: room}
		c := &Conn{config: &Config{Now: func() clock.Instant { return ticks }, Time: func(clock.Instant) time.Time { return time.Time{} }, CheckIdle: new(atomic.Bool), Timeout: 1, Success: new([1000]bool)},
			net: w, streams: map[uint32]*Stream{}, nextID: 1, limit: 100, ready: make(chan struct{})}
		c.tableSize.Store(-1)
		c.peerMaxFrame.Store(16 << 10)
		c.encoder = hpack.NewEncoder(&c.fields)
		c.flushPending = true // somebody else writes
		var list []*Stream
		for range streams {
			s := NewStream(0)
			if ok, _ := c.Reserve(s); !ok {
				t.Fatal("no place")
			}
			s.reset(r)
			if err := c.begin(s, r); err != nil {
				t.Fatal(err)
			}
			list = append(list, s)
		}
		return c, w, list
	}
	flush := func(c *Conn) {
		c.wmu.Lock()
		c.flush()
		c.wmu.Unlock()
	}
	end := func(c *Conn, list []*Stream, sent int) {
		t.Helper()
		for i, s := range list {
			if err := c.endStream(s, nil); (err == ErrUnsent) != (i >= sent) || (s.Sent == 0) != (i >= sent) {
				t.Errorf("stream %d of %d that were sent: %v, sent at %d", i, sent, err, s.Sent)
			}
		}
		if c.active != 0 {
			t.Errorf("%d places taken", c.active)
		}
	}
	size := func() int { c, _, _ := begin(0, 1); return len(c.out) }()

	c, w, list := begin(2*size, 4) // two and a half of them go out
	w.room += size / 2
	flush(c)
	c.fail(io.EOF)
	end(c, list, 3)

	c, w, list = begin(1<<20, 3) // the end is met before anything is written
	c.fail(io.EOF)
	flush(c)
	end(c, list, 0)
	if w.room != 1<<20 || bytes.ContainsAny(c.out, "\x00") {
		t.Errorf("%d bytes were written, %d are left", 1<<20-w.room, len(c.out))
	}
}

// TestLine has streams wait in any order, and some of them leave.
func TestLine(t *testing.T) {
	var l waitQueue
	var list []*Stream
	for _, began := range []clock.Instant{5, 3, 9, 3, 1, 7} {
		s := NewStream(0)
		s.Began = began
		l.add(s)
		list = append(list, s)
	}
	want := func(began ...clock.Instant) {
		t.Helper()
		back := l.last
		s := l.first
		for _, b := range began {
			if s == nil || s.Began != b {
				t.Fatalf("not %v", began)
			}
			s = s.next
		}
		for i := len(began) - 1; i >= 0; i-- {
			if back == nil || back.Began != began[i] {
				t.Fatalf("not %v from behind", began)
			}
			back = back.prev
		}
		if s != nil || back != nil {
			t.Fatalf("more than %v", began)
		}
	}
	want(1, 3, 3, 5, 7, 9)
	if l.first.next != list[1] {
		t.Error("equals are not in the order in which they came")
	}
	l.remove(list[4])
	l.remove(list[2])
	l.remove(list[1])
	want(3, 5, 7)
	for l.first != nil {
		l.remove(l.first)
	}
	want()
}
