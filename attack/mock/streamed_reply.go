package mock

import (
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// Usage says which chunks of a stream carry token counts.
type Usage string

// Real endpoints are seen to do each of these.
const (
	UsageLast  Usage = "last"  // in the last chunk
	UsageEach  Usage = "each"  // in every chunk, as far as it has got
	UsageExtra Usage = "extra" // in one more chunk, without choices
	UsageNone  Usage = "none"
)

func (u Usage) known() bool {
	return u == UsageLast || u == UsageEach || u == UsageExtra || u == UsageNone
}

// fault is what goes wrong in the middle of a stream.
type fault uint8

const (
	noFault fault = iota
	errorInStream
	breakInStream
	stallInStream
)

func (f fault) String() string { return [...]string{"", "error", "break", "stall"}[f] }

// streams reports whether the answer goes out as server-sent events.
func (s *shape) streams() bool { return s.stream && (s.kind == chat || s.kind == completion) }

var typeEvents = []byte("text/event-stream; charset=utf-8")

// talk is a streamed answer under way: fasthttp reads it, each read is one
// event, and is written at once.
type talk struct {
	server  *Server
	on      *endpoint
	shape   shape
	course  decision
	head    []byte // what all chunks begin with
	tokens  int
	finish  string
	next    int // token to come, counted over all choices; -1 for the role
	over    bool
	event   []byte // the last one
	pending []byte // the part of it that is still to be read
	bytes   int
	sent    []time.Duration // of each token, where they are noted
}

// talk answers with a stream.
func (s *Server) talk(ctx *fasthttp.RequestCtx, e *endpoint, sh shape, c decision, id []byte) {
	t := &talk{server: s, on: e, shape: sh, course: c}
	t.tokens, t.finish = e.parts.length(&sh)
	t.next = -1
	object := `","object":"chat.completion.chunk","created":`
	if sh.kind == completion {
		object, t.next = `","object":"text_completion","created":`, 0 // which have no roles
	}
	t.head = append(append([]byte(`data: {"id":"`), id...), object...)
	t.head = strconv.AppendInt(t.head, time.Now().Unix(), 10)
	t.head = append(append(append(t.head, `,"model":"`...), e.parts.name...), `","choices":[`...)
	ctx.Response.Header.SetContentTypeBytes(typeEvents)
	ctx.Response.ImmediateHeaderFlush = true
	ctx.SetBodyStream(t, -1)
}

var (
	errBroken  = errors.New("mock: the stream breaks here, as it was told to")
	errClosing = errors.New("mock: the server is closing")
)

// Read waits until the next event is due and hands it out.
func (t *talk) Read(p []byte) (int, error) {
	if len(t.pending) == 0 {
		if t.over {
			return 0, io.EOF
		}
		if err := t.make(); err != nil {
			return 0, err
		}
	}
	n := copy(p, t.pending)
	t.pending = t.pending[n:] // of event
	t.bytes += n
	return n, nil
}

// make waits for the next event and writes it down.
func (t *talk) make() error {
	out := t.event[:0]
	if t.next < 0 {
		t.next = 0
		for i := range t.shape.rows {
			out = t.appendChunk(out, i, `"delta":{"role":"assistant","content":""}`, "", 0)
		}
		t.event, t.pending = out, out
		return nil
	}
	step := t.next / t.shape.rows
	if t.course.fault != noFault && step == t.tokens/2 {
		return t.fail()
	}
	if !t.server.wait(t.course.first + int64(step)*int64(t.on.config.TokenGap)) {
		return errClosing
	}
	word := t.on.parts.text[step*wordLength:][:wordLength]
	if t.shape.kind == chat {
		out = t.appendChunk(out, t.next%t.shape.rows, `"delta":{"content":"`+word+`"}`, "", step+1)
	} else {
		out = t.appendChunk(out, t.next%t.shape.rows, `"text":"`+word+`"`, "", step+1)
	}
	if t.server.recordStreams.Load() {
		t.sent = append(t.sent, time.Duration(t.server.now()))
	}
	if t.next++; t.next == t.tokens*t.shape.rows {
		out = t.appendEnd(out)
		t.over = true
	}
	t.event, t.pending = out, out
	return nil
}

// fail does what the course has for the middle of the stream.
func (t *talk) fail() error {
	switch t.course.fault {
	case errorInStream:
		t.over = true
		t.event = append(append(append(t.event[:0], "data: "...), t.on.failure.body...), "\n\n"...)
		t.pending = t.event
		return nil
	case stallInStream:
		t.server.wait(t.server.now() + int64(Limit))
	}
	return errBroken
}

// appendChunk writes one chunk of one choice; made is the tokens of each choice
// so far.
func (t *talk) appendChunk(out []byte, choice int, what, finish string, made int) []byte {
	out = append(append(out, t.head...), `{"index":`...)
	out = append(append(strconv.AppendInt(out, int64(choice), 10), ','), what...)
	if finish == "" {
		out = append(out, `,"finish_reason":null}]`...)
	} else {
		out = append(append(append(out, `,"finish_reason":"`...), finish...), `"}]`...)
	}
	usage := t.on.config.Usage
	last := finish != "" && choice == t.shape.rows-1
	if usage == UsageEach || usage == UsageLast && last {
		out = t.appendUsage(out, made)
	}
	return append(out, "}\n\n"...)
}

func (t *talk) appendUsage(out []byte, made int) []byte {
	made *= t.shape.rows
	out = strconv.AppendInt(append(out, `,"usage":{"prompt_tokens":`...), int64(t.shape.prompt), 10)
	out = strconv.AppendInt(append(out, `,"completion_tokens":`...), int64(made), 10)
	out = strconv.AppendInt(append(out, `,"total_tokens":`...), int64(t.shape.prompt+made), 10)
	return append(out, '}')
}

// appendEnd writes what comes after the last token.
func (t *talk) appendEnd(out []byte) []byte {
	for i := range t.shape.rows {
		what := `"delta":{}`
		if t.shape.kind == completion {
			what = `"text":""`
		}
		out = t.appendChunk(out, i, what, t.finish, t.tokens)
	}
	if t.on.config.Usage == UsageExtra {
		out = append(append(out, t.head...), ']')
		out = append(t.appendUsage(out, t.tokens), "}\n\n"...)
	}
	return append(out, "data: [DONE]\n\n"...)
}

// Close counts the answer; fasthttp calls it when it has been written, or
// cannot be.
func (t *talk) Close() error {
	t.on.countReply(fasthttp.StatusOK, t.bytes)
	t.server.note(t)
	return nil
}

// Streamed is what a server noted of one streamed answer. Instants are since
// its start.
type Streamed struct {
	Arrived time.Duration   // the request was whole
	Sent    []time.Duration // of each token, just before it was written
	Fault   string          // error, break or stall; empty for none
}

// NoteStreams has the server keep a note of each streamed answer from now on.
func (s *Server) NoteStreams() { s.recordStreams.Store(true) }

// Streamed is the notes, in the order in which the answers ended.
func (s *Server) Streamed() []Streamed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Streamed(nil), s.notes...)
}

func (s *Server) note(t *talk) {
	if !s.recordStreams.Load() {
		return
	}
	s.mu.Lock()
	s.notes = append(
		s.notes,
		Streamed{Arrived: time.Duration(t.course.arrived), Sent: t.sent, Fault: t.course.fault.String()},
	)
	s.mu.Unlock()
}
