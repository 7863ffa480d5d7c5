package attack

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/h2"
	"brunt/attack/stream"
)

// StreamMode says which replies are followed as streams of server-sent events.
type StreamMode string

// StreamAuto, which the empty mode stands for too, follows successes whose
// content type is text/event-stream, StreamOn all successes, StreamOff none.
// Unless off, successes of the type application/json that are not followed are
// searched for the usage that they state.
const (
	StreamAuto StreamMode = "auto"
	StreamOn   StreamMode = "on"
	StreamOff  StreamMode = "off"
)

// Kinds of failures of a stream whose status was a success. What became of the
// reply as such does not matter to whoever waits for an answer: none of them
// counts as a complete reply.
const (
	KindStreamEmpty   = "stream_empty"   // it ended without one valid chunk
	KindStreamBroken  = "stream_broken"  // it ended before it said that it was complete
	KindStreamError   = "stream_error"   // it carried an error
	KindStreamStalled = "stream_stalled" // nothing came for longer than Plan.StreamStall
)

// errStalled ends the reading of a stream that says nothing more.
var errStalled = errors.New("stalled")

// streamError is what is wrong with a stream.
type streamError struct{ kind, text string }

func (e *streamError) Error() string { return e.text }

var (
	eventStream = []byte("text/event-stream")
	wholeJSON   = []byte("application/json")
)

// isOf reports whether a content type is the one named, parameters aside.
func isOf(contentType, name []byte) bool {
	n := len(name)
	return len(contentType) >= n && bytes.EqualFold(contentType[:n], name) &&
		(len(contentType) == n || contentType[n] == ';' || contentType[n] == ' ')
}

// stopFollowing ends the following of the last reply.
func (r *reply) stopFollowing() { r.streaming, r.readsUsage = false, false }

// beginBody reports whether the body of a success is to be followed as a stream,
// and readies r for what it is.
func (r *reply) beginBody(contentType []byte) bool {
	switch {
	case r.streams == StreamOff:
	case r.streams == StreamOn || isOf(contentType, eventStream):
		r.streaming = true
		if r.stream == nil {
			r.stream = &stream.Stream{Spill: r.gaps.add}
		}
		r.stream.Reset()
		r.gaps.reset()
	case isOf(contentType, wholeJSON):
		r.readsUsage = true
		r.usage.Reset()
	}
	return r.streaming
}

// Begin is follows for HTTP/2.
func (r *reply) Begin(contentType string) (fed, events bool) {
	r.stopFollowing()
	r.beginBody([]byte(contentType))
	return r.streaming || r.readsUsage, r.streaming
}

// Feed takes the next bytes of a body that is followed; those of a stream came
// at the instant.
func (r *reply) Feed(p []byte, at Instant) {
	if r.readsUsage {
		r.usage.Feed(p)
		return
	}
	before := r.stream.Chunks
	r.stream.Feed(p, at)
	r.countChunks(r.stream.Chunks-before, at)
}

// fault is what is wrong with the stream that was read; err is what the reading
// ended with, at the instant.
func (r *reply) fault(err error, at Instant) error {
	s := r.stream
	switch {
	case err == nil:
		before := s.Chunks
		s.End(at)
		r.countChunks(s.Chunks-before, at)
	case err == errCut, endpoint.Timeout(err):
		return err
	case s.Failed: // before it stalled, or broke
	case (err == errStalled || err == h2.ErrStalled) && s.Done:
		return &streamError{
			KindStreamStalled,
			fmt.Sprintf(
				"the reply did not end within %s of its [DONE], after %s",
				endpoint.Exactly(r.stall),
				chunks(s.Chunks),
			),
		}
	case err == errStalled, err == h2.ErrStalled:
		return &streamError{
			KindStreamStalled,
			fmt.Sprintf("nothing came for %s, after %s", endpoint.Exactly(r.stall), chunks(s.Chunks)),
		}
	}
	switch {
	case s.Failed:
		r.sample = append(r.sample[:0], s.Sample...)
		return &streamError{KindStreamError, "error in mid-stream: " + describeBody(s.Sample)}
	case err != nil && s.Done:
		return err
	case err != nil:
		return &streamError{KindStreamBroken, fmt.Sprintf("the stream broke after %s: %v", chunks(s.Chunks), err)}
	case s.Valid == 0:
		return &streamError{KindStreamEmpty, "the stream ended without one valid chunk" + r.compressed()}
	case !s.Done:
		return &streamError{
			KindStreamBroken,
			fmt.Sprintf("the stream ended after %s, without its [DONE]", chunks(s.Chunks)),
		}
	}
	return nil
}

// compressed says why nothing was seen in a stream that nobody looked into.
// Requests do not ask for it, unless a header of the user's does. It is not
// known over HTTP/2.
func (r *reply) compressed() string {
	if len(r.header.ContentEncoding()) == 0 {
		return ""
	}
	return ": it is compressed, which a header of yours may have asked for"
}

func chunks(n int) string {
	if n == 1 {
		return "1 chunk"
	}
	return fmt.Sprintf("%d chunks", n)
}

// StreamCounts are counts of the successes that were streams, warm-up excluded.
// Streams = ByUsage + ByChunks.
type StreamCounts struct {
	Streams      uint64
	Silent       uint64 // streams without any output, and so without a time to it
	Chunks       uint64 // events that held output
	OutputTokens uint64
	PromptTokens uint64 // as far as the endpoint states them
	ByUsage      uint64 // streams whose output tokens the endpoint stated
	ByChunks     uint64 // streams whose output tokens are their chunks, for want of that
	Skipped      uint64 // events too large to look into
}

// UsageCounts are counts of the successes that were no streams, warm-up
// excluded.
type UsageCounts struct {
	Replies      uint64 // those that stated their usage
	OutputTokens uint64
	PromptTokens uint64
}

func (c *UsageCounts) add(o *UsageCounts) {
	c.Replies += o.Replies
	c.OutputTokens += o.OutputTokens
	c.PromptTokens += o.PromptTokens
}

// countUsage counts the usage of a success that was no stream. t.mu is held.
func (t *tally) countUsage(u *stream.Usage) {
	u.End()
	if u.Output < 0 && u.Prompt < 0 {
		return
	}
	c := &t.counts.Usage
	c.Replies++
	c.OutputTokens += uint64(max(u.Output, 0))
	c.PromptTokens += uint64(max(u.Prompt, 0))
}

func (c *StreamCounts) add(o *StreamCounts) {
	c.Streams += o.Streams
	c.Silent += o.Silent
	c.Chunks += o.Chunks
	c.OutputTokens += o.OutputTokens
	c.PromptTokens += o.PromptTokens
	c.ByUsage += o.ByUsage
	c.ByChunks += o.ByChunks
	c.Skipped += o.Skipped
}

// countStream counts a success that was a stream; more are gaps of its, which it no
// longer holds. t.mu is held.
func (t *tally) countStream(ex *exchange, s *stream.Stream, more *gaps) {
	t.histograms.beginStreams()
	slice, c := t.histograms, &t.counts.Stream
	tokens, stated := s.Tokens()
	c.Streams++
	c.Chunks += uint64(s.Chunks)
	c.Skipped += uint64(s.Skipped)
	c.OutputTokens += uint64(tokens)
	c.PromptTokens += uint64(max(s.Prompt, 0))
	if stated {
		c.ByUsage++
	} else {
		c.ByChunks++
	}
	t.add(slice[figure.FirstChunk], s.Begun.Sub(ex.sent))
	if s.Chunks == 0 {
		c.Silent++
		return
	}
	t.add(slice[figure.TTFT], s.First.Sub(ex.sent))
	t.add(slice[figure.ResponseTTFT], s.First.Sub(ex.planned))
	t.add(slice[figure.EndToEnd], s.Last.Sub(ex.sent))
	for _, gap := range s.Gaps {
		t.add(slice[figure.InterChunk], gap)
	}
	t.counts.Clamped += more.addTo(slice[figure.InterChunk])
	if tpot, ok := tpotOf(s); ok {
		t.add(slice[figure.TPOT], tpot)
	}
}

// tpotOf is a stream's TPOT; false where it has none.
func tpotOf(s *stream.Stream) (tpot time.Duration, ok bool) {
	tokens, _ := s.Tokens()
	if s.Chunks < 2 || tokens < 2 {
		return 0, false
	}
	return s.Last.Sub(s.First) / time.Duration(tokens-1), true
}
