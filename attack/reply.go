package attack

import (
	"sync/atomic"
	"time"

	"golang.org/x/net/http2/hpack"

	"brunt/attack/cause"
	"brunt/attack/histogram"
	"brunt/attack/http1"
	"brunt/attack/plan"
	"brunt/attack/stream"
)

// reply is what a slot reads a reply with: the parser of HTTP/1.1, and what is made of
// the body as it comes. The body itself is thrown away, so that memory does not grow
// with replies.
type reply struct {
	http1.Parser
	conn    *connection
	success *plan.StatusSet
	sampled int    // bytes of the body that are wanted as the sample
	sample  []byte // beginning of the body of a reply that is no success
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
	r.Init()
	return r
}

// use readies r for the next reply, on the connection.
func (r *reply) use(c *connection) {
	r.Reset()
	r.conn, r.sample = c, r.sample[:0]
	r.stopFollowing()
}

// take takes the reply's next bytes, which came at the instant; done is that the reply
// is complete. The status is 0 unless the whole header came.
func (r *reply) take(p []byte, at Instant) (done bool, err error) {
	for len(p) > 0 {
		piece, err := r.Next(p)
		if err != nil {
			return false, err
		}
		if piece.Header {
			r.beginReply()
		}
		if len(piece.Body) > 0 {
			r.takeBody(piece.Body, at)
		}
		if piece.Done {
			return true, nil
		}
		p = piece.Rest
	}
	return false, nil
}

// beginReply goes on after a header.
func (r *reply) beginReply() {
	switch r.sampled = 0; {
	case !r.success[r.Status]:
		r.sampled = cause.SampleSize
	case !r.NoBody:
		r.beginBody(r.Header.ContentType())
	}
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

// requestID is the id that the endpoint gave the request, empty without one.
func (r *reply) requestID() []byte {
	if len(r.id) > 0 {
		return r.id
	}
	for _, name := range [...]string{"x-databricks-request-id", "x-request-id", "request-id"} {
		if id := r.Field(name); len(id) > 0 {
			return id
		}
	}
	return nil
}
