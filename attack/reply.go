package attack

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/cause"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/spell"
	"brunt/attack/stream"
)

const (
	readerSize = 4 << 10  // one per connection, so small
	maxHeader  = 64 << 10 // the largest reply header understood
	// maxInterim is the most interim replies (1xx) before a reply.
	maxInterim = 1000

	scratch = 64 << 10 // large bodies are thrown away in pieces of this size
)

// scratches are for large replies only: most connections never need one.
var scratches = sync.Pool{New: func() any { return new([scratch]byte) }}

// reply reads one HTTP/1.1 reply after the other from a wire. Headers are
// parsed by fasthttp; the body is thrown away as it comes, so that memory does
// not grow with replies.
type reply struct {
	conn       *connection
	in         *bufio.Reader
	header     fasthttp.ResponseHeader
	sample     []byte // beginning of the body of a reply that is no success
	close      bool   // the connection is not to be used again
	headLen    int    // bytes of the last header
	extraBytes bool   // bytes came that are none of the reply's
	id         []byte // of HTTP/2, where the header is not kept
	model      []byte // the same
	fields     []hpack.HeaderField

	streams    plan.StreamMode
	stall      time.Duration  // see Plan.StreamStall
	longer     time.Duration  // that a stream which answers has than another reply
	answers    bool           // the stream has begun to answer
	streaming  bool           // the reply is a stream
	stream     *stream.Stream // nil before the first one
	gaps       histogram.Gaps // of it, beyond those that it holds
	keeps      bool           // bodies of successes are kept
	keeping    bool           // so is this one
	kept       []byte         // its beginning, up to keepLimit
	keepLimit  int
	readsUsage bool // the reply is whole, and may state its usage
	usage      stream.Usage
	whole      wholeBody
	warm       bool // the request is one of the warm-up
	// Chunks with output that came in streams, whatever became of those, each
	// written by one goroutine at a time: those of measured requests, and those
	// that came within the window, of any request.
	chunks, windowChunks atomic.Uint64
	windowBefore         uint64 // windowChunks before the last reply
	run                  *Run   // whose window it is
}

func newReply() *reply {
	r := &reply{in: bufio.NewReaderSize(nil, readerSize), sample: make([]byte, 0, cause.SampleSize)}
	// Header names come in any case anyway; normalising costs time.
	r.header.DisableNormalizing()
	r.header.SetNoDefaultContentType(true)
	return r
}

// use makes r read from another wire.
func (r *reply) use(w *connection) {
	r.conn = w
	r.in.Reset(w)
}

// badReply is a reply that is not HTTP as brunt understands it.
type badReply struct{ why, remedy string }

func (e *badReply) Error() string { return "not a valid HTTP reply: " + e.why }

// read takes one complete reply off the wire. noBody is for replies to HEAD.
// The status is 0 unless the whole header came; the reply is complete when err
// is nil.
func (r *reply) read(noBody bool, success *plan.StatusSet) (status int, err error) {
	r.sample, r.close = r.sample[:0], true
	r.stopFollowing()
	r.extraBytes = false
	for interim := 0; ; interim++ {
		if interim > maxInterim {
			return 0, &badReply{why: fmt.Sprintf("more than %d interim replies", maxInterim)}
		}
		if status, err = r.readHeader(); err != nil {
			return 0, err
		}
		if status >= 200 || status == fasthttp.StatusSwitchingProtocols {
			break
		}
		// 100, 102, 103: the reply itself is still to come.
	}
	keep := len(r.sample)
	switch {
	case !success[status]:
		keep = cause.SampleSize
	case !noBody && r.beginBody(r.header.ContentType()):
		r.conn.follow()
	}
	switch length := r.header.ContentLength(); {
	case noBody || status == 204 || status == 304 || status < 200:
	case length >= 0:
		err = r.discard(length, keep, true)
	case length == -1:
		err = r.discardChunked(keep)
	default:
		err = r.discardToEnd(keep)
		return status, err
	}
	if err != nil {
		return status, err
	}
	r.close = r.header.ConnectionClose() || status < 200 || r.extraBytes || r.in.Buffered() > 0 || r.conn.more()
	return status, nil
}

// consume consumes up to n buffered bytes and keeps the beginning as the sample.
func (r *reply) consume(n, keep int) (int, error) {
	if r.in.Buffered() == 0 {
		if _, err := r.in.Peek(1); err != nil {
			return 0, noEOF(err)
		}
	}
	n = min(n, r.in.Buffered())
	if r.streaming || r.readsUsage || r.keeping || r.whole.keeps() {
		b, _ := r.in.Peek(n)
		r.Feed(b, r.conn.at)
	}
	if room := keep - len(r.sample); room > 0 {
		b, _ := r.in.Peek(min(n, room))
		r.sample = append(r.sample, b...)
	}
	return r.in.Discard(n)
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// discard throws n bytes of body away, the last ones of it or a chunk.
func (r *reply) discard(n, keep int, last bool) error {
	for n > 0 {
		if n > 2*readerSize && r.in.Buffered() == 0 && len(r.sample) >= keep && !r.streaming {
			return r.discardLarge(n, last)
		}
		taken, err := r.consume(n, keep)
		if err != nil {
			return err
		}
		n -= taken
	}
	return nil
}

// discardLarge goes round the small reader: fewer system calls for large
// bodies.
func (r *reply) discardLarge(n int, last bool) error {
	buf := scratches.Get().(*[scratch]byte)
	defer scratches.Put(buf)
	for n > 0 {
		want := n
		if last {
			want++ // one byte more shows what nobody asked for
		}
		got, err := r.conn.Read(buf[:min(want, scratch)])
		if err != nil {
			return noEOF(err)
		}
		if got > n {
			got, r.extraBytes = n, true
		}
		if r.readsUsage || r.streaming || r.keeping || r.whole.keeps() {
			r.Feed(buf[:got], r.conn.at)
		}
		n -= got
	}
	return nil
}

// discardToEnd reads a body that ends with the connection.
func (r *reply) discardToEnd(keep int) error {
	for {
		if _, err := r.consume(readerSize, keep); err != nil {
			if err == io.ErrUnexpectedEOF {
				return nil
			}
			return err
		}
	}
}

// discardChunked reads a chunked body and its trailer [RFC 9112 §7.1].
func (r *reply) discardChunked(keep int) error {
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		size, err := chunkSize(line)
		if err != nil {
			return err
		}
		if size == 0 {
			return r.discardTrailer()
		}
		if err := r.discard(size, keep, false); err != nil {
			return err
		}
		if line, err = r.line(); err != nil {
			return err
		}
		if len(line) != 0 {
			return &badReply{why: "a chunk is longer than it says"}
		}
	}
}

func (r *reply) discardTrailer() error {
	for range 256 {
		line, err := r.line()
		if err != nil || len(line) == 0 {
			return err
		}
		if bytes.IndexByte(line, ':') < 1 {
			return &badReply{why: "its trailer holds a line that is no header"}
		}
	}
	return &badReply{why: "its trailer does not end"}
}

// line reads one line without its end; the bytes are valid until the next read.
func (r *reply) line() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, &badReply{why: "a chunk's line is too long"}
	case err != nil:
		return nil, noEOF(err)
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// chunkSize reads a chunk's size line; extensions after ';' are skipped.
func chunkSize(line []byte) (int, error) {
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimRight(line, " \t")
	size := 0
	for _, c := range line {
		var d byte
		switch {
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c && c <= 'f':
			d = c - 'a' + 10
		case 'A' <= c && c <= 'F':
			d = c - 'A' + 10
		default:
			return 0, &badReply{why: fmt.Sprintf("chunk size %q", spell.OneLine(string(line), 20))}
		}
		if size >= 1<<40 {
			return 0, &badReply{why: "a chunk is larger than 1 TiB"}
		}
		size = size<<4 | int(d)
	}
	if len(line) == 0 {
		return 0, &badReply{why: "a chunk has no size"}
	}
	return size, nil
}

// requestID is the id that the endpoint gave the request, empty without one.
func (r *reply) requestID() []byte {
	if len(r.id) > 0 {
		return r.id
	}
	for _, name := range [...]string{"x-databricks-request-id", "x-request-id", "request-id"} {
		for key, value := range r.header.All() {
			if len(key) == len(name) && bytes.EqualFold(key, []byte(name)) {
				return value
			}
		}
	}
	return nil
}
