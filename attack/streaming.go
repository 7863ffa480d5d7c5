package attack

import (
	"bytes"
	"errors"
	"fmt"

	"brunt/attack/cause"
	"brunt/attack/endpoint"
	"brunt/attack/expect"
	"brunt/attack/figure"
	"brunt/attack/h2"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/stream"
)

// errStalled ends the reading of a stream that says nothing more.
var errStalled = errors.New("stalled")

// streamError is what is wrong with a stream.
type streamError struct{ kind, text string }

func (e *streamError) Error() string { return e.text }

var (
	eventStream = []byte("text/event-stream")
	wholeJSON   = []byte("application/json")
	pageHTML    = []byte("text/html")
	pageXHTML   = []byte("application/xhtml+xml")
	// jsonLines are the types of bodies that hold a JSON value on each line.
	jsonLines = [...][]byte{
		[]byte("application/x-ndjson"), []byte("application/ndjson"), []byte("application/jsonl"),
		[]byte("application/x-jsonl"), []byte("application/jsonlines"), []byte("application/x-jsonlines"),
		[]byte("application/json-lines"), []byte("application/stream+json"), []byte("application/json-seq"),
		[]byte("text/x-ndjson"),
	}
)

// isOf reports whether a content type is the one named, parameters aside.
func isOf(contentType, name []byte) bool {
	n := len(name)
	return len(contentType) >= n && bytes.EqualFold(contentType[:n], name) &&
		(len(contentType) == n || contentType[n] == ';' || contentType[n] == ' ')
}

// formatOf is how events stand in a body of the type; false where it is no type of
// streams.
func formatOf(contentType []byte) (stream.Format, bool) {
	if isOf(contentType, eventStream) {
		return stream.Events, true
	}
	for _, name := range jsonLines {
		if isOf(contentType, name) {
			return stream.Lines, true
		}
	}
	return stream.Guess, false
}

// followAs has replies followed as the run's plan says.
func (r *reply) followAs(run *Run) {
	r.run, r.streams, r.stall = run, run.plan.Stream, run.plan.StreamStall
	r.longer, r.keeps = max(0, run.plan.StreamTimeout-run.plan.Timeout), run.keepsReplies()
	r.success = &run.plan.Success
	if r.keepLimit = maxMatched; run.plan.Expect != nil && len(run.plan.Expect.Queries) > 0 {
		r.keepLimit = expect.MaxBody + 1
	}
	if run.sessions {
		r.keepLimit = max(r.keepLimit, maxAnswer)
	}
}

// stopFollowing ends the following of the last reply.
func (r *reply) stopFollowing() {
	r.kept = r.kept[:0]
	r.streaming, r.readsUsage, r.keeping = false, false, false
	r.whole.reset()
}

// beginBody reports whether the body of a success is to be followed as a stream,
// and readies r for what it is.
func (r *reply) beginBody(contentType []byte) bool {
	r.keeping, r.kept = r.keeps, r.kept[:0]
	if r.whole.begin(contentType); r.streams == plan.StreamOff {
		return false
	}
	whole := r.whole.json
	if whole && r.streams != plan.StreamOn {
		r.readsUsage = true
		r.usage.Reset()
		return false
	}
	format, known := formatOf(contentType)
	switch {
	case whole:
		format = stream.GuessArray
	case !known && r.streams != plan.StreamOn:
		return false
	}
	r.beginStream(format)
	return true
}

// beginStream readies r for a stream.
func (r *reply) beginStream(format stream.Format) {
	r.streaming, r.readsUsage, r.answers = true, false, false
	if r.stream == nil {
		r.stream = &stream.Stream{Spill: r.gaps.Add}
	}
	r.stream.Reset(format)
	r.gaps.Reset()
}

// Begin is beginBody for HTTP/2.
func (r *reply) Begin(contentType string) (fed bool) {
	r.stopFollowing()
	r.beginBody([]byte(contentType))
	return r.streaming || r.readsUsage || r.keeping || r.whole.keeps()
}

// Feed takes the next bytes of a body that is followed; those of a stream came
// at the instant. It reports whether they say that the endpoint is still at work:
// after the end of the answer comments do not.
func (r *reply) Feed(p []byte, at Instant) (alive bool) {
	if r.keeping {
		r.kept = append(r.kept, p[:min(len(p), r.keepLimit-len(r.kept))]...)
	}
	r.whole.keep(p)
	switch {
	case r.streaming:
	case !r.readsUsage:
		return true
	default:
		if !r.usage.Feed(p) {
			return true
		}
		// It is an array of events after all, and these are the first bytes of one.
		r.beginStream(stream.Array)
		p = r.usage.Begun()
	}
	s := r.stream
	before, events, finished := s.Chunks, s.Events, s.Finished()
	s.Feed(p, at)
	r.countChunks(s.Chunks-before, at)
	if alive = !finished || s.Events > events; alive && r.conn != nil {
		r.conn.heard = at
	}
	if !r.answers && r.Answers() && r.conn != nil {
		r.answers = true
		r.conn.answering(r.stall, r.longer)
	}
	return alive
}

// Answers reports whether the stream has had output, an error or its end.
func (r *reply) Answers() bool {
	return r.streaming && (r.stream.Chunks > 0 || r.stream.Failed || r.stream.Finished())
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
	case (err == errStalled || err == h2.ErrStalled) && s.Finished():
		return &streamError{
			result.KindStreamStalled,
			fmt.Sprintf(
				"the reply did not end within %s of its %s, after %s",
				endpoint.Exactly(r.stall),
				s.EndMark(),
				chunks(s.Chunks),
			),
		}
	case err == errStalled, err == h2.ErrStalled:
		return &streamError{
			result.KindStreamStalled,
			fmt.Sprintf("nothing came for %s, after %s", endpoint.Exactly(r.stall), chunks(s.Chunks)),
		}
	}
	switch {
	case s.Failed:
		r.sample = append(r.sample[:0], s.Sample...)
		return &streamError{result.KindStreamError, "error in mid-stream: " + cause.DescribeBody(s.Sample)}
	case err != nil && s.Done:
		return err
	case err != nil:
		return &streamError{result.KindStreamBroken, fmt.Sprintf("the stream broke after %s: %v", chunks(s.Chunks), err)}
	case s.Valid == 0 && s.Foreign == 0 && stream.ErrorObject(s.Stray):
		return answerError(s.Stray)
	case s.Valid == 0 && s.Foreign == 0 && stream.Page(s.Stray):
		return answerPage(s.Stray)
	case s.Valid == 0 && s.Foreign == 0:
		return &streamError{result.KindStreamEmpty, "the stream ended without one valid chunk" + r.compressed()}
	case s.Finish.Failed():
		return aborted(s.Finish, s.Sample, chunks(s.Chunks))
	case !s.Complete():
		return &streamError{
			result.KindStreamBroken,
			fmt.Sprintf("the stream ended after %s, without its %s", chunks(s.Chunks), s.Dialect.Mark()),
		}
	}
	return nil
}

// compressed says why nothing was seen in a stream that nobody looked into.
// Requests do not ask for it, unless a header of the user's does. It is not
// known over HTTP/2.
func (r *reply) compressed() string {
	if len(r.Header.ContentEncoding()) == 0 {
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

// countUsage counts the usage of a success that was no stream, and gives its tokens of
// output. t.mu is held.
func (t *tally) countUsage(u *stream.Usage) (tokens uint64) {
	u.End()
	t.counts.Answers.Count(&u.Stated, &u.Finishes)
	if u.Stated.Output < 0 && u.Stated.Prompt < 0 {
		return 0
	}
	c := &t.counts.Usage
	c.Replies++
	tokens = uint64(max(u.Stated.Output, 0))
	c.OutputTokens += tokens
	c.PromptTokens += uint64(max(u.Stated.Prompt, 0))
	return tokens
}

// countStream counts a success that was a stream, and gives its tokens of output; more
// are gaps of its, which it no longer holds. t.mu is held.
func (t *tally) countStream(ex *exchange, s *stream.Stream, more *histogram.Gaps) (output uint64) {
	t.histograms.beginStreams()
	slice, c := t.histograms, &t.counts.Stream
	tokens, from := s.Tokens()
	c.Streams++
	c.Chunks += uint64(s.Chunks)
	c.Choices += uint64(s.Choices)
	c.Skipped += uint64(s.Skipped)
	c.OutputTokens += uint64(tokens)
	c.PromptTokens += uint64(max(s.Stated.Prompt, 0))
	t.counts.Answers.Count(&s.Stated, &s.Finishes)
	switch from {
	case stream.TokensByUsage:
		c.ByUsage++
	case stream.TokensByChunks:
		c.ByChunks++
	default:
		c.ByNothing++
	}
	t.add(slice[figure.FirstChunk], s.Begun.Sub(ex.sent))
	for _, gap := range s.Gaps {
		t.add(slice[figure.InterChunk], gap)
	}
	t.counts.Clamped += more.AddTo(slice[figure.InterChunk])
	switch {
	case s.Dialect == stream.Unknown:
		c.Unknown++
		return uint64(tokens)
	case s.Chunks == 0:
		c.Silent++
		return uint64(tokens)
	}
	t.add(slice[figure.TTFT], s.First.Sub(ex.sent))
	t.add(slice[figure.ResponseTTFT], s.First.Sub(ex.planned))
	t.add(slice[figure.EndToEnd], s.Last.Sub(ex.sent))
	if s.FirstVisible > 0 {
		t.add(slice[figure.FirstVisible], s.FirstVisible.Sub(ex.sent))
	}
	if tpot, ok := s.TPOT(); ok {
		t.add(slice[figure.TPOT], tpot)
	}
	if s.Unpaced() {
		c.Unpaced++
	}
	return uint64(tokens)
}
