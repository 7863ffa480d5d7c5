package stream

import "bytes"

// scanner walks a JSON text. bad is set at the first thing that is none; from
// then on nothing moves.
type scanner struct {
	b   []byte
	at  int
	bad bool
}

// maxDepth is how deep output may lie within the lists and objects of content.
const maxDepth = 8

// peek is the next byte that is no white space, 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.b) {
		switch c := s.b[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// enter goes into the object or list that comes next; false where none does.
func (s *scanner) enter(open byte) bool {
	if s.bad || s.peek() != open || s.at == len(s.b) {
		return false
	}
	s.at++
	return true
}

// more goes to the next member or element; at the end it goes out.
func (s *scanner) more(end byte) bool {
	for !s.bad {
		c := s.peek()
		switch {
		case s.at == len(s.b):
			s.bad = true
		case c == ',':
			s.at++
		case c == end:
			s.at++
			return false
		default:
			return true
		}
	}
	return false
}

// name reads a member's name and the colon after it.
func (s *scanner) name() []byte {
	name := s.quoted()
	if s.peek() != ':' {
		s.bad = true
		return nil
	}
	s.at++
	return name
}

// quoted reads a string, its escapes as they are.
func (s *scanner) quoted() []byte {
	if s.bad || s.peek() != '"' {
		s.bad = true
		return nil
	}
	from := s.at + 1
	for end := from; ; end++ {
		next := bytes.IndexByte(s.b[end:], '"')
		if next < 0 {
			s.bad = true
			return nil
		}
		end += next
		if !escaped(s.b[from:end]) {
			s.at = end + 1
			return s.b[from:end]
		}
	}
}

// escaped reports whether what follows b is escaped: an odd number of
// backslashes stands at its end.
func escaped(b []byte) bool {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// word reads a string; any other value is skipped and empty.
func (s *scanner) word() []byte {
	if s.peek() != '"' {
		s.skip()
		return nil
	}
	return s.quoted()
}

// skip reads a value of any kind.
func (s *scanner) skip() {
	depth := 0
	for !s.bad {
		c := s.peek()
		switch {
		case s.at == len(s.b):
			s.bad = true
		case c == '"':
			s.quoted()
		case c == '{' || c == '[':
			depth++
			s.at++
		case (c == '}' || c == ']') && depth > 0:
			depth--
			s.at++
		case (c == ',' || c == ':') && depth > 0:
			s.at++
			continue
		default:
			s.literal()
		}
		if depth == 0 {
			return
		}
	}
}

// literal reads a number, true, false or null.
func (s *scanner) literal() []byte {
	from := s.at
	for s.at < len(s.b) {
		switch s.b[s.at] {
		case ',', ':', '}', ']', '{', '[', '"', ' ', '\t', '\n', '\r':
			s.bad = s.bad || s.at == from
			return s.b[from:s.at]
		}
		s.at++
	}
	s.bad = true // nothing but a whole object is read, so its end is missing
	return nil
}

// notEmpty reports whether the value that comes next is more than a way of writing
// nothing.
func (s *scanner) notEmpty() bool {
	s.peek()
	from := s.at
	s.skip()
	if s.bad {
		return false
	}
	switch string(s.b[from:s.at]) {
	case "null", "false", "0", `""`, "{}", "[]":
		return false
	}
	return true
}

// output reports whether the value that comes next holds text: a string that
// is not empty, or one in a list of content items.
func (s *scanner) output(depth int) (is bool) {
	switch {
	case s.peek() == '"':
		return len(s.quoted()) > 0
	case depth == maxDepth:
		s.skip()
	case s.enter('['):
		for s.more(']') {
			is = s.output(depth+1) || is
		}
	case s.enter('{'):
		for s.more('}') {
			switch name := s.name(); string(name) {
			case "text", "content", "reasoning", "reasoning_content", "summary", "thinking", "refusal":
				is = s.output(depth+1) || is
			default:
				s.skip()
			}
		}
	default:
		s.skip()
	}
	return is
}

// piece reports whether the agent's item that comes next holds output: text,
// or a call of a tool. What a tool answered is none of the model's.
func (s *scanner) piece() (is bool) {
	if !s.enter('{') {
		s.skip()
		return false
	}
	answer := false
	for s.more('}') {
		switch name := s.name(); string(name) {
		case "type":
			answer = string(s.word()) == "function_call_output"
		case "content", "summary":
			is = s.output(0) || is
		case "name", "arguments":
			is = s.notEmpty() || is
		default:
			s.skip()
		}
	}
	return is && !answer
}

// maxCount bounds a token count: what is larger is none.
const maxCount = 1 << 40

// count reads a whole number; anything else is skipped.
func (s *scanner) count() (n int64, ok bool) {
	if c := s.peek(); c < '0' || c > '9' {
		s.skip()
		return 0, false
	}
	for _, c := range s.literal() {
		if c < '0' || c > '9' || n > maxCount {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, !s.bad
}
