package result

import (
	"time"

	"brunt/attack/stream"
)

// LateEnough is the lateness from which a ticket counts as late in
// the verdict: far above that of a healthy wake-up, even on a noisy machine.
const LateEnough = 10 * time.Millisecond

// AnswerCounts are what the successes of a run say of themselves, streams and whole
// replies, warm-up excluded.
type AnswerCounts struct {
	// Finishes counts choices by the reason for which they ended; stream.FinishUnknown
	// is that they ended and none was told.
	Finishes [stream.FinishReasons]uint64
	// Reasoning are the reasoning tokens, sent or not, and Visible the other output
	// tokens, of the Reasoned successes that state both.
	Reasoning, Visible, Reasoned uint64
	// Cached are the prompt tokens that the endpoint had in its cache, of the Cachers
	// that state them.
	Cached, Cachers uint64
	// Whole are the answers that were asked for as streams and came as a whole.
	Whole uint64
}

func (c *AnswerCounts) add(o *AnswerCounts) {
	for i, n := range o.Finishes {
		c.Finishes[i] += n
	}
	c.Reasoning += o.Reasoning
	c.Visible += o.Visible
	c.Reasoned += o.Reasoned
	c.Cached += o.Cached
	c.Cachers += o.Cachers
	c.Whole += o.Whole
}

// Count counts a success.
func (c *AnswerCounts) Count(t *stream.Tokens, finishes *[stream.FinishReasons]int) {
	for reason, n := range finishes {
		c.Finishes[reason] += uint64(n)
	}
	if t.Reasoning >= 0 && t.Output >= 0 {
		c.Reasoning += uint64(t.Reasoning)
		c.Visible += uint64(max(t.Output-t.Reasoning, 0))
		c.Reasoned++
	}
	if t.Cached >= 0 {
		c.Cached += uint64(t.Cached)
		c.Cachers++
	}
}

// SessionCounts are counts of conversations, those that began in the warm-up excluded.
// Begun = Complete + Broken + Unfinished + (while running) those under way.
type SessionCounts struct {
	Begun      uint64
	Complete   uint64 // all turns were sent and answered
	Broken     uint64 // a turn failed, or had no text that the next one could repeat
	Unfinished uint64 // the run ended first
	TurnsLeft  uint64 // turns of the last two kinds that were never sent
}

func (c *SessionCounts) add(o *SessionCounts) {
	c.Begun += o.Begun
	c.Complete += o.Complete
	c.Broken += o.Broken
	c.Unfinished += o.Unfinished
	c.TurnsLeft += o.TurnsLeft
}

// StreamCounts are counts of the successes that were streams, warm-up excluded.
// Streams = ByUsage + ByChunks + ByNothing.
type StreamCounts struct {
	Streams      uint64
	Silent       uint64 // streams without any output, and so without a time to it
	Unknown      uint64 // streams of no known dialect: their events are chunks, and no time to output is known
	Choices      uint64 // choices that had output: one a stream, unless more were asked for
	Chunks       uint64 // pieces of output of one choice each
	OutputTokens uint64
	PromptTokens uint64 // as far as the endpoint states them
	ByUsage      uint64 // streams whose output tokens the endpoint stated
	ByChunks     uint64 // streams whose output tokens are their chunks, for want of that
	ByNothing    uint64 // streams whose output tokens are not known: 0 is counted
	Skipped      uint64 // events too large to look into
	Unpaced      uint64 // streams without a TPOT, since it is not known how many of their tokens were sent
}

func (c *StreamCounts) add(o *StreamCounts) {
	c.Streams += o.Streams
	c.Silent += o.Silent
	c.Chunks += o.Chunks
	c.OutputTokens += o.OutputTokens
	c.PromptTokens += o.PromptTokens
	c.ByUsage += o.ByUsage
	c.ByChunks += o.ByChunks
	c.ByNothing += o.ByNothing
	c.Unknown += o.Unknown
	c.Choices += o.Choices
	c.Unpaced += o.Unpaced
	c.Skipped += o.Skipped
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

// Counts of requests. planned = sent + no_slot + stopped + skipped + unknown (planned) and
// sent = succeeded + failed + cut_off + unknown (sent) + (while running) in flight.
type Counts struct {
	Planned, Sent             uint64
	NoSlot, Stopped, Skipped  uint64
	Succeeded, Failed, CutOff uint64
	// Of workers that were lost: UnknownSent are requests that they reported as sent and
	// not what became of them, UnknownPlanned those of which it is not known whether they
	// were sent.
	UnknownSent, UnknownPlanned uint64
	Warmup                      uint64 // sent within the warm-up, in no other count
	Reconnected                 uint64 // idle connections found closed and opened anew before sending
	BytesIn, BytesOut           uint64 // wire bytes of replies and requests, without TLS
	Connections                 uint64 // connections opened, without those of the warm-up
	TLSFull, TLSResumed         uint64 // of them, those with a full TLS handshake, and with an earlier session taken up
	LateWithSlots, LateNoSlots  uint64 // tickets begun over 10 ms late, by whether a slot was free
	SkippedNoSlot               uint64 // of Skipped, those for which no slot was free
	UnsentWithSlots             uint64 // of NoSlot or Stopped, those that were not sent though slots were free
	Queued                      uint64 // requests that waited over 10 ms for a stream of HTTP/2
	Clamped                     uint64 // values beyond the histograms' bounds
	Kept, Dropped               uint64 // records handed to the sink, and those it was too slow for
	Good                        uint64 // successes that keep Plan.Good; 0 without bounds
	Stream                      StreamCounts
	Usage                       UsageCounts
	Answers                     AnswerCounts
	Window                      Window
	Sessions                    SessionCounts
}

// Add adds what a tally counted.
func (c *Counts) Add(o *Counts) {
	c.Sent += o.Sent
	c.Succeeded += o.Succeeded
	c.Failed += o.Failed
	c.CutOff += o.CutOff
	c.Warmup += o.Warmup
	c.Reconnected += o.Reconnected
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
	c.Connections += o.Connections
	c.TLSFull += o.TLSFull
	c.TLSResumed += o.TLSResumed
	c.LateWithSlots += o.LateWithSlots
	c.LateNoSlots += o.LateNoSlots
	c.Clamped += o.Clamped
	c.Good += o.Good
	c.Stream.add(&o.Stream)
	c.Usage.add(&o.Usage)
	c.Answers.add(&o.Answers)
	c.Window.add(&o.Window)
	c.Sessions.add(&o.Sessions)
}

// Merge adds the counts of another run that is a part of the same one.
func (c *Counts) Merge(o *Counts) {
	c.Add(o)
	c.Planned += o.Planned
	c.NoSlot += o.NoSlot
	c.Stopped += o.Stopped
	c.Skipped += o.Skipped
	c.SkippedNoSlot += o.SkippedNoSlot
	c.UnsentWithSlots += o.UnsentWithSlots
	c.Queued += o.Queued
	c.Kept += o.Kept
	c.Dropped += o.Dropped
	c.UnknownSent += o.UnknownSent
	c.UnknownPlanned += o.UnknownPlanned
	c.Window.Length = max(c.Window.Length, o.Window.Length)
	c.Window.Tokens.estimate()
}

// Unknown is the number of requests of which it is not known whether they were sent, or
// what became of them.
func (c *Counts) Unknown() uint64 { return c.UnknownSent + c.UnknownPlanned }

// InFlight is the number of requests that were sent and may still be answered: all that
// have not ended, but for those of lost workers.
func (c *Counts) InFlight() uint64 {
	return c.Sent - min(c.Sent, c.Succeeded+c.Failed+c.CutOff+c.UnknownSent)
}

// NotSent is the number of planned tickets for which no attempt was begun.
func (c *Counts) NotSent() uint64 { return c.NoSlot + c.Stopped + c.Skipped }
