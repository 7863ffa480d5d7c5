package report

import (
	"encoding/json"

	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/report/format"
)

// Stream are the figures of streamed answers: of the successes whose replies
// came as events. A chunk is a piece of output of one choice (content,
// reasoning or a tool call that was not empty).
//
//	ttft          first output − first byte sent
//	response_ttft first output − planned instant
//	first_chunk   first chunk, which may be without output − first byte sent
//	tpot          (last output − first output) / (output tokens − 1), one per
//	              request with two tokens or more, in two chunks or more; of several
//	              choices, the sum of their times by that of their tokens less one each
//	inter_chunk   gaps between successive chunks of one choice, all of them
//	first_visible first output that is no reasoning − first byte sent
//	end_to_end    last output − first byte sent; latency_ms.service ends with the
//	              last byte, which may come later
type Stream struct {
	Streams      uint64   `json:"streams"` // streams = tokens_by.usage + tokens_by.chunks + tokens_by.unknown
	Silent       uint64   `json:"silent"`  // those without any output
	Unknown      uint64   `json:"unknown"` // those of no known dialect: each of their events is a chunk
	Choices      uint64   `json:"choices"` // answers that had output: one a stream, unless more were asked for
	Chunks       uint64   `json:"chunks"`
	OutputTokens uint64   `json:"output_tokens"`
	PromptTokens uint64   `json:"prompt_tokens"` // as far as the endpoint states them
	TokensBy     TokensBy `json:"tokens_by"`
	// SkippedEvents were too large to look into.
	SkippedEvents uint64 `json:"skipped_events"`
	// Unpaced are streams without a tpot, since it is not known how many of their tokens
	// were sent: reasoning was withheld or summarised, and no usage says how much.
	Unpaced uint64 `json:"unpaced"`
	// CompletedTokens are the output tokens of streams that came within the measured
	// window: throughput.completed_output_tokens less those of whole replies. Null
	// where they are not known: of older reports, and of results.
	CompletedTokens *uint64 `json:"completed_output_tokens"`
	// OutputTokensPerS is completed_output_tokens / throughput.window_s; where one of
	// the two is not known or 0, output_tokens / elapsed_s.
	OutputTokensPerS float64 `json:"output_tokens_per_s"`
	// PerUserTokensPerS is 1,000 / tpot_ms.p50: how fast the text comes for one
	// reader. Null without a TPOT above 0.
	PerUserTokensPerS *float64 `json:"per_user_tokens_per_s"`
	// LatencyMS are the figures above; the JSON has each under its name with _ms.
	LatencyMS  Latency          `json:"-"`
	Histograms StreamHistograms `json:"-"`
}

// MarshalJSON writes counts, summaries and histograms in one object, in this order.
func (s Stream) MarshalJSON() ([]byte, error) {
	histograms, err := json.Marshal(s.Histograms)
	if err != nil {
		return nil, err
	}
	return s.marshal(histograms)
}

// marshal writes the stream with these histograms.
func (s *Stream) marshal(histograms []byte) ([]byte, error) {
	type counts Stream
	text, err := json.Marshal((*counts)(s))
	if err != nil {
		return nil, err
	}
	summaries, err := marshalFigures(figure.Streamed(), (*[figure.Len]Summary)(&s.LatencyMS), "_ms")
	if err != nil {
		return nil, err
	}
	text = append(text[:len(text)-1], ',')
	text = append(text, summaries[1:len(summaries)-1]...)
	text = append(text, `,"histograms":`...)
	return append(append(text, histograms...), '}'), nil
}

// StreamSummary is a Stream whose JSON has null for its histograms.
type StreamSummary struct{ *Stream }

// MarshalJSON writes counts and summaries.
func (s StreamSummary) MarshalJSON() ([]byte, error) { return s.marshal([]byte("null")) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Stream) UnmarshalJSON(b []byte) error {
	type counts Stream
	if err := json.Unmarshal(b, (*counts)(s)); err != nil {
		return err
	}
	if s.Choices == 0 { // of a report from before it told them
		s.Choices = s.Streams - min(s.Silent+s.Unknown, s.Streams)
	}
	rest := struct {
		Histograms *StreamHistograms `json:"histograms"`
	}{&s.Histograms}
	if err := json.Unmarshal(b, &rest); err != nil {
		return err
	}
	return unmarshalFigures(b, figure.Streamed(), (*[figure.Len]Summary)(&s.LatencyMS), "_ms")
}

// TokensBy says where the output tokens of how many streams come from: from
// the last usage that the endpoint stated, or, where it stated none, from
// counting chunks.
type TokensBy struct {
	Usage   uint64 `json:"usage"`
	Chunks  uint64 `json:"chunks"`
	Unknown uint64 `json:"unknown"` // they are not known, and 0 is counted
}

// streamOf is nil where no success was a stream.
func streamOf(s *result.Snapshot) *Stream {
	c := &s.Counts.Stream
	if !s.Latencies.Streamed() || c.Streams == 0 {
		return nil
	}
	return &Stream{
		Streams: c.Streams, Silent: c.Silent, Unknown: c.Unknown, Choices: c.Choices, Chunks: c.Chunks,
		OutputTokens: c.OutputTokens, PromptTokens: c.PromptTokens, SkippedEvents: c.Skipped, Unpaced: c.Unpaced,
		TokensBy:   TokensBy{Usage: c.ByUsage, Chunks: c.ByChunks, Unknown: c.ByNothing},
		Histograms: streamHistogramsOf(&s.Latencies),
	}
}

// summarise fills in what follows from counts, time and histograms.
func (s *Stream) summarise(r *Report) {
	for _, f := range figure.Streamed() {
		s.LatencyMS[f] = s.Histograms[f].Summary()
	}
	s.OutputTokensPerS = r.tokenRate(s.CompletedTokens, s.OutputTokens)
	s.PerUserTokensPerS = nil
	if p50 := s.LatencyMS[figure.TPOT].P50; p50 != nil && *p50 > 0 {
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
	var came uint64
	for i := range r.Intervals {
		came += r.Intervals[i].Chunks
	}
	return first(
		atMost("chunks", s.Chunks, "chunks of all intervals", came),
		atMost("streams", s.Streams, "succeeded", r.Requests.Succeeded),
		equal("streams", s.Streams, "tokens_by.usage + tokens_by.chunks + tokens_by.unknown",
			s.TokensBy.Usage+s.TokensBy.Chunks+s.TokensBy.Unknown),
		r.checkGaps(),
		r.checkFigures(figure.Streamed(), func(f figure.Figure) string { return "stream." + f.String() + "_ms" }),
	)
}

// checkGaps holds the gaps between chunks against those; a report that was rebuilt
// from results has none, for they are in no record.
func (r *Report) checkGaps() error {
	s := r.Stream
	n := s.Histograms[figure.InterChunk].Count()
	if r.Rebuilt && n == 0 {
		return nil
	}
	return equal("samples of inter_chunk and the first chunk of each choice", n+s.Choices, "chunks", s.Chunks)
}

// Usage is what the successes that were no streams stated of their tokens.
type Usage struct {
	Replies          uint64  `json:"replies"` // that stated it
	OutputTokens     uint64  `json:"output_tokens"`
	PromptTokens     uint64  `json:"prompt_tokens"`
	CompletedTokens  *uint64 `json:"completed_output_tokens"` // as in Stream; they come with the reply's end
	OutputTokensPerS float64 `json:"output_tokens_per_s"`     // as in Stream
}

// usageOf is nil where no such reply stated its usage.
func usageOf(s *result.Snapshot) *Usage {
	c := &s.Counts.Usage
	if c.Replies == 0 {
		return nil
	}
	return &Usage{Replies: c.Replies, OutputTokens: c.OutputTokens, PromptTokens: c.PromptTokens}
}

func (u *Usage) summarise(r *Report) {
	u.OutputTokensPerS = r.tokenRate(u.CompletedTokens, u.OutputTokens)
}

// tokenRate is a rate of tokens: of those that came within the measured window,
// by its length, or, where that is not known or none came, of all, by the run's time.
// The window of a closed loop that takes all its requests at once is next to nothing.
func (r *Report) tokenRate(completed *uint64, all uint64) float64 {
	if window := r.window(); completed != nil && *completed > 0 && window != nil && *window > 0 {
		return format.Per(float64(*completed), *window)
	}
	return format.Per(float64(all), r.running())
}

// Tokens are those of all successes, streams or not; the rate is that of the
// output tokens that came within the measured window, whatever became of the
// replies, where that is known (see Stream.OutputTokensPerS).
func (r *Report) Tokens() (output, prompt uint64, outputPerS float64) {
	var completed *uint64
	if (r.Stream == nil || r.Stream.CompletedTokens != nil) && (r.Usage == nil || r.Usage.CompletedTokens != nil) {
		completed = &r.Throughput.CompletedTokens
	}

	if s := r.Stream; s != nil {
		output, prompt = s.OutputTokens, s.PromptTokens
	}
	if u := r.Usage; u != nil {
		output, prompt = output+u.OutputTokens, prompt+u.PromptTokens
	}
	return output, prompt, r.tokenRate(completed, output)
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
