package stream

import "bytes"

// outputs are bits of what a piece of an answer is.
type outputs uint8

const (
	visible   outputs = 1 << iota // content, a refusal, or a call of a tool
	reasoning                     // what the model thought
	summary                       // a summary of that: its tokens are not those that were generated
	several                       // more than one token, as far as can be seen

	output = visible | reasoning
)

// thought is output that is reasoning.
func (o outputs) thought() outputs {
	if o&visible != 0 {
		o = o&^visible | reasoning
	}
	return o
}

// summed is output that is a summary of reasoning.
func (o outputs) summed() outputs {
	if o&output != 0 {
		o = o.thought() | summary
	}
	return o
}

// piece is what an event says of one choice.
type piece struct {
	index  int64
	output outputs
	ended  bool // the choice is complete
	finish FinishReason
	tokens int64  // so far, where they are stated of each choice; else -1
	text   []byte // the whole answer so far, or what is new of it; else nil
}

// ends notes the end of a choice.
func (p *piece) ends(reason FinishReason) {
	if reason != FinishUnknown {
		p.ended, p.finish = true, reason
	}
}

// eventFacts is what one event's JSON says. The scan is made by hand and is
// tolerant: it follows brackets and strings, skips what it does not know, and
// knows names only as they are usually written, without escapes.
type eventFacts struct {
	dialect  Dialect
	pieces   []piece // of the choices
	only     piece   // of an event without choices
	counts   counts
	failed   bool // an error
	end      bool // the end of the whole answer
	item     bool // a whole piece of an agent's answer
	wholeIf  bool // it holds the whole answer, which counts where nothing else came
	silent   bool // a sign of life, and no more
	withheld bool // there is reasoning that is not sent
	names    names
}

// names are the top-level members whose meaning others tell.
type names struct {
	has      has
	kind     []byte // type
	field    []byte // signature_field_name
	delta    outputs
	content  outputs
	text     []byte
	answer   outputs // of response and message
	chunk    outputs
	finish   FinishReason
	stopped  bool // stop, or done, is true
	thoughts outputs
}

// has are bits for the top-level members of an event.
type has uint16

const (
	hasDelta has = 1 << iota
	hasContent
	hasText
	hasMeta
	hasStop
	hasDone
	hasAnswer
	hasGeneration
	hasCompletion
	hasReason
	hasField
)

// clear readies f for the next event.
func (f *eventFacts) clear() {
	*f = eventFacts{pieces: f.pieces[:0], counts: noCounts, only: piece{tokens: -1}}
}

// is notes a dialect; the first name that tells one holds.
func (f *eventFacts) is(d Dialect) {
	if f.dialect == Unknown {
		f.dialect = d
	}
}

// read scans an event's data. Of what is cut short, or no object, it finds nothing.
func (f *eventFacts) read(data []byte) {
	f.clear()
	s := scanner{b: data}
	if !s.enter('{') {
		return
	}
	f.members(&s)
	if s.bad {
		f.clear()
		return
	}
	f.judge()
}

// members reads the members of the event, whose brace is open.
func (f *eventFacts) members(s *scanner) {
	n := &f.names
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "choices":
			f.is(OpenAI)
			f.choices(s)
		case "type":
			n.kind = s.word()
		case "delta":
			if s.peek() == '{' {
				n.has |= hasDelta
			}
			f.delta(s, &f.only)
			n.delta, f.only.output = f.only.output, 0
		case "usage":
			f.counts.usage(s)
		case "index":
			s.countInto(&f.only.index)
		case "object": // of older vLLM servers
			f.failed = string(s.word()) == "error" || f.failed
		case "error", "error_code":
			f.failed = s.notEmpty() || f.failed
		case "finish_reason", "stop_reason", "done_reason", "stop_type":
			n.has |= hasReason
			n.finish = s.reason()
		default:
			if !f.ofServers(s, name) && !f.ofClouds(s, name) {
				s.skip()
			}
		}
	}
}

// choices reads those of OpenAI's chunks.
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
		p := piece{tokens: -1}
		for s.more('}') {
			switch name := s.name(); string(name) {
			case "index":
				s.countInto(&p.index)
			case "delta":
				f.delta(s, &p)
			case "text":
				p.output |= s.output(0)
			case "finish_reason":
				p.ends(s.reason())
			default:
				s.skip()
			}
		}
		f.pieces = append(f.pieces, p)
	}
}

// delta reads what a chunk adds to the answer: a text, or an object.
func (f *eventFacts) delta(s *scanner, p *piece) {
	if !s.enter('{') {
		p.output |= s.output(0)
		return
	}
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "content", "text", "partial_json", "refusal", "audio":
			p.output |= s.output(0)
		case "reasoning_content", "reasoning", "thinking", "tool_plan":
			p.output |= s.output(0).thought()
		case "tool_calls", "function_call":
			p.output |= s.call(0)
		case "message": // of Cohere
			f.delta(s, p)
		case "stop_reason", "finish_reason":
			p.ends(s.reason())
		case "usage":
			f.counts.usage(s)
		case "error":
			f.failed = s.notEmpty() || f.failed
		default:
			s.skip()
		}
	}
}

var (
	agentEvent     = []byte("response.")
	deltaEvent     = []byte(".delta")
	agentSummary   = []byte("reasoning_summary")
	agentReasoning = []byte("reasoning")
)

// judge tells the dialect, and what members mean in it.
func (f *eventFacts) judge() {
	n := &f.names
	switch {
	case f.dialect == OpenAI:
		return
	case bytes.HasPrefix(n.kind, agentEvent):
		f.judgeAgent(n.kind[len(agentEvent):])
	case len(n.kind) > 0 && f.judgeType():
	case f.judgeServers():
	case f.dialect == Unknown && n.has&hasDelta != 0:
		f.dialect = ChatAgent
		f.only.output = n.delta
		f.only.ends(n.finish)
	}
	if f.dialect != SGLang && f.dialect != LlamaCpp { // it is of something else than choices
		f.only.index, f.only.tokens = 0, -1
	}
	if f.dialect != Unknown && (f.only.output != 0 || f.only.ended || f.only.text != nil || f.item || f.wholeIf) {
		f.pieces = append(f.pieces, f.only)
	}
}

// judgeAgent reads an event of OpenAI's Responses, or of agents that have its types.
func (f *eventFacts) judgeAgent(kind []byte) {
	f.dialect = Responses
	switch string(kind) {
	case "output_item.done":
		f.item = true
		return
	case "completed", "incomplete": // incomplete is cut at its most tokens
		f.end, f.only.ended = true, true
		if f.only.finish == FinishUnknown && string(kind) == "completed" {
			f.only.finish = FinishStop
		}
	case "cancelled":
		f.end, f.only.ended, f.only.finish = true, true, FinishAborted
	case "failed":
		f.failed = true
	}
	f.only.output = 0
	if !bytes.HasSuffix(kind, deltaEvent) {
		return
	}
	switch {
	case bytes.HasPrefix(kind, agentSummary):
		f.only.output = f.names.delta.summed()
	case bytes.HasPrefix(kind, agentReasoning):
		f.only.output = f.names.delta.thought()
	default:
		f.only.output = f.names.delta
	}
}

// judgeType reads the type of any other event; false where it tells nothing.
func (f *eventFacts) judgeType() bool {
	switch string(f.names.kind) {
	case "error":
		f.failed = true
	case "ping":
		f.silent = true
	case "content_block_delta":
		f.is(Anthropic)
		f.only.output = f.names.delta
	case "message_start", "content_block_start", "content_block_stop", "message_delta":
		f.is(Anthropic) // what a block begins with comes in its deltas
	case "message_stop":
		f.is(Anthropic)
		f.end = true
	case "content-delta", "tool-plan-delta", "tool-call-start", "tool-call-delta":
		f.is(Cohere)
		f.only.output = f.names.delta
	case "message-start", "content-start", "content-end", "tool-call-end", "citation-start", "citation-end":
		f.is(Cohere)
	case "message-end":
		f.is(Cohere)
		f.end, f.only.ended = true, true
	default:
		return false
	}
	return true
}
