package stream

import "bytes"

// eventFacts is what one event's JSON says. The scan is made by hand and is
// tolerant: it follows brackets and strings, skips what it does not know, and
// knows names only as they are usually written, without escapes.
type eventFacts struct {
	valid  bool // a chunk
	text   bool // with output
	item   bool // a whole piece of an agent's answer, with output
	whole  bool // the event says that such a piece is complete
	failed bool // an error
	done   bool // the last event of an agent

	hasOutput, hasPrompt bool
	output, prompt       int64 // tokens
}

// read scans an event's data. What is cut short, or no object, is nothing.
func (f *eventFacts) read(data []byte) {
	s := scanner{b: data}
	if !s.enter('{') {
		return
	}
	var found eventFacts
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "choices":
			found.valid = true
			found.choices(&s)
		case "delta": // of agents
			found.valid = true
			found.delta(&s)
		case "usage":
			found.usage(&s)
		case "response": // of agents: the answer so far
			found.response(&s)
		case "item": // of agents: a piece of the answer, as a whole
			found.item = s.piece()
		case "type":
			found.kind(s.word())
		case "object": // of older vLLM servers
			found.failed = string(s.word()) == "error" || found.failed
		case "error", "error_code":
			found.failed = s.notEmpty() || found.failed
		default:
			s.skip()
		}
	}
	if !s.bad {
		found.item = found.item && found.whole
		*f = found
	}
}

var agentEvent = []byte("response.")

// kind reads an event's type, as agents have it.
func (f *eventFacts) kind(word []byte) {
	switch {
	case string(word) == "error":
		f.failed = true
	case bytes.HasPrefix(word, agentEvent):
		f.valid = true
		switch string(word[len(agentEvent):]) {
		case "output_item.done":
			f.whole = true
		case "completed", "incomplete": // incomplete is cut at its most tokens
			f.done = true
		case "failed":
			f.failed = true
		}
	}
}

func (f *eventFacts) choices(s *scanner) {
	if !s.enter('[') {
		s.skip()
		return
	}
	for s.more(']') {
		if !s.enter('{') {
			s.skip()
			continue
		}
		for s.more('}') {
			switch name := s.name(); string(name) {
			case "delta":
				f.delta(s)
			case "text":
				f.note(s.output(0))
			default:
				s.skip()
			}
		}
	}
}

func (f *eventFacts) note(is bool) { f.text = f.text || is }

// delta reads what a chunk adds to the answer: a text, or an object.
func (f *eventFacts) delta(s *scanner) {
	if !s.enter('{') {
		f.note(s.output(0))
		return
	}
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "content", "reasoning_content", "reasoning", "thinking", "refusal":
			f.note(s.output(0))
		case "tool_calls", "function_call":
			f.note(s.notEmpty())
		default:
			s.skip()
		}
	}
}

// usage reads token counts; a count that is not there leaves the last one.
func (f *eventFacts) usage(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	f.valid = true
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "completion_tokens", "output_tokens":
			if n, ok := s.count(); ok {
				f.output, f.hasOutput = n, true
			}
		case "prompt_tokens", "input_tokens":
			if n, ok := s.count(); ok {
				f.prompt, f.hasPrompt = n, true
			}
		default:
			s.skip()
		}
	}
}

// response reads the usage that an agent's last event holds.
func (f *eventFacts) response(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "usage":
			f.usage(s)
		case "error":
			f.failed = s.notEmpty() || f.failed
		default:
			s.skip()
		}
	}
}
