package report

import "brunt/attack"

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
	u.OutputTokensPerS = per(float64(u.OutputTokens), elapsedS)
}

// usage merges the usage of all reports that have some.
func (m *merger) usage() *Usage {
	var sum *Usage
	for _, r := range m.reports {
		if r.Usage == nil {
			continue
		}
		if sum == nil {
			sum = new(Usage)
		}
		sum.Replies += r.Usage.Replies
		sum.OutputTokens += r.Usage.OutputTokens
		sum.PromptTokens += r.Usage.PromptTokens
	}
	return sum
}

// tokens are those of all successes, streams or not.
func (r *Report) tokens() (output, prompt uint64, outputPerS float64) {
	if s := r.Stream; s != nil {
		output, prompt = s.OutputTokens, s.PromptTokens
	}
	if u := r.Usage; u != nil {
		output, prompt = output+u.OutputTokens, prompt+u.PromptTokens
	}
	return output, prompt, per(float64(output), r.running())
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
