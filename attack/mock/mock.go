package mock

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// Sizes in bytes: a longer body is refused with 413, after it has been read so
// that the client sees the refusal and not a reset; past the second one it is
// cut off. Headers have to hold an OAuth token.
const (
	maxBody   = 16 << 20
	cutBody   = 64 << 20
	maxHeader = 8 << 10
)

// closeTimeout bounds how long Close waits for clients to take their last replies.
const closeTimeout = time.Second

// Server is a mock endpoint that listens. Its methods may be called from any
// goroutine.
type Server struct {
	endpoint      *endpoint
	http          fasthttp.Server
	listener      net.Listener
	origin        time.Time // instants are nanoseconds since then
	epoch         uint64    // random: tells the request ids of two servers apart
	requests      atomic.Uint64
	strays        strays
	recordStreams atomic.Bool // of streams
	observer      atomic.Pointer[func(queued, held time.Duration)]

	closed  chan struct{}
	running sync.WaitGroup // accept loop and connections

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil once closed
	notes []Streamed
}

// Start listens on an address such as 127.0.0.1:0 and answers until Close. It
// fails when the configuration is out of range or the address cannot be had.
func Start(c Config, listen string) (*Server, error) {
	c = c.filled()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("mock: %w", err)
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf(
			"mock: cannot listen on %s: %w; choose another address, or port 0 for any free port",
			quoted(listen),
			reason(err),
		)
	}
	s := &Server{
		listener: listener,
		origin:   time.Now(),
		epoch:    rand.Uint64(),
		closed:   make(chan struct{}),
		conns:    make(map[net.Conn]struct{}),
	}
	s.endpoint = newEndpoint(c)
	s.http = fasthttp.Server{
		Name:                         "brunt-mock",
		Handler:                      s.handle,
		ErrorHandler:                 s.handleBroken,
		Logger:                       noLogger{},
		Concurrency:                  1 << 20, // connections; the process runs out of files before
		ReadBufferSize:               maxHeader,
		MaxRequestBodySize:           cutBody,
		NoDefaultDate:                true, // its ticker would outlive Close
		DisablePreParseMultipartForm: true,
	}
	s.running.Go(s.accept)
	return s, nil
}

// reason is the innermost error of a failed listen: the outer ones repeat the
// address.
func reason(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err
}

// noLogger drops what fasthttp would log on standard error.
type noLogger struct{}

func (noLogger) Printf(string, ...any) {}

// Addr is the address listened on, such as 127.0.0.1:40123.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is where the endpoint is invoked by POST; on this machine, where Start
// was given no particular address.
func (s *Server) URL() string {
	addr := *s.listener.Addr().(*net.TCPAddr)
	if addr.IP.IsUnspecified() {
		addr.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + addr.String() + s.endpoint.invocations
}

// Observe has see called from now on for every request that is accepted, with how
// long it waits for a slot and how long it then holds it: from many goroutines,
// before the request is answered.
func (s *Server) Observe(see func(queued, held time.Duration)) { s.observer.Store(&see) }

// accept serves each connection in a goroutine of its own. Unlike fasthttp's
// own loop it keeps a list of them, so that Close can end them.
func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of files, most likely: some may come free
			s.wait(s.now() + int64(10*time.Millisecond))
			continue
		}
		if !s.adopt(conn) {
			conn.Close()
			return
		}
		s.running.Go(func() { s.serve(conn) })
	}
}

func (s *Server) adopt(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

func (s *Server) serve(conn net.Conn) {
	_ = s.http.ServeConn(conn) // a client that went away is no news here
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
}

// Close stops listening and ends every connection: requests that wait or are
// served are answered with 503. It returns once all goroutines have ended, at
// the latest after a second or so, and may be called more than once.
func (s *Server) Close() error {
	s.mu.Lock()
	conns := s.conns
	s.conns = nil
	s.mu.Unlock()
	if conns == nil {
		s.running.Wait()
		return nil
	}
	err := s.listener.Close()
	s.endpoint.close()
	close(s.closed)
	for conn := range conns {
		// A read that waits for a request ends at once; a reply that is being
		// written does not.
		_ = conn.SetReadDeadline(time.Unix(1, 0))
		_ = conn.SetWriteDeadline(time.Now().Add(closeTimeout))
	}
	s.running.Wait()
	return err
}

// now is the instant of the server's clock.
func (s *Server) now() int64 { return int64(time.Since(s.origin)) }

var timers = sync.Pool{New: func() any { return time.NewTimer(time.Hour) }}

// wait returns at the instant due or up to a millisecond later, never sooner;
// false when the server was closed meanwhile. A timer descriptor would be more
// precise, but measured six times the CPU per wake at 10,000 wakes a second,
// which the load in the same process would lack.
func (s *Server) wait(due int64) bool {
	left := due - s.now()
	if left <= 0 {
		return true
	}
	timer := timers.Get().(*time.Timer)
	defer timers.Put(timer)
	timer.Reset(time.Duration(left))
	select {
	case <-timer.C:
		return true
	case <-s.closed:
		timer.Stop()
		return false
	}
}

// idLength is that of a UUID's text.
const idLength = 36

// nextID is the text of a request id: unique within a server, and, by its
// random half, among servers.
func (s *Server) nextID() (id [idLength]byte) {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], s.epoch)
	binary.BigEndian.PutUint64(raw[8:], s.requests.Add(1))
	const digits = "0123456789abcdef"
	at := 0
	for i, b := range raw {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			id[at] = '-'
			at++
		}
		id[at], id[at+1] = digits[b>>4], digits[b&15]
		at += 2
	}
	return id
}

var _ io.Closer = (*Server)(nil)
