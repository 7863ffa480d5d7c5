package attack

import (
	"bytes"
	"fmt"
	"io"
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
	maxHeader = 64 << 10 // the largest reply header understood
	maxLine   = 4 << 10  // the longest line of a chunk, or of a trailer
	// maxTrailer is the most lines of a trailer.
	maxTrailer = 256
	// maxInterim is the most interim replies (1xx) before a reply.
	maxInterim = 1000
)

// replyPart is the part of a reply that is to come next.
type replyPart uint8

const (
	partHeader    replyPart = iota
	partBody                // of known length
	partToEnd               // a body that ends with the connection
	partChunkSize           // a chunk's line
	partChunk               // its bytes
	partChunkEnd            // the line end behind them
	partTrailer
)

// reply takes one HTTP/1.1 reply after the other as they come, in pieces of any size.
// Headers are parsed by fasthttp; the body is thrown away, so that memory does not grow
// with replies.
type reply struct {
	conn    *connection
	part    replyPart
	left    int // bytes of the body, or of a chunk, that are to come
	lines   int // of the trailer so far, or interim replies before the reply
	partial []byte
	scan    headerScan
	status  int // of the reply, once its header is there
	noBody  bool
	success *plan.StatusSet
	sampled int // bytes of the body that are wanted as the sample
	header  fasthttp.ResponseHeader
	reader  *headerReader
	sample  []byte // beginning of the body of a reply that is no success
	close   bool   // the connection is not to be used again
	shared  bool   // it is one of HTTP/2, whose parser calls Begin and Feed
	id      []byte // of HTTP/2, where the header is not kept
	model   []byte // the same
	fields  []hpack.HeaderField

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
	r := &reply{}
	// Header names come in any case anyway; normalising costs time.
	r.header.DisableNormalizing()
	r.header.SetNoDefaultContentType(true)
	return r
}

// use readies r for the next reply, on the connection.
func (r *reply) use(c *connection) {
	r.conn = c
	r.part, r.lines, r.partial, r.scan = partHeader, 0, r.partial[:0], headerScan{}
	r.status, r.sample, r.close = 0, r.sample[:0], true
	r.stopFollowing()
}

// badReply is a reply that is not HTTP as brunt understands it.
type badReply struct{ why, remedy string }

func (e *badReply) Error() string { return "not a valid HTTP reply: " + e.why }

// take takes the reply's next bytes, which came at the instant; done is that the reply
// is complete. The status is 0 unless the whole header came.
func (r *reply) take(p []byte, at Instant) (done bool, err error) {
	for !done && err == nil {
		if len(p) == 0 {
			return false, nil
		}
		switch r.part {
		case partHeader:
			p, done, err = r.takeHeader(p)
		case partBody, partChunk:
			n := min(r.left, len(p))
			r.takeBody(p[:n], at)
			p = p[n:]
			if r.left -= n; r.left == 0 {
				done = r.part == partBody
				r.part = partChunkEnd
			}
		case partToEnd:
			r.takeBody(p, at)
			return false, nil
		default:
			p, done, err = r.takeLine(p)
		}
	}
	if err != nil {
		return false, err
	}
	r.close = r.header.ConnectionClose() || r.status < 200 || len(p) > 0
	return true, nil
}

// ended takes the end of the connection, or what else ended its reading. done is that
// the reply is complete by it; else err is what is wrong.
func (r *reply) ended(err error) (done bool, fault error) {
	switch {
	case r.part == partToEnd && (err == io.EOF || err == io.ErrUnexpectedEOF):
		return true, nil
	case r.part == partHeader && len(r.partial) == 0:
		return false, err
	}
	return false, noEOF(err)
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// beginReply goes on after a header; done is that there is no body.
func (r *reply) beginReply(status int) (done bool, err error) {
	if status < 200 && status != fasthttp.StatusSwitchingProtocols {
		// 100, 102, 103: the reply itself is still to come.
		if r.lines++; r.lines > maxInterim {
			return false, &badReply{why: fmt.Sprintf("more than %d interim replies", maxInterim)}
		}
		return false, nil
	}
	r.status, r.lines, r.sampled = status, 0, 0
	switch {
	case !r.success[status]:
		r.sampled = cause.SampleSize
	case !r.noBody:
		r.beginBody(r.header.ContentType())
	}
	switch length := r.header.ContentLength(); {
	case r.noBody || status == 204 || status == 304 || status < 200 || length == 0:
		return true, nil
	case length > 0:
		r.part, r.left = partBody, length
	case length == -1:
		r.part = partChunkSize
	default:
		r.part = partToEnd
	}
	return false, nil
}

// takeBody takes bytes of the body, and keeps the beginning as the sample.
func (r *reply) takeBody(p []byte, at Instant) {
	if r.streaming || r.readsUsage || r.keeping || r.whole.keeps() {
		r.Feed(p, at)
	}
	if room := r.sampled - len(r.sample); room > 0 {
		if r.sample == nil {
			r.sample = make([]byte, 0, cause.SampleSize)
		}
		r.sample = append(r.sample, p[:min(len(p), room)]...)
	}
}

// takeLine takes a line of a chunked body, or of its trailer [RFC 9112 §7.1].
func (r *reply) takeLine(p []byte) (rest []byte, done bool, err error) {
	end := bytes.IndexByte(p, '\n')
	length := end
	if end < 0 {
		length = len(p)
	}
	if len(r.partial)+length > maxLine {
		return nil, false, &badReply{why: "a chunk's line is too long"}
	}
	if end < 0 {
		r.partial = append(r.partial, p...)
		return nil, false, nil
	}
	line, rest := p[:end], p[end+1:]
	if len(r.partial) > 0 {
		line = append(r.partial, line...)
		r.partial = line[:0]
	}
	done, err = r.chunkLine(bytes.TrimSuffix(line, []byte("\r")))
	return rest, done, err
}

func (r *reply) chunkLine(line []byte) (done bool, err error) {
	switch r.part {
	case partChunkSize:
		r.left, err = chunkSize(line)
		if r.part = partChunk; r.left == 0 {
			r.part = partTrailer
		}
	case partChunkEnd:
		if r.part = partChunkSize; len(line) != 0 {
			err = &badReply{why: "a chunk is longer than it says"}
		}
	case partTrailer:
		switch r.lines++; {
		case len(line) == 0:
			return true, nil
		case bytes.IndexByte(line, ':') < 1:
			err = &badReply{why: "its trailer holds a line that is no header"}
		case r.lines >= maxTrailer:
			err = &badReply{why: "its trailer does not end"}
		}
	}
	return false, err
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
