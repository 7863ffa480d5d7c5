package attack

import (
	"math"

	"brunt/attack/stream"
)

// WindowTokens are the output tokens that came within the measured window,
// whoever asked for them and whatever became of the reply: those of the warm-up's
// requests and of streams that failed or were cut off later, too.
//
// How many tokens a reply has is known at its end only, and when they came is
// known of its chunks, so that each chunk of a stream counts as an equal share of
// the stream's tokens, at the instant of the chunk. That is exact for a stream
// that lies within the window as a whole; at the window's edges it is as exact as
// the chunks are alike. Tokens that are billed and never sent count with those that
// are.
type WindowTokens struct {
	// Streamed are those of streams that succeeded.
	Streamed uint64
	// Whole are those of replies that were no streams: all of a reply's tokens
	// come with its end.
	Whole uint64
	// Estimated are those of streams whose number of tokens is not known, since
	// they failed, were cut off or, in a run under way, have not ended: the chunks
	// that came, times the tokens per chunk of the streams that succeeded; one
	// token per chunk where there are none.
	Estimated uint64

	chunks, tokens uint64 // of all streams that succeeded, those of the warm-up too
	settled        uint64 // of the chunks, those within the window
}

// Total is the number of all of them.
func (n *WindowTokens) Total() uint64 { return n.Streamed + n.Whole + n.Estimated }

// count counts the tokens of a success that came within the window; ended is
// whether its end did.
func (n *WindowTokens) count(r *reply, ended bool) {
	switch {
	case r.streaming:
		stated, from := r.stream.Tokens()
		tokens, chunks := uint64(max(stated, 0)), uint64(r.stream.Chunks)
		within := min(r.chunksInWindow(), chunks)
		switch {
		case from == stream.TokensUnknown:
			n.settled += within
		case chunks > 0:
			n.Streamed += portion(tokens, within, chunks)
			n.chunks, n.tokens, n.settled = n.chunks+chunks, n.tokens+tokens, n.settled+within
		case ended:
			n.Streamed += tokens
		}
	case r.readsUsage && ended:
		r.usage.End()
		n.Whole += uint64(max(r.usage.Stated.Output, 0))
	}
}

// estimate works out the tokens of the other streams; chunks are all that came
// within the window so far.
func (n *WindowTokens) estimate(chunks uint64) {
	open := chunks - min(chunks, n.settled)
	switch {
	case n.chunks > 0:
		n.Estimated = portion(n.tokens, open, n.chunks)
	case n.settled > 0: // nothing is known of tokens
		n.Estimated = 0
	default:
		n.Estimated = open
	}
}

// portion is part/of of the tokens, rounded.
func portion(tokens, part, of uint64) uint64 {
	if part == of {
		return tokens
	}
	return uint64(math.Round(float64(tokens) * float64(part) / float64(of)))
}

func (n *WindowTokens) add(o *WindowTokens) {
	n.Streamed += o.Streamed
	n.Whole += o.Whole
	n.chunks += o.chunks
	n.tokens += o.tokens
	n.settled += o.settled
}

// begin readies r for the reply to another request.
func (r *reply) begin(warm bool) {
	r.stopFollowing()
	r.warm, r.windowBefore = warm, r.windowChunks.Load()
}

// chunksInWindow are those of the last reply that came within the window.
func (r *reply) chunksInWindow() uint64 { return r.windowChunks.Load() - r.windowBefore }

// countChunks counts chunks with output as they come.
func (r *reply) countChunks(n int, at Instant) {
	if n <= 0 {
		return
	}
	if !r.warm {
		r.chunks.Store(r.chunks.Load() + uint64(n))
	}
	if r.run != nil && r.run.inWindow(at) {
		r.windowChunks.Store(r.windowChunks.Load() + uint64(n))
	}
}
