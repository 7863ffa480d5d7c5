package stream

import (
	"hash/maphash"
	"time"

	"brunt/attack/clock"
)

// maxChoices is how many choices of one answer are kept apart; all beyond are taken as
// one.
const maxChoices = 128

// choice is what is known of one of the answers that a stream holds side by side.
type choice struct {
	seen, ended bool
	last        clock.Instant // of the last piece of output, 0 before any
	lastVisible clock.Instant // of the last one that is no reasoning
	tokens      int64         // as stated of this choice alone

	// Of a text that comes as a whole each time:
	length int
	hash   uint64
	parts  bool // it comes in parts after all
}

// choice finds one by its index.
func (s *Stream) choice(index int64) *choice {
	i := int(min(max(index, 0), maxChoices-1))
	for len(s.choices) <= i {
		s.choices = append(s.choices, choice{})
	}
	return &s.choices[i]
}

// enter counts what an event says of a choice.
func (s *Stream) enter(p *piece, at clock.Instant) {
	c := s.choice(p.index)
	if !c.seen {
		c.seen = true
		s.open++
	}
	out := p.output
	switch grew := p.tokens > c.tokens; {
	case p.text != nil:
		if !c.grown(p.text) {
			out = 0
		}
	case s.Dialect == SGLang && p.tokens >= 0 && !grew:
		out = 0
	}
	if p.tokens > c.tokens {
		s.ownTokens += p.tokens - c.tokens
		c.tokens = p.tokens
	}
	if out&output != 0 {
		s.addPiece(c, out, at)
	}
	if p.ended && !c.ended {
		c.ended = true
		s.open--
		s.ended = true
		s.Finishes[p.finish]++
		if !s.Finish.Failed() {
			s.Finish = p.finish
		}
	}
}

// addPiece counts a piece of output of a choice.
func (s *Stream) addPiece(c *choice, out outputs, at clock.Instant) {
	s.Chunks++
	if s.Chunks == 1 {
		s.First = at
	}
	s.Last = at
	s.several = s.several || out&several != 0
	s.summary = s.summary || out&summary != 0
	s.reasoned = s.reasoned || out&reasoning != 0
	if c.last == 0 {
		s.Choices++
	} else {
		s.gap(at.Sub(c.last))
	}
	c.last = at
	if out&visible == 0 {
		return
	}
	s.visibleChunks++
	if s.FirstVisible == 0 {
		s.FirstVisible = at
	}
	if c.lastVisible == 0 {
		s.visibleChoices++
	} else {
		s.visibleSpan += at.Sub(c.lastVisible)
	}
	c.lastVisible = at
}

func (s *Stream) gap(length time.Duration) {
	s.span += length
	if len(s.Gaps) >= MaxGaps && s.Spill != nil {
		s.Spill(s.Gaps)
		s.Gaps, s.spilled = s.Gaps[:0], true
	}
	s.Gaps = append(s.Gaps, length)
}

var textSeed = maphash.MakeSeed()

// grown reports whether a text, which is the whole answer so far or what is new of it,
// has something new. Which of the two it is shows by its beginning.
func (c *choice) grown(text []byte) bool {
	before := c.length
	whole := before == 0 || len(text) >= before && maphash.Bytes(textSeed, text[:before]) == c.hash
	c.length, c.hash = len(text), maphash.Bytes(textSeed, text)
	if !whole {
		c.parts = true
	}
	return len(text) > 0 && (c.parts || len(text) > before)
}

// Tokens is the number of tokens of the output, and where it comes from: from the
// endpoint, or from the chunks, one for each. It is 0 and TokensUnknown where a chunk
// was seen to hold more than one, or its dialect is one in which nothing is known of
// tokens. An endpoint that states no tokens for the output that it sent states nothing:
// some have zeros for what they do not know.
func (s *Stream) Tokens() (n int64, from TokenSource) {
	switch {
	case s.Stated.Output > 0 || s.Stated.Output == 0 && s.Chunks == 0:
		return s.Stated.Output, TokensByUsage
	case s.Dialect == Unknown, s.Dialect == DSPy, s.several:
		return 0, TokensUnknown
	}
	return int64(s.Chunks), TokensByChunks
}

// TokenSource says where a number of tokens comes from.
type TokenSource uint8

// The sources.
const (
	TokensByUsage TokenSource = iota
	TokensByChunks
	TokensUnknown
)

// TPOT is the time per output token, (last output − first output) / (tokens − 1), of
// the tokens that were sent; of several choices, the sum of their times by that of their
// tokens less one each. It is of the visible output alone where the reasoning is told in
// a summary. ok is false where there are fewer than two tokens or chunks, and where it is
// not known how many of the tokens were sent (see Unpaced).
func (s *Stream) TPOT() (tpot time.Duration, ok bool) {
	tokens, from := s.Tokens()
	if from == TokensUnknown || s.Unpaced() {
		return 0, false
	}
	span, chunks, choices := s.span, s.Chunks, s.Choices
	if from == TokensByUsage {
		tokens -= s.Stated.Unsent
		switch {
		case s.Stated.Reasoning <= 0:
		case !s.reasoned:
			tokens -= s.Stated.Reasoning
		case s.summary || s.Dialect == Anthropic:
			tokens -= s.Stated.Reasoning
			span, chunks, choices = s.visibleSpan, s.visibleChunks, s.visibleChoices
		}
	}
	if chunks <= choices || tokens <= int64(choices) {
		return 0, false
	}
	return span / time.Duration(tokens-int64(choices)), true
}

// Unpaced reports whether the stated tokens hold some that were not sent, and nothing
// says how many: of reasoning that was withheld or summarised.
func (s *Stream) Unpaced() bool {
	return s.Stated.Output > 0 && s.Stated.Reasoning < 0 && (s.summary || s.withheld && !s.reasoned)
}
