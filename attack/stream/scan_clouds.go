package stream

// ofClouds reads a top-level member of the clouds' own APIs, and of DSPy; false where
// it is none of theirs.
func (f *eventFacts) ofClouds(s *scanner, name []byte) bool {
	n := &f.names
	switch string(name) {
	case "candidates":
		f.is(Gemini)
		f.candidates(s)
	case "usageMetadata":
		f.is(Gemini)
		f.counts.usage(s)
	case "promptFeedback":
		f.is(Gemini)
		f.promptFeedback(s)
	case "outputText":
		f.is(Bedrock)
		f.only.output |= s.output(0)
	case "completionReason":
		f.only.ends(s.reason())
	case "generation":
		n.has |= hasGeneration
		n.answer |= s.output(0)
	case "completion":
		n.has |= hasCompletion
		n.answer |= s.output(0)
	case "generation_token_count", "totalOutputTextTokenCount":
		s.countInto(&f.counts.output)
	case "prompt_token_count", "inputTextTokenCount":
		s.countInto(&f.counts.prompt)
	case "amazon-bedrock-invocationMetrics":
		f.counts.usage(s)
	case "contentBlockDelta", "messageStop", "metadata":
		return f.converse(s)
	case "predict_name":
		n.has |= hasField
		s.skip()
	case "signature_field_name":
		n.has |= hasField
		n.field = s.word()
	case "chunk":
		if s.enter('{') { // a chunk of OpenAI's, passed on
			f.members(s)
			return true
		}
		n.chunk = s.output(0)
	case "prediction": // the last event of DSPy's
		if s.peek() != '{' {
			return false
		}
		f.is(DSPy)
		f.wholeIf = s.notEmpty()
	default:
		return false
	}
	return true
}

// candidates reads Gemini's choices.
func (f *eventFacts) candidates(s *scanner) {
	if !s.enter('[') {
		s.skip()
		return
	}
	for s.more(']') {
		if !s.enter('{') {
			s.skip()
			continue
		}
		p := piece{tokens: -1}
		for s.more('}') {
			switch name := s.name(); string(name) {
			case "index":
				s.countInto(&p.index)
			case "content":
				p.output |= s.parts()
			case "finishReason":
				if word := s.word(); string(word) != "FINISH_REASON_UNSPECIFIED" {
					p.ends(finishOf(word))
				}
			default:
				s.skip()
			}
		}
		f.pieces = append(f.pieces, p)
	}
}

// parts reads the content of one of Gemini's choices.
func (s *scanner) parts() (is outputs) {
	if !s.enter('{') {
		s.skip()
		return 0
	}
	for s.more('}') {
		if name := s.name(); string(name) != "parts" || !s.enter('[') {
			s.skip()
			continue
		}
		for s.more(']') {
			is |= s.part()
		}
	}
	return is
}

func (s *scanner) part() (is outputs) {
	if !s.enter('{') {
		s.skip()
		return 0
	}
	thought := false
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "text":
			is |= s.output(0)
		case "thought":
			thought = s.isTrue()
		case "functionCall", "executableCode", "inlineData":
			is |= s.filled()
		default:
			s.skip()
		}
	}
	if thought {
		is = is.summed()
	}
	return is
}

// promptFeedback reads why Gemini gives no answer.
func (f *eventFacts) promptFeedback(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		if name := s.name(); string(name) == "blockReason" && s.notEmpty() {
			f.only.ended, f.only.finish = true, FinishContentFilter
		} else if string(name) != "blockReason" {
			s.skip()
		}
	}
}

// converse reads an event of Amazon Nova, each in a member of its own; false where it is
// none.
func (f *eventFacts) converse(s *scanner) bool {
	if s.peek() != '{' {
		return false
	}
	s.enter('{')
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "delta":
			f.is(Bedrock)
			f.delta(s, &f.only)
		case "stopReason":
			f.is(Bedrock)
			f.only.ends(s.reason())
		case "usage":
			f.counts.usage(s)
		default:
			s.skip()
		}
	}
	return true
}
