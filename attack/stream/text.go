package stream

import "bytes"

// AppendText appends the text that a whole reply to a conversation's turn holds, as it
// stands in JSON between quotes, to out: that of the first choice, without reasoning and
// calls of tools. The body is server-sent events, JSON on each line or one JSON value, of
// chat completions, Anthropic's messages, responses or Ollama's chat. ok is false where
// there is no text.
func AppendText(out, body []byte) (text []byte, ok bool) {
	t := textReader{out: out}
	switch body = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark)); {
	case len(body) == 0:
	case body[0] == '{':
		for s := (scanner{b: body}); s.peek() == '{' && !s.bad; {
			t.event(&s)
		}
	default:
		for line := range bytes.Lines(body) {
			if data, is := bytes.CutPrefix(line, []byte("data:")); is {
				t.event(&scanner{b: data})
			}
		}
	}
	return t.out, len(t.out) > len(out)
}

// textReader collects text.
type textReader struct{ out []byte }

// event reads an event, or a whole reply.
func (t *textReader) event(s *scanner) {
	if !s.enter('{') {
		return
	}
	var kind, delta []byte
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "type":
			kind = s.word()
		case "choices":
			t.choices(s)
		case "delta": // of Anthropic, or of responses
			if s.peek() == '"' {
				delta = s.quoted()
			} else {
				t.part(s)
			}
		case "message": // of Ollama
			t.message(s)
		case "content": // of Anthropic
			t.content(s)
		case "output": // of responses
			t.items(s)
		default:
			s.skip()
		}
	}
	if string(kind) == "response.output_text.delta" {
		t.out = append(t.out, delta...)
	}
}

// choices reads those of chat completions.
func (t *textReader) choices(s *scanner) {
	if !s.enter('[') {
		s.skip()
		return
	}
	for s.more(']') {
		if !s.enter('{') {
			s.skip()
			continue
		}
		before, other := len(t.out), false
		for s.more('}') {
			switch name := s.name(); string(name) {
			case "index":
				n, _ := s.count()
				other = n > 0
			case "delta", "message":
				t.message(s)
			default:
				s.skip()
			}
		}
		if other {
			t.out = t.out[:before]
		}
	}
}

// message reads a message, or what is added to one.
func (t *textReader) message(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	for s.more('}') {
		if name := s.name(); string(name) == "content" {
			t.content(s)
		} else {
			s.skip()
		}
	}
}

// items reads the output of a whole response.
func (t *textReader) items(s *scanner) {
	if !s.enter('[') {
		s.skip()
		return
	}
	for s.more(']') {
		t.message(s)
	}
}

// content reads a text, or a list of parts.
func (t *textReader) content(s *scanner) {
	switch {
	case s.peek() == '"':
		t.out = append(t.out, s.quoted()...)
	case s.enter('['):
		for s.more(']') {
			t.part(s)
		}
	default:
		s.skip()
	}
}

// part reads a part of a content: its text, unless it is of another type.
func (t *textReader) part(s *scanner) {
	if !s.enter('{') {
		s.skip()
		return
	}
	var kind, text []byte
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "type":
			kind = s.word()
		case "text":
			text = s.word()
		default:
			s.skip()
		}
	}
	switch string(kind) {
	case "", "text", "output_text", "text_delta":
		t.out = append(t.out, text...)
	}
}
