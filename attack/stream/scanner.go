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
	if s.at < len(s.b) && s.b[s.at] > ' ' {
		return s.b[s.at]
	}
	return s.peekFurther()
}

func (s *scanner) peekFurther() byte {
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

// shortString is the length up to which a string's end is looked for byte by byte.
const shortString = 24

// quoted reads a string, its escapes as they are.
func (s *scanner) quoted() []byte {
	if s.bad || s.peek() != '"' {
		s.bad = true
		return nil
	}
	from := s.at + 1
	for i := from; i < len(s.b) && i < from+shortString; i++ {
		switch s.b[i] {
		case '"':
			s.at = i + 1
			return s.b[from:i]
		case '\\':
			i++
		}
	}
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

// filled is output where the value that comes next is not empty.
func (s *scanner) filled() outputs {
	if s.notEmpty() {
		return visible
	}
	return 0
}

// isTrue reports whether the value that comes next is true.
func (s *scanner) isTrue() bool {
	s.peek()
	from := s.at
	s.skip()
	return !s.bad && string(s.b[from:s.at]) == "true"
}

// output is what the value that comes next holds: a string that is not empty, or one
// in a list of content items.
func (s *scanner) output(depth int) (is outputs) {
	switch {
	case s.peek() == '"':
		return outputOf(s.quoted())
	case depth == maxDepth:
		s.skip()
	case s.enter('['):
		for s.more(']') {
			is |= s.output(depth + 1)
		}
	case s.enter('{'):
		for s.more('}') {
			switch name := s.name(); string(name) {
			case "text", "content", "refusal", "data", "transcript":
				is |= s.output(depth + 1)
			case "reasoning", "reasoning_content", "thinking", "summary":
				is |= s.output(depth + 1).thought()
			default:
				s.skip()
			}
		}
	default:
		s.skip()
	}
	return is
}

// outputOf is what a text is, given as it stands in JSON.
func outputOf(text []byte) outputs {
	switch {
	case len(text) == 0:
		return 0
	case isSeveral(text):
		return visible | several
	}
	return visible
}

// Most of one token: bytes of a text without blanks, characters of a script whose
// characters take two bytes, and characters of those that take three.
const (
	maxTokenBytes = 32
	maxTokenWide  = 10
	maxTokenHan   = 4
)

// isSeveral reports whether a text, as it stands in JSON, is more than one token in any
// tokenizer: it has a blank between two words, or is longer than tokens are. One that
// is not may be several all the same.
func isSeveral(text []byte) bool {
	if len(text) <= 2 {
		return false
	}
	word, blank := false, false // a word has begun; a blank came after it
	letters, wide, han := 0, 0, 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == ' ':
			blank = word
			continue
		case c == '\\' && i+1 < len(text):
			i++
			switch c = text[i]; c {
			case 'n', 't', 'r':
				blank = word
				continue
			case 'u':
				i = min(i+4, len(text)-1)
				if i >= 4 && text[i-3] >= '3' {
					han++
				} else {
					wide++
				}
			default:
				letters++
			}
		case c >= 0xe3:
			han++
		case c >= 0xc0:
			wide++
		case c >= 0x80: // goes on with a character
			continue
		default:
			letters++
		}
		if blank {
			return true
		}
		word = true
	}
	return letters > maxTokenBytes || wide > maxTokenWide || han > maxTokenHan
}

// call is what the value that comes next holds of calls of tools: a name, or arguments.
func (s *scanner) call(depth int) (is outputs) {
	switch {
	case depth == maxDepth:
		s.skip()
	case s.enter('['):
		for s.more(']') {
			is |= s.call(depth + 1)
		}
	case s.enter('{'):
		for s.more('}') {
			switch name := s.name(); string(name) {
			case "name":
				is |= s.filled()
			case "arguments", "input":
				if s.peek() == '"' {
					is |= outputOf(s.quoted())
				} else {
					is |= s.filled()
				}
			case "function", "custom":
				is |= s.call(depth + 1)
			default:
				s.skip()
			}
		}
	default:
		s.skip()
	}
	return is
}

// reason reads why an answer ended: a word, or, of SGLang, an object with it.
func (s *scanner) reason() (reason FinishReason) {
	if !s.enter('{') {
		return finishOf(s.word())
	}
	for s.more('}') {
		if name := s.name(); string(name) == "type" {
			reason = finishOf(s.word())
		} else {
			s.skip()
		}
	}
	return reason
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
			is = s.output(0) != 0 || is
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

// countInto reads a whole number; anything else leaves what was there.
func (s *scanner) countInto(into *int64) {
	if n, ok := s.count(); ok {
		*into = n
	}
}

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
