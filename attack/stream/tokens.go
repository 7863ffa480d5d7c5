package stream

// Tokens are an answer's token counts as the endpoint states them; -1 is a count that it
// does not state. Output holds Reasoning, and Prompt holds Cached, whatever the
// endpoint's own way of counting is.
type Tokens struct {
	Output    int64 // generated, whether they were sent or not
	Prompt    int64
	Reasoning int64 // of Output, those of the reasoning
	Cached    int64 // of Prompt, those that the endpoint had in its cache
	// Unsent are those of Output that are billed and never sent, besides reasoning:
	// of a prediction that was rejected. 0 where nothing is stated.
	Unsent int64
}

var noTokens = Tokens{Output: -1, Prompt: -1, Reasoning: -1, Cached: -1}

// counts are the token counts of one event or reply, as they stand there; -1 is none.
type counts struct {
	output, prompt, total, reasoning, cached, rejected int64
	input, cacheRead, cacheWrite                       int64 // of Anthropic, whose input is apart from the cache's
	candidates, thoughts                               int64 // of Gemini, whose thoughts are apart from the output
}

var noCounts = counts{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}

// last replaces a count by a later one, where there is one.
func last(into *int64, n int64) {
	if n >= 0 {
		*into = n
	}
}

// join takes later counts over. What Anthropic's events say of the prompt is cumulative,
// and some gateways have 0 for what they said before.
func (c *counts) join(o *counts) {
	last(&c.output, o.output)
	last(&c.prompt, o.prompt)
	last(&c.total, o.total)
	last(&c.reasoning, o.reasoning)
	last(&c.cached, o.cached)
	last(&c.rejected, o.rejected)
	c.input, c.cacheRead = max(c.input, o.input), max(c.cacheRead, o.cacheRead)
	c.cacheWrite = max(c.cacheWrite, o.cacheWrite)
	last(&c.candidates, o.candidates)
	last(&c.thoughts, o.thoughts)
}

// stated reports whether there is any count.
func (c *counts) stated() bool { return *c != noCounts }

// tokens are the counts in one way of counting.
func (c *counts) tokens() Tokens {
	t := Tokens{c.output, c.prompt, c.reasoning, c.cached, max(c.rejected, 0)}
	if c.candidates >= 0 || c.thoughts >= 0 {
		t.Output = max(c.candidates, 0) + max(c.thoughts, 0)
		t.Reasoning = c.thoughts
	}
	if c.input >= 0 {
		t.Prompt = c.input + max(c.cacheRead, 0) + max(c.cacheWrite, 0)
	}
	if c.cacheRead >= 0 {
		t.Cached = c.cacheRead
	}
	// xAI's completion tokens are those without the reasoning; the sum tells.
	if c.reasoning > 0 && c.output >= 0 && c.prompt >= 0 && c.total == c.prompt+c.output+c.reasoning {
		t.Output += c.reasoning
	}
	return t
}

// usage reads token counts under the names that the dialects have for them.
func (c *counts) usage(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "completion_tokens", "output_tokens", "outputTokens", "outputTokenCount":
			s.countInto(&c.output)
		case "prompt_tokens", "inputTokens", "inputTokenCount", "promptTokenCount":
			s.countInto(&c.prompt)
		case "input_tokens":
			s.countInto(&c.input)
		case "total_tokens":
			s.countInto(&c.total)
		case "reasoning_tokens", "thinking_tokens":
			s.countInto(&c.reasoning)
		case "cached_tokens", "prompt_cache_hit_tokens", "cachedContentTokenCount":
			s.countInto(&c.cached)
		case "cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount":
			s.countInto(&c.cacheRead)
		case "cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount":
			s.countInto(&c.cacheWrite)
		case "candidatesTokenCount":
			s.countInto(&c.candidates)
		case "thoughtsTokenCount":
			s.countInto(&c.thoughts)
		case "completion_tokens_details", "output_tokens_details", "prompt_tokens_details", "input_tokens_details":
			c.details(s)
		case "tokens": // of Cohere, which bills other numbers
			c.usage(s)
		case "billed_units":
			billed := noCounts
			billed.usage(s)
			if c.output < 0 {
				c.output = billed.output
			}
			if c.input < 0 {
				c.input = billed.input
			}
		default:
			s.skip()
		}
	}
}

// details reads what output or prompt tokens are made up of.
func (c *counts) details(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "reasoning_tokens", "thinking_tokens":
			s.countInto(&c.reasoning)
		case "cached_tokens":
			s.countInto(&c.cached)
		case "rejected_prediction_tokens":
			s.countInto(&c.rejected)
		default:
			s.skip()
		}
	}
}
