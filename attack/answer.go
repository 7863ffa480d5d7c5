package attack

import (
	"bytes"

	"brunt/attack/stream"
)

// answer is what a success says of itself, whether it came as a stream or whole. Token
// counts are -1 where the endpoint does not state them, instants 0 where there is none.
type answer struct {
	First, FirstVisible Instant // first output of a stream, and the first that is no reasoning
	Streamed            bool
	OutputTokens        int64 // ReasoningTokens included, whether they were sent or not
	PromptTokens        int64 // CachedTokens included
	ReasoningTokens     int64
	CachedTokens        int64
	Finish              stream.FinishReason
}

// answer is the last success's, valid until the next reply is read.
func (r *reply) answer() answer {
	a := answer{OutputTokens: -1, PromptTokens: -1, ReasoningTokens: -1, CachedTokens: -1}
	var stated *stream.Tokens
	switch {
	case r.streaming:
		s := r.stream
		if a.Streamed, a.Finish, stated = true, s.Finish, &s.Stated; s.Dialect != stream.Unknown {
			a.First, a.FirstVisible = s.First, s.FirstVisible
		}
	case r.readsUsage:
		r.usage.End()
		stated = &r.usage.Stated
	default:
		return a
	}
	if !r.streaming {
		a.Finish = r.usage.Finish
	}
	a.OutputTokens, a.PromptTokens = stated.Output, stated.Prompt
	a.ReasoningTokens, a.CachedTokens = stated.Reasoning, stated.Cached
	return a
}

// isAnswer reports whether the last success came whole and is an answer of a model.
func (r *reply) isAnswer() bool {
	return r.readsUsage && (r.usage.Answer || r.usage.Stated.Output >= 0)
}

// maxAsked is how many bytes of a body, at its beginning and at its end, are looked at
// for whether it asks for a stream.
const maxAsked = 16 << 10

var streamMember = []byte(`"stream"`)

// asksForStream reports whether a body has a member stream that is true. The body may
// lie in a mapped file that somebody shrinks: what cannot be read asks for nothing.
func asksForStream(body []byte) (asks bool) {
	defer func() {
		if recover() != nil {
			asks = false
		}
	}()
	if len(body) > 2*maxAsked {
		return asksForStream(body[:maxAsked]) || asksForStream(body[len(body)-maxAsked:])
	}
	for {
		at := bytes.Index(body, streamMember)
		if at < 0 {
			return false
		}
		body = body[at+len(streamMember):]
		value := bytes.TrimLeft(body, " \t\r\n")
		if len(value) > 0 && value[0] == ':' && bytes.HasPrefix(bytes.TrimLeft(value[1:], " \t\r\n"), []byte("true")) {
			return true
		}
	}
}
