package attack

import "brunt/attack/stream"

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
	a.OutputTokens, a.PromptTokens = stated.Output, stated.Prompt
	a.ReasoningTokens, a.CachedTokens = stated.Reasoning, stated.Cached
	return a
}
