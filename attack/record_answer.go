package attack

import (
	"time"

	"brunt/attack/stream"
)

// Answer is what the reply to one request said of the answer in it: of a stream, or of a
// whole reply that states its tokens or names its model. Instants are counted from the
// measured start, counts are -1 where they are not known.
type Answer struct {
	// Streamed is whether the reply was followed as a stream. FirstChunk is the instant
	// of its first event, First, FirstVisible and Last are those of the first output, of
	// the first that is no reasoning, and of the last. 0 where there was none.
	Streamed                              bool
	FirstChunk, First, FirstVisible, Last time.Duration
	TPOT                                  time.Duration // of a success that has one
	HasTPOT                               bool
	Chunks, Choices                       uint64 // pieces of output, and answers that they belong to
	OutputTokens                          int64  // ReasoningTokens included
	PromptTokens                          int64  // CachedTokens included
	ReasoningTokens, CachedTokens         int64
	TokensBy                              string // what OutputTokens were counted from: TokensByUsage or TokensByChunks; else empty
	Finish                                string // why the model ended, empty where it did not say
	Model                                 string // that made the reply, as it says
}

// What output tokens were counted from.
const (
	TokensByUsage  = "usage"
	TokensByChunks = "chunks"
)

// answerOf is what the slot's last reply said; nil where there is nothing of it.
func (t *tally) answerOf(w *slot) *Answer {
	ex, r := &w.ex, w.reply
	if !r.streaming && !r.readsUsage && len(ex.model) == 0 {
		return nil
	}
	a := &Answer{OutputTokens: -1, PromptTokens: -1, ReasoningTokens: -1, CachedTokens: -1}
	if string(ex.model) != t.recordModel {
		t.recordModel = string(ex.model)
	}
	a.Model = t.recordModel
	switch {
	case r.streaming && r.stream != nil:
		a.ofStream(w)
	case r.readsUsage && ex.outcome == succeeded:
		a.ofUsage(w)
	}
	return a
}

// ofStream takes what is known of a stream, whatever became of it.
func (a *Answer) ofStream(w *slot) {
	s, said := w.reply.stream, w.reply.answer()
	since := func(at Instant) time.Duration {
		if at == 0 {
			return 0
		}
		return at.Sub(w.run.measured.Load())
	}
	a.Streamed, a.Chunks, a.Choices = true, uint64(s.Chunks), uint64(s.Choices)
	a.FirstChunk, a.First, a.FirstVisible = since(s.Begun), since(said.First), since(said.FirstVisible)
	a.PromptTokens, a.CachedTokens, a.Finish = said.PromptTokens, said.CachedTokens, finishOf(said.Finish)
	if said.First != 0 {
		a.Last = since(s.Last)
	}
	if w.ex.outcome != succeeded {
		return
	}
	a.ReasoningTokens = said.ReasoningTokens
	tokens, from := s.Tokens()
	switch from {
	case stream.TokensByUsage:
		a.OutputTokens, a.TokensBy = tokens, TokensByUsage
	case stream.TokensByChunks:
		a.OutputTokens, a.TokensBy = tokens, TokensByChunks
	}
	a.TPOT, a.HasTPOT = s.TPOT()
}

// finishOf is the reason's name; empty where none was told.
func finishOf(r stream.FinishReason) string {
	if r == stream.FinishUnknown {
		return ""
	}
	return r.String()
}

// ofUsage takes what a whole reply stated.
func (a *Answer) ofUsage(w *slot) {
	said := w.reply.answer()
	a.OutputTokens, a.PromptTokens = said.OutputTokens, said.PromptTokens
	a.ReasoningTokens, a.CachedTokens, a.Finish = said.ReasoningTokens, said.CachedTokens, finishOf(said.Finish)
	if said.OutputTokens >= 0 {
		a.TokensBy = TokensByUsage
	}
}
