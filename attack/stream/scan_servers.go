package stream

// ofServers reads a top-level member of the servers that people run themselves; false
// where it is none of theirs.
func (f *eventFacts) ofServers(s *scanner, name []byte) bool {
	n := &f.names
	switch string(name) {
	case "response":
		if s.peek() == '{' { // of agents: the answer so far
			f.response(s)
			return true
		}
		n.has |= hasAnswer
		n.answer |= s.output(0)
	case "message":
		if s.peek() != '{' {
			return false
		}
		n.has |= hasAnswer
		f.message(s)
	case "thinking":
		n.thoughts = s.output(0).thought()
	case "item": // of agents: a piece of the answer, as a whole
		f.wholeIf = s.piece()
	case "content_block":
		f.block(s)
	case "done":
		n.has |= hasDone
		n.stopped = s.isTrue() || n.stopped
	case "stop":
		n.has |= hasStop
		n.stopped = s.isTrue() || n.stopped
	case "content":
		n.has |= hasContent
		n.content = s.output(0)
	case "text":
		n.has |= hasText
		n.text = s.word()
	case "output_ids":
		f.only.output |= s.filled()
	case "meta_info":
		n.has |= hasMeta
		f.metaInfo(s)
	case "token":
		f.token(s)
	case "generated_text":
		f.only.ended = s.notEmpty() || f.only.ended
	case "details":
		f.tokenDetails(s)
	case "text_output":
		f.is(Triton)
		f.only.output |= s.output(0)
	case "tokens_predicted", "eval_count":
		s.countInto(&f.counts.output)
		f.only.tokens = f.counts.output
	case "tokens_evaluated", "prompt_eval_count":
		s.countInto(&f.counts.prompt)
	case "timings":
		f.timings(s)
	case "stopped_limit": // of older llama.cpp servers
		if s.isTrue() {
			n.finish = FinishLength
		}
	default:
		return false
	}
	return true
}

// judgeServers tells the dialect of an event without a type by the members that it has.
func (f *eventFacts) judgeServers() bool {
	n := &f.names
	switch {
	case n.has&hasMeta != 0:
		f.is(SGLang)
		if n.has&hasText != 0 {
			f.only.text, f.only.output = n.text, outputOf(n.text)&^several
		}
		f.only.tokens = f.counts.output
	case n.has&(hasContent|hasStop) == hasContent|hasStop:
		f.is(LlamaCpp)
		f.only.output = n.content
		if n.stopped {
			f.only.ended, f.only.finish = true, n.finish
		}
	case n.has&(hasDone|hasAnswer) == hasDone|hasAnswer:
		f.is(Ollama)
		f.only.output = n.answer | n.thoughts
		if n.stopped {
			f.only.ended, f.only.finish = true, n.finish
		}
	case n.has&hasField != 0:
		f.is(DSPy)
		if f.only.output = n.chunk; string(n.field) == "reasoning" {
			f.only.output = n.chunk.thought()
		}
	case n.has&hasGeneration != 0 && n.has&hasReason != 0, n.has&hasCompletion != 0 && n.has&hasReason != 0:
		f.is(Bedrock)
		f.only.output = n.answer
		f.only.ends(n.finish)
	}
	return f.dialect != Unknown
}

// response reads the usage that an agent's last event holds.
func (f *eventFacts) response(s *scanner) {
	s.enter('{')
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "usage":
			f.counts.usage(s)
		case "error":
			f.failed = s.notEmpty() || f.failed
		case "incomplete_details":
			if !s.enter('{') {
				s.skip()
				continue
			}
			for s.more('}') {
				if name := s.name(); string(name) == "reason" {
					f.only.finish = s.reason()
				} else {
					s.skip()
				}
			}
		default:
			s.skip()
		}
	}
}

// message reads Ollama's, and that which begins Anthropic's answers.
func (f *eventFacts) message(s *scanner) {
	n := &f.names
	s.enter('{')
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "usage":
			f.counts.usage(s)
		case "content":
			n.answer |= s.output(0)
		case "thinking":
			n.thoughts |= s.output(0).thought()
		case "tool_calls":
			n.answer |= s.call(0)
		default:
			s.skip()
		}
	}
}

// block reads the beginning of a block of Anthropic's: one of reasoning may hold none
// that can be read.
func (f *eventFacts) block(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		if name := s.name(); string(name) != "type" {
			s.skip()
			continue
		}
		switch string(s.word()) {
		case "thinking", "redacted_thinking":
			f.withheld = true
		}
	}
}

// metaInfo reads SGLang's.
func (f *eventFacts) metaInfo(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "finish_reason":
			f.only.ends(s.reason())
		case "completion_tokens":
			s.countInto(&f.counts.output)
		case "prompt_tokens":
			s.countInto(&f.counts.prompt)
		case "cached_tokens":
			s.countInto(&f.counts.cached)
		case "reasoning_tokens":
			s.countInto(&f.counts.reasoning)
		default:
			s.skip()
		}
	}
}

// token reads TGI's.
func (f *eventFacts) token(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	var text outputs
	special := false
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "text":
			f.is(TGI)
			text = s.output(0) &^ several // it is one by definition
		case "special":
			special = s.isTrue()
		default:
			s.skip()
		}
	}
	if !special {
		f.only.output |= text
	}
}

// tokenDetails reads what TGI says at the end of its answers.
func (f *eventFacts) tokenDetails(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "finish_reason":
			f.only.ends(s.reason())
		case "generated_tokens":
			s.countInto(&f.counts.output)
		case "input_length":
			s.countInto(&f.counts.prompt)
		default:
			s.skip()
		}
	}
}

// timings reads llama.cpp's.
func (f *eventFacts) timings(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		if name := s.name(); string(name) == "cache_n" {
			s.countInto(&f.counts.cached)
		} else {
			s.skip()
		}
	}
}
