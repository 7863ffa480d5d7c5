package h2

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2/hpack"

	"brunt/attack/clock"
)

// slowWriter notes the instant at which each byte was handed over; a byte takes
// one tick of its clock.
type slowWriter struct {
	net.Conn
	ticks *clock.Instant
	at    []clock.Instant
}

func (w *slowWriter) Write(p []byte) (int, error) {
	for range p {
		w.at = append(w.at, *w.ticks)
		*w.ticks++
	}
	return len(p), nil
}

func (*slowWriter) Read([]byte) (int, error)         { return 0, io.EOF }
func (*slowWriter) Close() error                     { return nil }
func (*slowWriter) SetWriteDeadline(time.Time) error { return nil }

// TestRequestsBehindABody has requests share one write with large bodies before
// them: each begins when its own first byte is handed over, not when the write
// began, but for what a few small ones before it take.
func TestRequestsBehindABody(t *testing.T) {
	ticks := clock.Instant(1)
	w := &slowWriter{ticks: &ticks}
	config := &Config{Now: func() clock.Instant { return ticks }, Time: func(clock.Instant) time.Time { return time.Time{} }, CheckIdle: new(atomic.Bool), Timeout: 1, Success: new([1000]bool)}
	c := &Conn{config: config, net: w, streams: map[uint32]*Stream{}, nextID: 1, window: 1 << 30, initial: 1 << 30}
	c.tableSize.Store(-1)
	c.peerMaxFrame.Store(16 << 10)
	c.encoder = hpack.NewEncoder(&c.fields)
	c.flushPending = true // somebody else writes
	var streams []*Stream
	var places []int
	for _, size := range []int{100, 60 << 10, 100, 100, 50 << 10, 20 << 10, 0} {
		s := NewStream(0)
		r := &Request{Head: []hpack.HeaderField{{Name: ":method", Value: "POST"}}, Body: make([]byte, size), Length: true}
		s.conn = c
		s.reset(r)
		streams, places = append(streams, s), append(places, len(w.at)+len(c.out))
		if err := c.begin(s, r); err != nil || len(s.unsent) > 0 {
			t.Fatal(len(s.unsent), err)
		}
	}
	c.wmu.Lock()
	c.flush()
	c.wmu.Unlock()
	for i, s := range streams {
		if got, first := s.written.Load(), w.at[places[i]]; got > first || first-got >= maxSharedInstant {
			t.Errorf("request %d begins at %d, its first byte was handed over at %d", i, got, first)
		}
	}
}
