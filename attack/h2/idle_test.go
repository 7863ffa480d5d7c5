//go:build !windows

package h2

import (
	"context"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is the other end of one connection.
type server struct {
	*http2.Framer
	conn net.Conn
}

// dial makes a connection whose server has sent its settings.
func dial(t *testing.T) (*Conn, *server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	s := &server{http2.NewFramer(far, far), far}
	if err := s.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	c, err := Open(context.Background(), near, testConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close(errClosed)
		c.Wait()
	})
	if _, err := io.ReadFull(far, make([]byte, len(http2.ClientPreface))); err != nil {
		t.Fatal(err)
	}
	return c, s
}

func testConfig() *Config {
	start := time.Now()
	return &Config{
		Now:       func() clock.Instant { return clock.Instant(time.Since(start)) },
		CheckIdle: new(atomic.Bool),
		Time:      func(at clock.Instant) time.Time { return start.Add(time.Duration(at)) },
		Timeout:   (10 * time.Second), Success: new([1000]bool),
	}
}

// answer takes one request and replies to it.
func (s *server) answer() error {
	for {
		f, err := s.ReadFrame()
		if err != nil {
			return err
		}
		if f.Header().Type == http2.FrameHeaders {
			// 0x88 is ":status: 200" of the static table.
			return s.WriteHeaders(http2.HeadersFrameParam{StreamID: f.Header().StreamID, BlockFragment: []byte{0x88}, EndHeaders: true, EndStream: true})
		}
	}
}

var get = &Request{Head: []hpack.HeaderField{{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"}, {Name: ":authority", Value: "a"}, {Name: ":path", Value: "/"}}}

// TestIdle has the server do something with an idle connection, of which the
// connection's reader, for want of a core, has not heard when the next request
// wants to be sent.
func TestIdle(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, c := range []struct {
		name   string
		do     func(s *server)
		usable bool
	}{
		{"nothing", func(*server) {}, true},
		{"ping", func(s *server) { s.WritePing(false, [8]byte{}) }, true},
		{"goaway", func(s *server) { s.WriteGoAway(1, http2.ErrCodeNo, nil) }, false},
		{"closed", func(s *server) { s.conn.(*net.TCPConn).CloseWrite() }, false},
		{"goaway and closed", func(s *server) {
			s.WriteGoAway(1, http2.ErrCodeNo, nil)
			s.conn.(*net.TCPConn).CloseWrite()
		}, false},
		{"reset", func(s *server) {
			s.conn.(*net.TCPConn).SetLinger(0)
			s.conn.Close()
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, s := dial(t)
			stream := NewStream(100)
			if ok, _ := conn.Reserve(stream); !ok {
				t.Fatal("no place on a new connection")
			}
			answered := make(chan error, 1)
			go func() { answered <- s.answer() }()
			if err := stream.Do(get, conn.config.Now().Add(10*time.Second)); err != nil || stream.Status != 200 {
				t.Fatalf("status %d, %v", stream.Status, err)
			}
			if err := <-answered; err != nil {
				t.Fatal(err)
			}
			for end := conn.config.Now().Add(2 * minIdle); conn.config.Now() < end; { // no time for the reader
			}
			c.do(s)
			if ok, usable := conn.Reserve(stream); ok != c.usable || usable != c.usable {
				t.Errorf("ok %v, usable %v, want %v", ok, usable, c.usable)
			} else if ok {
				conn.release()
			}
		})
	}
}
