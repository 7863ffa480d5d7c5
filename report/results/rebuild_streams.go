package results

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/figure"
	"brunt/attack/histogram"
)

// maxSpread is the most chunks of one record that are laid along its time: a file may
// claim any number.
const maxSpread = 100_000

// addAnswer counts what a success says of its answer; from is when its first byte was
// sent. The gaps between chunks are in no record, so that nothing is known of
// inter_chunk. It gives the tokens of output.
func (b *rebuilder) addAnswer(r *vegeta.Result, from time.Time, done *second) (tokens uint64) {
	a := answerOf(r.Headers)
	switch {
	case a == nil:
		return 0
	case a.Streamed:
		b.addStream(r, a, from, done)
	case a.OutputTokens >= 0 || a.PromptTokens >= 0:
		u := &b.s.Counts.Usage
		u.Replies++
		u.OutputTokens += uint64(max(a.OutputTokens, 0))
		u.PromptTokens += uint64(max(a.PromptTokens, 0))
	}
	return uint64(max(a.OutputTokens, 0))
}

// addStream counts a success that was a stream.
func (b *rebuilder) addStream(r *vegeta.Result, a *attack.Answer, from time.Time, done *second) {
	l, c := &b.s.Latencies, &b.s.Counts.Stream
	if !l.Streamed() {
		l.BeginStreams()
	}
	c.Streams++
	c.Chunks += a.Chunks
	c.Choices += a.Choices
	c.OutputTokens += uint64(max(a.OutputTokens, 0))
	c.PromptTokens += uint64(max(a.PromptTokens, 0))
	switch a.TokensBy {
	case attack.TokensByUsage:
		c.ByUsage++
	case attack.TokensByChunks:
		c.ByChunks++
	default:
		c.ByNothing++
	}
	_ = l[figure.FirstChunk].RecordValue(clamp(a.FirstChunk))
	b.spread(a, from, done)
	switch {
	case a.First != 0:
	case a.Chunks > 0:
		c.Unknown++
		return
	default:
		c.Silent++
		return
	}
	record(l[figure.TTFT], made(&done.ttft), a.First)
	_ = l[figure.ResponseTTFT].RecordValue(clamp(from.Add(a.First).Sub(r.Timestamp)))
	_ = l[figure.EndToEnd].RecordValue(clamp(a.Last))
	if a.HasTPOT {
		record(l[figure.TPOT], made(&done.tpot), a.TPOT)
	}
}

// made is the histogram, which is made where it is not yet.
func made(h **hdrhistogram.PackedHistogram) *hdrhistogram.PackedHistogram {
	if *h == nil {
		*h = histogram.New()
	}
	return *h
}

// spread counts the chunks of a stream in the intervals between its first output and
// its last, as if they had come evenly.
func (b *rebuilder) spread(a *attack.Answer, from time.Time, done *second) {
	if a.Chunks < 2 || a.Chunks > maxSpread || a.Last < a.First {
		done.Chunks += a.Chunks
		return
	}
	for i := range a.Chunks {
		at := a.First + time.Duration(float64(a.Last-a.First)*float64(i)/float64(a.Chunks-1))
		b.at(from.Add(at)).Chunks++
	}
}
