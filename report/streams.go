package report

import (
	"brunt/attack"
	"brunt/report/format"
)

// Stream are the figures of streamed answers: of the successes whose replies
// were server-sent events. A chunk is an event that held output (content,
// reasoning or a tool call that was not empty).
//
//	ttft          first output − first byte sent
//	response_ttft first output − planned instant
//	first_chunk   first chunk, which may be without output − first byte sent
//	tpot          (last output − first output) / (output tokens − 1), one per
//	              request with two tokens or more, in two chunks or more
//	inter_chunk   gaps between successive chunks, all of them
//	end_to_end    last output − first byte sent; latency_ms.service ends with the
//	              last byte, which may come later
type Stream struct {
	Streams      uint64   `json:"streams"` // streams = tokens_by.usage + tokens_by.chunks
	Silent       uint64   `json:"silent"`  // those without any output
	Chunks       uint64   `json:"chunks"`
	OutputTokens uint64   `json:"output_tokens"`
	PromptTokens uint64   `json:"prompt_tokens"` // as far as the endpoint states them
	TokensBy     TokensBy `json:"tokens_by"`
	// SkippedEvents were too large to look into.
	SkippedEvents    uint64  `json:"skipped_events"`
	OutputTokensPerS float64 `json:"output_tokens_per_s"` // output_tokens / elapsed_s
	// PerUserTokensPerS is 1,000 / tpot_ms.p50: how fast the text comes for one
	// reader. Null without a TPOT above 0.
	PerUserTokensPerS *float64         `json:"per_user_tokens_per_s"`
	TTFT              Summary          `json:"ttft_ms"`
	ResponseTTFT      Summary          `json:"response_ttft_ms"`
	FirstChunk        Summary          `json:"first_chunk_ms"`
	TPOT              Summary          `json:"tpot_ms"`
	InterChunk        Summary          `json:"inter_chunk_ms"`
	EndToEnd          Summary          `json:"end_to_end_ms"`
	Histograms        StreamHistograms `json:"histograms"`
}

// TokensBy says where the output tokens of how many streams come from: from
// the last usage that the endpoint stated, or, where it stated none, from
// counting chunks.
type TokensBy struct {
	Usage  uint64 `json:"usage"`
	Chunks uint64 `json:"chunks"`
}

// StreamHistograms are what a Stream's summaries were made from.
type StreamHistograms struct {
	TTFT         Histogram `json:"ttft"`
	ResponseTTFT Histogram `json:"response_ttft"`
	FirstChunk   Histogram `json:"first_chunk"`
	TPOT         Histogram `json:"tpot"`
	InterChunk   Histogram `json:"inter_chunk"`
	EndToEnd     Histogram `json:"end_to_end"`
}

// streamOf is nil where no success was a stream.
func streamOf(s *attack.Snapshot) *Stream {
	l, c := s.Latencies.Stream, &s.Counts.Stream
	if l == nil || c.Streams == 0 {
		return nil
	}
	return &Stream{
		Streams: c.Streams, Silent: c.Silent, Chunks: c.Chunks, OutputTokens: c.OutputTokens, PromptTokens: c.PromptTokens,
		TokensBy: TokensBy{Usage: c.ByUsage, Chunks: c.ByChunks}, SkippedEvents: c.Skipped,
		Histograms: StreamHistograms{
			TTFT: histogramOf(l.TTFT), ResponseTTFT: histogramOf(l.ResponseTTFT), FirstChunk: histogramOf(l.FirstChunk), TPOT: histogramOf(l.TPOT), InterChunk: histogramOf(l.InterChunk),
			EndToEnd: histogramOf(l.EndToEnd),
		},
	}
}

// summarise fills in what follows from counts, time and histograms.
func (s *Stream) summarise(elapsedS float64) {
	h := &s.Histograms
	s.TTFT, s.ResponseTTFT, s.FirstChunk = h.TTFT.Summary(), h.ResponseTTFT.Summary(), h.FirstChunk.Summary()
	s.TPOT, s.InterChunk, s.EndToEnd = h.TPOT.Summary(), h.InterChunk.Summary(), h.EndToEnd.Summary()
	s.OutputTokensPerS = format.Per(float64(s.OutputTokens), elapsedS)
	s.PerUserTokensPerS = nil
	if p50 := s.TPOT.P50; p50 != nil && *p50 > 0 {
		s.PerUserTokensPerS = new(format.Per(1e3, *p50))
	}
}

// checkStream is Check for streams. A report in progress is as consistent: its
// counts and histograms are of one moment.
func (r *Report) checkStream() error {
	s := r.Stream
	if s == nil {
		return nil
	}
	h, spoke := &s.Histograms, s.Streams-min(s.Silent, s.Streams)
	var came uint64
	for i := range r.Intervals {
		came += r.Intervals[i].Chunks
	}
	return first(
		atMost("chunks", s.Chunks, "chunks of all intervals", came),
		atMost("streams", s.Streams, "succeeded", r.Requests.Succeeded),
		equal("streams", s.Streams, "tokens_by.usage + tokens_by.chunks", s.TokensBy.Usage+s.TokensBy.Chunks),
		equal("samples of first_chunk", h.FirstChunk.Count(), "streams", s.Streams),
		equal("samples of ttft", h.TTFT.Count(), "streams that are not silent", spoke),
		equal("samples of response_ttft", h.ResponseTTFT.Count(), "streams that are not silent", spoke),
		atMost("samples of tpot", h.TPOT.Count(), "streams that are not silent", spoke),
		equal("samples of end_to_end", h.EndToEnd.Count(), "streams that are not silent", spoke),
		equal("samples of inter_chunk and the first chunk of each stream", h.InterChunk.Count()+spoke, "chunks", s.Chunks),
		agree("stream.ttft_ms", s.TTFT, h.TTFT), agree("stream.response_ttft_ms", s.ResponseTTFT, h.ResponseTTFT),
		agree("stream.first_chunk_ms", s.FirstChunk, h.FirstChunk), agree("stream.tpot_ms", s.TPOT, h.TPOT),
		agree("stream.inter_chunk_ms", s.InterChunk, h.InterChunk), agree("stream.end_to_end_ms", s.EndToEnd, h.EndToEnd),
	)
}

// ByName is the histogram under its key in JSON.
func (s *Stream) ByName(key string) Histogram {
	if s == nil {
		return Histogram{}
	}
	switch h := &s.Histograms; key {
	case "ttft":
		return h.TTFT
	case "response_ttft":
		return h.ResponseTTFT
	case "first_chunk":
		return h.FirstChunk
	case "tpot":
		return h.TPOT
	case "end_to_end":
		return h.EndToEnd
	default:
		return h.InterChunk
	}
}

// Usage is what the successes that were no streams stated of their tokens.
type Usage struct {
	Replies          uint64  `json:"replies"` // that stated it
	OutputTokens     uint64  `json:"output_tokens"`
	PromptTokens     uint64  `json:"prompt_tokens"`
	OutputTokensPerS float64 `json:"output_tokens_per_s"` // output_tokens / elapsed_s
}

// usageOf is nil where no such reply stated its usage.
func usageOf(s *attack.Snapshot) *Usage {
	c := &s.Counts.Usage
	if c.Replies == 0 {
		return nil
	}
	return &Usage{Replies: c.Replies, OutputTokens: c.OutputTokens, PromptTokens: c.PromptTokens}
}

func (u *Usage) summarise(elapsedS float64) {
	u.OutputTokensPerS = format.Per(float64(u.OutputTokens), elapsedS)
}

// Tokens are those of all successes, streams or not.
func (r *Report) Tokens() (output, prompt uint64, outputPerS float64) {
	if s := r.Stream; s != nil {
		output, prompt = s.OutputTokens, s.PromptTokens
	}
	if u := r.Usage; u != nil {
		output, prompt = output+u.OutputTokens, prompt+u.PromptTokens
	}
	return output, prompt, format.Per(float64(output), r.running())
}

// checkUsage is Check for whole replies: none of them was a stream.
func (r *Report) checkUsage() error {
	u := r.Usage
	if u == nil {
		return nil
	}
	replies := u.Replies
	if r.Stream != nil {
		replies += r.Stream.Streams
	}
	return atMost("usage.replies + streams", replies, "succeeded", r.Requests.Succeeded)
}
