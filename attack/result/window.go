package result

import (
	"math"
	"time"

	"brunt/attack/stream"
)

// Window is what came within the measured time by the clock, whichever ticket planned
// it: replies to requests of the warm-up too, and none of the drain. It tells
// the endpoint's rate free of a run's edges. The time ends with the plan or with
// the stop; where the plan is a number of requests, an open loop's ends where
// the next one would be planned, and a closed loop's when the last one is taken,
// before its slots run empty.
type Window struct {
	Length    time.Duration // so far, of a run under way; 0 where it had no time at all
	Completed uint64        // complete replies, of any status
	OK        uint64        // of them, those that succeeded
	Tokens    WindowTokens
}

// add adds counts; the length is the run's.
func (n *Window) add(o *Window) {
	n.Completed += o.Completed
	n.OK += o.OK
	n.Tokens.add(&o.Tokens)
}

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

	// Chunks and Tokens are those of all streams that succeeded, those of the warm-up
	// too: by them others are estimated. Settled are the chunks of those within the
	// window, and Open the other chunks within it.
	Chunks, Tokens, Settled, Open uint64
}

// Total is the number of all of them.
func (n *WindowTokens) Total() uint64 { return n.Streamed + n.Whole + n.Estimated }

// CountStream counts the tokens of a stream that succeeded, of whose chunks so many
// came within the window; ended is whether its end did.
func (n *WindowTokens) CountStream(s *stream.Stream, inWindow uint64, ended bool) {
	stated, from := s.Tokens()
	tokens, chunks := uint64(max(stated, 0)), uint64(s.Chunks)
	within := min(inWindow, chunks)
	switch {
	case from == stream.TokensUnknown:
		n.Settled += within
	case chunks > 0:
		n.Streamed += portion(tokens, within, chunks)
		n.Chunks, n.Tokens, n.Settled = n.Chunks+chunks, n.Tokens+tokens, n.Settled+within
	case ended:
		n.Streamed += tokens
	}
}

// CountWhole counts the tokens, as stated, of a success that was no stream.
func (n *WindowTokens) CountWhole(stated int64) { n.Whole += uint64(max(stated, 0)) }

// Estimate works out the tokens of the other streams; chunks are all that came
// within the window so far.
func (n *WindowTokens) Estimate(chunks uint64) {
	n.Open = chunks - min(chunks, n.Settled)
	n.estimate()
}

func (n *WindowTokens) estimate() {
	switch {
	case n.Chunks > 0:
		n.Estimated = portion(n.Tokens, n.Open, n.Chunks)
	case n.Settled > 0: // nothing is known of tokens
		n.Estimated = 0
	default:
		n.Estimated = n.Open
	}
}

func (n *WindowTokens) add(o *WindowTokens) {
	n.Streamed += o.Streamed
	n.Whole += o.Whole
	n.Chunks += o.Chunks
	n.Tokens += o.Tokens
	n.Settled += o.Settled
	n.Open += o.Open
}

// portion is part/of of the tokens, rounded.
func portion(tokens, part, of uint64) uint64 {
	if part == of {
		return tokens
	}
	return uint64(math.Round(float64(tokens) * float64(part) / float64(of)))
}
