// Package h2 is the client's end of an HTTP/2 connection, made for measuring:
// streams are driven by the goroutines that ask for them, every instant is that
// of the system call that moved the bytes, and nothing is ever sent twice.
// Frames are read by golang.org/x/net/http2's Framer.
package h2

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	// recvWindow is what the peer may send without waiting for this side: reply
	// bodies are thrown away as they come, so a small one would only slow it.
	recvWindow = 1<<30 - 1
	// headerMax is the largest reply header understood, as in HTTP/1.1.
	headerMax = 64 << 10
	// readMax is the largest frame payload that the peer may send: SETTINGS allow
	// no more [RFC 9113 §6.5.2: SETTINGS_MAX_FRAME_SIZE].
	readMax = 16 << 10
	// lastID is the number past which a connection opens no more streams.
	lastID = math.MaxInt32 - 1<<20
	// idleEnough is how long a connection must lie unused for the peer to have
	// thought of closing it.
	idleEnough = int64(time.Millisecond)
	// deadlineShare is the part of the time-out by which the write deadline may
	// lie too early before it is moved.
	deadlineShare = 8
)

// Config is what all connections of a run have in common.
type Config struct {
	// Now is the monotonic clock of all instants, in nanoseconds, and Time
	// turns one of them into a deadline.
	Now  func() int64
	Time func(at int64) time.Time
	// Timeout in nanoseconds ends a write that the peer does not read.
	Timeout int64
	// Wary has a connection looked at before each use after it lay idle, however
	// shortly: the peer is known to close some without a word.
	Wary *atomic.Bool
	// Success holds the statuses whose bodies nobody wants to see.
	Success *[1000]bool
}

// Conn is one connection. Many goroutines share it, each with a Stream.
type Conn struct {
	// Trip is about a round trip in nanoseconds. It is to be set before the first
	// Reserve.
	Trip int64

	config *Config
	net    net.Conn
	ready  chan struct{} // closed with the peer's first SETTINGS, or the failure
	gone   chan struct{} // closed when the reader has ended, and every other goroutine

	peek     *peek
	mu       sync.Mutex // guards the following
	streams  map[uint32]*Stream
	waiters  []*Stream // for a stream to come free
	nextID   uint32
	active   int   // streams reserved or open
	limit    int   // of the peer: SETTINGS_MAX_CONCURRENT_STREAMS
	window   int64 // what may be sent on the connection
	initial  int64 // what may be sent on a new stream
	retired  bool  // takes no more streams; closed with its last one
	away     error // the peer's GOAWAY, where it was an error
	err      error // why it is closed
	heard    int64 // instant of the last read
	idleFrom int64 // since when no stream was active
	fresh    bool  // the peer has answered since the connection last lay idle
	fruitful bool  // the peer has answered
	open     bool  // the peer's SETTINGS came

	tableSize atomic.Int64 // the peer's, to be obeyed by the next header; -1 for none
	frameMax  atomic.Int64 // the peer's largest frame payload

	wmu      sync.Mutex // held while writing; taken before mu
	out      []byte
	stamps   []stamp // of the requests in out
	pledged  bool    // somebody is about to write out
	deadline int64
	fields   bytes.Buffer
	encoder  *hpack.Encoder

	ctlMu   sync.Mutex // guards control frames that the reader wants sent; taken after mu
	ctl     []byte
	pending bool
	ended   bool // the reader has, and nothing else is to begin

	unread   atomic.Bool    // the peer does not read control frames
	routines sync.WaitGroup // all but the reader

	// Only the reader touches these.
	stamp   int64 // instant of the last read
	in      *bufio.Reader
	framer  *http2.Framer
	decoder *hpack.Decoder
	block   block
	unacked uint32 // bytes received that the peer has not been given back
}

// Open makes the connection on a transport that is connected (and, over TLS,
// has agreed on h2), and waits for the peer's SETTINGS, without which nobody
// knows how many streams it takes. The transport is closed with the
// connection, or with the error.
func Open(ctx context.Context, transport net.Conn, config *Config) (*Conn, error) {
	c := &Conn{
		config: config, net: transport, ready: make(chan struct{}), gone: make(chan struct{}), peek: newPeek(transport),
		streams: map[uint32]*Stream{}, nextID: 1, limit: math.MaxInt32, window: 65535, initial: 65535, idleFrom: config.Now(), fresh: true,
	}
	c.tableSize.Store(-1)
	c.frameMax.Store(16 << 10)
	c.encoder = hpack.NewEncoder(&c.fields)
	c.decoder = hpack.NewDecoder(4096, c.field)
	c.decoder.SetMaxStringLength(headerMax)
	c.in = bufio.NewReaderSize(stamped{c}, 16<<10)
	c.framer = http2.NewFramer(nil, c.in)
	c.framer.SetReuseFrames()
	c.framer.SetMaxReadFrameSize(readMax)
	late := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.fail(ctx.Err())
		close(late)
	})
	c.wmu.Lock()
	c.out = append(c.out, http2.ClientPreface...)
	c.out = appendFrame(c.out, http2.FrameSettings, 0, 0, 18)
	c.out = appendSetting(c.out, http2.SettingEnablePush, 0)
	c.out = appendSetting(c.out, http2.SettingInitialWindowSize, recvWindow)
	c.out = appendSetting(c.out, http2.SettingMaxHeaderListSize, headerMax)
	c.out = appendWindowUpdate(c.out, 0, recvWindow-65535)
	c.flush()
	c.wmu.Unlock()
	go c.read()
	<-c.ready
	if !stop() {
		<-late
	}
	c.mu.Lock()
	err := c.err
	c.mu.Unlock()
	if err != nil {
		<-c.gone
	}
	return c, err
}

// Reserve gives the stream a place on the connection, which its Do takes up
// and gives back. usable is false where the connection takes no more streams
// at all; without a place on a usable one, AwaitRoom waits for it.
func (c *Conn) Reserve(s *Stream) (ok, usable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.retired {
		return false, false
	}
	if c.active == 0 && c.nextID > 1 {
		c.fresh = false
		if (c.config.Wary.Load() || c.config.Now()-c.idleFrom > idleEnough) && !c.catchUp() {
			return false, false
		}
	}
	if c.active >= c.limit {
		return false, true
	}
	s.Idled = !c.fresh
	c.active++
	s.conn = c
	return true, true
}

// Usable reports whether the connection takes more streams, now or later.
func (c *Conn) Usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && !c.retired
}

// Closed reports whether the connection has ended, and its goroutines too.
func (c *Conn) Closed() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// Streams is how many streams the peer takes at once.
func (c *Conn) Streams() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limit
}

// release gives a stream's place back.
func (c *Conn) release() {
	c.mu.Lock()
	c.active--
	over := c.active == 0 && c.retired
	if c.active == 0 {
		c.idleFrom = c.config.Now()
	}
	c.callWaiter()
	c.mu.Unlock()
	if over {
		c.fail(errClosed)
	}
}

// callWaiter has the longest waiting stream try again. c.mu is held.
func (c *Conn) callWaiter() {
	if len(c.waiters) == 0 || c.active >= c.limit {
		return
	}
	s := c.waiters[0]
	c.waiters = append(c.waiters[:0], c.waiters[1:]...)
	s.call()
}

// callWaiters has all of them try again. c.mu is held.
func (c *Conn) callWaiters() {
	for _, s := range c.waiters {
		s.call()
	}
	c.waiters = nil
}

// retire takes no more streams; those under way go on. c.mu is held.
func (c *Conn) retire() {
	if c.retired {
		return
	}
	c.retired = true
	c.callWaiters()
	if c.active == 0 && c.open {
		c.spawn(func() { c.fail(errClosed) })
	}
}

// Close ends the connection and, with the error, every stream on it.
func (c *Conn) Close(err error) { c.fail(err) }

// Wait returns when the connection's goroutines have ended after a Close.
func (c *Conn) Wait() { <-c.gone }

// fail closes the connection; the first reason counts.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	for id, s := range c.streams {
		delete(c.streams, id)
		s.settle(c.heard, err)
	}
	c.callWaiters()
	if !c.open {
		close(c.ready)
	}
	c.mu.Unlock()
	transport := c.net
	if t, ok := transport.(interface{ NetConn() net.Conn }); ok && err != errClosed {
		transport = t.NetConn() // TLS would wait for a peer that may not read
	}
	transport.Close()
}

// stamped notes the instant of every read.
type stamped struct{ c *Conn }

func (r stamped) Read(p []byte) (int, error) {
	n, err := r.c.net.Read(p)
	r.c.stamp = r.c.config.Now()
	return n, err
}

func appendFrame(b []byte, kind http2.FrameType, flags http2.Flags, id uint32, length int) []byte {
	b = append(b, byte(length>>16), byte(length>>8), byte(length), byte(kind), byte(flags))
	return binary.BigEndian.AppendUint32(b, id)
}

func appendSetting(b []byte, id http2.SettingID, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, uint16(id)), value)
}

func appendWindowUpdate(b []byte, id uint32, by uint32) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, http2.FrameWindowUpdate, 0, id, 4), by)
}

func appendReset(b []byte, id uint32, code http2.ErrCode) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, http2.FrameRSTStream, 0, id, 4), uint32(code))
}
