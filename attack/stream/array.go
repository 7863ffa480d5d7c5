package stream

import "brunt/attack/clock"

// feedArray takes the next bytes of a JSON array, as Gemini sends where it is not asked
// for server-sent events: each element is an event, and ends with its bracket.
func (s *Stream) feedArray(p []byte, at clock.Instant) {
	from := -1 // where the element's bytes begin in p
	if s.depth > 1 {
		from = 0
	}
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case s.escaping:
			s.escaping = false
		case s.quoted:
			s.escaping = c == '\\'
			s.quoted = c != '"'
		case c == '"':
			s.quoted = true
		case c == '{' || c == '[':
			if s.depth++; s.depth == 2 {
				from = i
			}
		case c == '}' || c == ']':
			s.depth--
			if s.depth == 1 && from >= 0 {
				s.addPart(p[from : i+1])
				s.hasData = true
				s.dispatch(at)
				from = -1
			}
			s.depth = max(s.depth, 0)
		}
	}
	if from >= 0 {
		s.addPart(p[from:])
	}
}

// addPart keeps a part of an element.
func (s *Stream) addPart(p []byte) {
	s.large = s.large || len(s.data)+len(p) > MaxEvent
	if room := MaxEvent - len(s.data); room > 0 {
		s.data = append(s.data, p[:min(len(p), room)]...)
	}
}
