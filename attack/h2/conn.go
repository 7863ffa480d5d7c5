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

	"brunt/attack/clock"
)

const (
	// recvWindow is what the peer may send without waiting for this side: reply
	// bodies are thrown away as they come, so a small one would only slow it.
	recvWindow = 1<<30 - 1
	// maxHeader is the largest reply header understood, as in HTTP/1.1.
	maxHeader = 64 << 10
	// maxHeaderBlock is the largest that is read to its end: what it says of the table
	// holds for later ones too, so that only its own stream fails.
	maxHeaderBlock = 1 << 20
	// maxFrame is the largest frame payload that the peer may send: SETTINGS allow
	// no more [RFC 9113 §6.5.2: SETTINGS_MAX_FRAME_SIZE].
	maxFrame = 16 << 10
	// lastID is the number past which a connection opens no more streams.
	lastID = math.MaxInt32 - 1<<20
	// minIdle is how long a connection must be unused before it is checked for having
	// been closed by the peer.
	minIdle = time.Millisecond
	// deadlineShare: the write deadline is moved once it is too early by more than the
	// time-out divided by this.
	deadlineShare = 8
)

// Config is what all connections of a run have in common.
type Config struct {
	// Now is the monotonic clock of all instants, and Time
	// turns one of them into a deadline.
	Now  func() clock.Instant
	Time func(at clock.Instant) time.Time
	// Timeout ends a write that the peer does not read.
	Timeout time.Duration
	// CheckIdle has a connection checked before each use, however shortly it was idle:
	// the peer is known to close some without GOAWAY.
	CheckIdle *atomic.Bool
	// Success holds the statuses that are successes, of whose bodies no sample is kept.
	Success *[1000]bool
	// Fields has the header fields of successes kept, too.
	Fields bool
}

// Conn is one connection. Many goroutines share it, each with a Stream.
type Conn struct {
	// Trip is no less than a round trip: what opening the connection
	// took, which is to be set before the first Reserve, or its quickest reply.
	Trip time.Duration

	config   *Config
	net      net.Conn
	ready    chan struct{} // closed with the peer's first SETTINGS, or the failure
	finished chan struct{} // closed when the reader has ended, and every other goroutine

	peek              *peek
	mu                sync.Mutex // guards the following
	streams           map[uint32]*Stream
	ending            map[uint32]*Stream // with a reply, and without their bodies
	uploads           []*Stream          // whose bodies are sent, in turn; all have a window
	pumping           bool               // a goroutine does
	clogged           bool               // the peer refuses bodies and does not read on
	queue             waitQueue
	unusedPlaces      int // streams that were given a place and have not begun
	nextID            uint32
	active            int           // streams reserved, open, or given up without the peer knowing
	limit             int           // of the peer: SETTINGS_MAX_CONCURRENT_STREAMS
	window            int64         // what may be sent on the connection
	initial           int64         // what may be sent on a new stream
	hadQueue          bool          // somebody had to wait since all places were taken
	noMoreStreams     bool          // takes no more streams; closed with its last one
	goAwayErr         error         // the peer's GOAWAY, where it was an error
	err               error         // why it is closed
	lastRead          clock.Instant // instant of the last read
	idleFrom          clock.Instant // since when no stream was active
	answeredSinceIdle bool          // the peer has answered since the connection last lay idle
	answered          bool          // the peer has answered
	accepted          bool          // the peer says that it has taken requests (GOAWAY)
	open              bool          // the peer's SETTINGS came

	tableSize    atomic.Int64 // the peer's, to be obeyed by the next header; -1 for none
	peerMaxFrame atomic.Int64 // the peer's largest frame payload

	wmu          sync.Mutex // held while writing; taken before mu
	out          []byte
	sendMarks    []sendMark // of the requests in out
	flushPending bool       // somebody is about to write out
	deadline     clock.Instant
	fields       bytes.Buffer
	encoder      *hpack.Encoder

	ctlMu          sync.Mutex // guards control frames that the reader wants sent; taken after mu
	ctl            []byte
	placesToFree   int // places that come free once ctl is written
	controlPending bool
	ended          bool // the reader has, and nothing else is to begin

	controlUnread atomic.Bool    // the peer does not read control frames
	writesStopped atomic.Bool    // nothing is written any more; err says why
	broken        bool           // a write met the connection's end: what is written leads nowhere
	writes        atomic.Uint64  // begun and ended: odd during a write
	routines      sync.WaitGroup // all but the reader

	// Only the reader touches these.
	readAt  clock.Instant // instant of the last read
	in      *bufio.Reader
	framer  *http2.Framer
	decoder *hpack.Decoder
	header  headerBlock
	unacked uint32 // bytes received that the peer has not been given back
}

// Open makes the connection on a transport that is connected (and, over TLS,
// has agreed on h2), and waits for the peer's SETTINGS, which say how many
// streams it takes. The transport is closed with the
// connection, or with the error. The peer may have ended it since: then Reserve
// says so.
func Open(ctx context.Context, transport net.Conn, config *Config) (*Conn, error) {
	c := &Conn{
		config: config, net: transport, ready: make(chan struct{}), finished: make(chan struct{}), peek: newPeek(transport),
		streams: map[uint32]*Stream{}, ending: map[uint32]*Stream{}, nextID: 1, limit: math.MaxInt32, window: 65535, initial: 65535, idleFrom: config.Now(), answeredSinceIdle: true,
	}
	c.tableSize.Store(-1)
	c.peerMaxFrame.Store(16 << 10)
	c.encoder = hpack.NewEncoder(&c.fields)
	c.decoder = hpack.NewDecoder(4096, c.field)
	c.decoder.SetMaxStringLength(maxHeaderBlock)
	c.in = bufio.NewReaderSize(timedReader{c}, 16<<10)
	c.framer = http2.NewFramer(nil, c.in)
	c.framer.SetReuseFrames()
	c.framer.SetMaxReadFrameSize(maxFrame)
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
	c.out = appendSetting(c.out, http2.SettingMaxHeaderListSize, maxHeader)
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
	if c.open && err != ctx.Err() {
		err = nil // what came after that is no failure to open it
	}
	c.mu.Unlock()
	if err != nil {
		<-c.finished
	}
	return c, err
}

// Usable reports whether the connection takes more streams, now or later.
func (c *Conn) Usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && !c.noMoreStreams
}

// TookNone reports whether the peer has neither answered nor said that it took a
// request.
func (c *Conn) TookNone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.answered && !c.accepted
}

// Closed reports whether the connection has ended, and its goroutines too.
func (c *Conn) Closed() bool {
	select {
	case <-c.finished:
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

// stopAccepting takes no more streams; those under way go on. c.mu is held.
func (c *Conn) stopAccepting() {
	if c.noMoreStreams {
		return
	}
	c.noMoreStreams = true
	c.emptyQueue()
	if c.active == 0 && c.open {
		c.spawn(func() { c.fail(errClosed) })
	}
}

// Leave takes no more streams, and closes the connection once those under way are done.
// It reports whether it took some before.
func (c *Conn) Leave() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.noMoreStreams {
		return false
	}
	c.stopAccepting()
	return true
}

// Close ends the connection and, with the error, every stream on it.
func (c *Conn) Close(err error) { c.fail(err) }

// Wait returns when the connection's goroutines have ended after a Close.
func (c *Conn) Wait() { <-c.finished }

// fail closes the connection; the first reason counts.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	c.writesStopped.Store(true)
	for id, s := range c.streams {
		delete(c.streams, id)
		s.connLost = true
		s.complete(c.lastRead, err)
	}
	c.emptyQueue()
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

// timedReader notes the instant of every read.
type timedReader struct{ c *Conn }

func (r timedReader) Read(p []byte) (int, error) {
	n, err := r.c.net.Read(p)
	r.c.readAt = r.c.config.Now()
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
