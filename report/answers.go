package report

import (
	"brunt/attack/result"
	"brunt/attack/stream"
)

// Answers are what the successes say of themselves, streams and whole replies alike.
// What no reply states is null.
type Answers struct {
	// FinishReasons counts choices by why they ended: stop, length, content_filter,
	// tool_calls, other; unknown where they ended and no reason was told. A request has
	// one choice unless it asks for more.
	FinishReasons map[string]uint64 `json:"finish_reasons"`
	// ReasoningTokens are output tokens of the reasoning, whether they were sent or
	// not, and VisibleTokens all other output tokens of the same replies.
	ReasoningTokens *uint64 `json:"reasoning_tokens"`
	VisibleTokens   *uint64 `json:"visible_tokens"`
	// CachedTokens are prompt tokens that the endpoint had in its cache.
	CachedTokens *uint64 `json:"cached_tokens"`
	// Whole are the answers that were asked for as streams and came as a whole: they
	// have none of the figures of streams.
	Whole uint64 `json:"asked_as_streams"`
}

// answersOf is nil where no success says anything of it.
func answersOf(s *result.Snapshot) *Answers {
	c := &s.Counts.Answers
	if *c == (result.AnswerCounts{}) {
		return nil
	}
	a := &Answers{FinishReasons: map[string]uint64{}, Whole: c.Whole}
	for reason, n := range c.Finishes {
		if n > 0 {
			a.FinishReasons[stream.FinishReason(reason).String()] = n
		}
	}
	if c.Reasoned > 0 {
		a.ReasoningTokens, a.VisibleTokens = new(c.Reasoning), new(c.Visible)
	}
	if c.Cachers > 0 {
		a.CachedTokens = new(c.Cached)
	}
	return a
}

// Add adds those of another report.
func (a *Answers) Add(o *Answers) {
	if a.FinishReasons == nil {
		a.FinishReasons = map[string]uint64{}
	}
	for reason, n := range o.FinishReasons {
		a.FinishReasons[reason] += n
	}
	addStated(&a.ReasoningTokens, o.ReasoningTokens)
	addStated(&a.VisibleTokens, o.VisibleTokens)
	addStated(&a.CachedTokens, o.CachedTokens)
	a.Whole += o.Whole
}

// addStated adds a count that may not be known.
func addStated(into **uint64, n *uint64) {
	switch {
	case n == nil:
	case *into == nil:
		*into = new(*n)
	default:
		*into = new(**into + *n)
	}
}
