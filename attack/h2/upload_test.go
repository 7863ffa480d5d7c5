//go:build !windows

package h2

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// post is a request with a body of the size.
func post(size int) *Request {
	return &Request{Head: slices.Concat([]hpack.HeaderField{{Name: ":method", Value: "POST"}}, get.Head[1:]), Body: bytes.Repeat([]byte("x"), size)}
}

// opened reads frames until one opens a stream.
func (s *server) opened(t *testing.T) (id uint32) {
	t.Helper()
	for {
		f, err := s.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if f.Header().Type == http2.FrameHeaders {
			return f.Header().StreamID
		}
	}
}

// reply sends a header, which is all of a reply; 0x88 and 0x8d are the statuses 200 and
// 404 of the static table.
func (s *server) reply(id uint32, status byte) error {
	return s.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{status}, EndHeaders: true, EndStream: true})
}

const ok, notFound = 0x88, 0x8d

// do has the stream send the request, and gives its error when it is through.
func do(t *testing.T, c *Conn, s *Stream, r *Request) <-chan error {
	t.Helper()
	if ok, _ := c.Reserve(s); !ok {
		t.Fatal("no place")
	}
	done := make(chan error, 1)
	go func() { done <- s.Do(r, c.config.Now().Add(time.Minute)) }()
	return done
}

// soon waits for what is to come to pass, for less than a write's time-out.
func soon(t *testing.T, what string, passed func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.After(5 * time.Second); !passed(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatal("never ", what)
		}
	}
}

// blocked waits until nothing more of what is being written is read.
func (c *Conn) blocked(t *testing.T) {
	t.Helper()
	last, since := uint64(0), time.Now()
	soon(t, "blocked", func() bool {
		if now := c.writes.Load(); now != last {
			last, since = now, time.Now()
		}
		return last%2 == 1 && time.Since(since) > 100*time.Millisecond
	})
}

// TestUnreadUpload has a server answer an upload of which it reads nothing, with a write
// of it under way for good: the reply counts at once, what was sent before is answered,
// and the connection takes no more.
func TestUnreadUpload(t *testing.T) {
	c, s := dial(t)
	s.conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: maxWindow})
	s.WriteWindowUpdate(0, maxWindow-65535)
	soon(t, "a wide window", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.window == maxWindow && c.initial == maxWindow
	})
	before, upload, r := NewStream(0), NewStream(0), post(16<<20)
	answered := do(t, c, before, get)
	beforeID := s.opened(t)
	refused := do(t, c, upload, r)
	uploadID := s.opened(t)
	c.blocked(t)
	if err := s.reply(uploadID, notFound); err != nil {
		t.Fatal(err)
	}
	if err := <-refused; err != nil || upload.Status != 404 || upload.Out >= len(r.Body) {
		t.Errorf("status %d, %v; %d bytes out", upload.Status, err, upload.Out)
	}
	soon(t, "retired", func() bool { return !c.Usable() })
	if c.Closed() {
		t.Error("closed before all were answered")
	}
	if err := s.reply(beforeID, ok); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil || before.Status != 200 {
		t.Errorf("status %d, %v", before.Status, err)
	}
	soon(t, "closed", c.Closed)
}

// ledger is a server's account of one connection: it lets the client send as much again as
// came, and refuses every second upload by its header.
type ledger struct {
	*server
	t        *testing.T
	room     int64 // what may still come on the connection
	streams  map[uint32]int64
	refused  map[uint32]bool
	resets   int
	complete int
}

func (l *ledger) keep(requests int) {
	for l.resets+l.complete < requests {
		frame, err := l.ReadFrame()
		if err != nil {
			l.t.Error(err)
			return
		}
		id := frame.Header().StreamID
		switch f := frame.(type) {
		case *http2.HeadersFrame:
			l.streams[id] = 65535
			if l.refused[id] = id%4 == 1; l.refused[id] {
				_ = l.reply(id, notFound)
			}
		case *http2.RSTStreamFrame:
			if f.ErrCode != http2.ErrCodeCancel || !l.refused[id] {
				l.t.Errorf("stream %d was reset: %v", id, f.ErrCode)
			}
			delete(l.streams, id)
			l.resets++
		case *http2.DataFrame:
			l.data(f)
		}
	}
}

// data takes a piece of a body, and lets as much follow.
func (l *ledger) data(f *http2.DataFrame) {
	n := int64(f.Length)
	room, open := l.streams[f.StreamID]
	if !open || n > room || n > l.room {
		l.t.Errorf("%d bytes of stream %d (open %v, room %d), room on the connection %d", n, f.StreamID, open, room, l.room)
	}
	l.room -= n
	l.streams[f.StreamID] -= n
	if f.StreamEnded() {
		l.complete++
		if delete(l.streams, f.StreamID); !l.refused[f.StreamID] {
			_ = l.reply(f.StreamID, ok)
		}
	} else if n > 0 && !l.refused[f.StreamID] {
		_ = l.WriteWindowUpdate(f.StreamID, uint32(n))
		l.streams[f.StreamID] += n
	}
	if n > 0 {
		_ = l.WriteWindowUpdate(0, uint32(n))
		l.room += n
	}
}

// TestWindowsAfterEarlyReplies has a server refuse every second of many uploads on one
// connection: no more is sent than it lets, nothing of a stream after its reset, and
// both ends agree in the end on what may be sent.
func TestWindowsAfterEarlyReplies(t *testing.T) {
	const workers, each, size = 8, 20, 300 << 10
	c, s := dial(t)
	l := &ledger{server: s, t: t, room: 65535, streams: map[uint32]int64{}, refused: map[uint32]bool{}}
	var group sync.WaitGroup
	group.Go(func() { l.keep(workers * each) })
	var mu sync.Mutex
	statuses := map[int]int{}
	for range workers {
		group.Go(func() {
			stream, r := NewStream(0), post(size)
			for range each {
				if ok, _ := c.Reserve(stream); !ok {
					t.Error("no place")
					return
				}
				err := stream.Do(r, c.config.Now().Add(time.Minute))
				if whole := stream.Status == 200; err != nil || whole != (stream.Out >= size) {
					t.Errorf("status %d, %v; %d bytes out", stream.Status, err, stream.Out)
				}
				mu.Lock()
				statuses[stream.Status]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if half := workers * each / 2; fmt.Sprint(statuses) != fmt.Sprintf("map[200:%d 404:%d]", half, half) {
		t.Errorf("statuses %v", statuses)
	}
	soon(t, "the window that the server gave back", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.window == 65535 && c.active == 0
	})
	if len(c.uploads)+len(c.ending)+len(c.streams) > 0 || !c.Usable() {
		t.Errorf("%d uploads, %d ending, %d streams are left", len(c.uploads), len(c.ending), len(c.streams))
	}
}

// TestResetAfterEarlyReply: a peer that has reset the stream after its reply is not told
// that it is given up, and any other is. Neither gets more of the body, though there is
// room for it.
func TestResetAfterEarlyReply(t *testing.T) {
	for _, resets := range []bool{true, false} {
		c, s := dial(t)
		_ = s.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: megabyte})
		s.heard(t)
		stream, r := NewStream(0), post(megabyte)
		if ok, _ := c.Reserve(stream); !ok {
			t.Fatal("no place")
		}
		stream.reset(r)
		if err := c.begin(stream, r); err != nil {
			t.Fatal(err)
		}
		id := s.opened(t)
		_ = s.reply(id, notFound)
		if resets {
			_ = s.WriteRSTStream(id, http2.ErrCodeNo)
		}
		s.heard(t)
		_ = s.WriteWindowUpdate(0, megabyte)
		if more := s.heard(t); more[http2.FrameData] > 0 {
			t.Errorf("%d frames of the body after the reply", more[http2.FrameData])
		}
		if err := c.endStream(stream, nil); err != nil || stream.Status != 404 {
			t.Errorf("status %d, %v", stream.Status, err)
		}
		if told := s.heard(t)[http2.FrameRSTStream] > 0; told == resets {
			t.Errorf("the peer resets: %v; it is told: %v", resets, told)
		}
		soon(t, "free", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.active == 0 && len(c.ending) == 0
		})
	}
}

const megabyte = 1 << 20

// heard returns once the client has read all that was sent and written what it had to
// say by then, with the number of frames that came until then.
func (s *server) heard(t *testing.T) map[http2.FrameType]int {
	t.Helper()
	seen := map[http2.FrameType]int{}
	for n := byte(1); n <= 2; n++ { // the second question comes after the answer to the first
		if err := s.WritePing(false, [8]byte{n}); err != nil {
			t.Fatal(err)
		}
		for answered := false; !answered; {
			f, err := s.ReadFrame()
			if err != nil {
				t.Fatal(err)
			}
			seen[f.Header().Type]++
			ping, isPing := f.(*http2.PingFrame)
			answered = isPing && ping.IsAck() && ping.Data[0] == n
		}
	}
	return seen
}
