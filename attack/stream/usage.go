package stream

import "bytes"

// Most bytes looked at after a member's name for the counts that it holds.
const maxUsage = 4 << 10

// member is the name under which replies state token counts. Within a JSON
// text it stands nowhere but as a name, or behind a backslash.
var member = []byte(`"usage"`)

// Usage finds the token counts that a whole JSON reply states in the last of
// its members "usage", at whatever depth, without reading the rest: replies of
// other models pass through it, too. Bytes are fed in pieces of any size.
type Usage struct {
	Stated Tokens
	// Answer is whether Read found a model's answer in the reply, and Finish and
	// Finishes why its choices ended.
	Answer   bool
	Finish   FinishReason
	Finishes [FinishReasons]int

	found eventFacts

	head []byte // the reply's beginning, until it shows what it is
	seen bool   // it has shown

	kept []byte // what follows the last name seen, from its end on
	open bool   // held is in use
	tail []byte // the last bytes since then, in which the name may begin
	join []byte // tail with what follows it
}

// Reset makes u ready for the next reply.
func (u *Usage) Reset() {
	u.Answer, u.Finish, u.Finishes = false, FinishUnknown, [FinishReasons]int{}
	u.Stated, u.open, u.tail, u.head, u.seen = noTokens, false, u.tail[:0], u.head[:0], false
}

// Begun is the beginning of a reply that Feed has found to be an array of events.
func (u *Usage) Begun() []byte { return u.head }

// Feed takes the next bytes of the reply. It returns true once it finds that the reply
// is an array of events, as Gemini streams them: it is to be followed from Begun on, and
// no further bytes are to be fed here.
func (u *Usage) Feed(p []byte) (events bool) {
	if !u.seen {
		begin := p
		if len(u.head) == 0 {
			begin = bytes.TrimLeft(p, blanks)
		}
		u.head = append(u.head, begin[:min(len(begin), maxBeginning)]...)
		if events, u.seen = eventArray(u.head); events {
			u.head = append(u.head, begin[min(len(begin), maxBeginning):]...)
			return true
		}
		u.seen = u.seen || len(u.head) >= maxBeginning
	}
	u.search(p)
	return false
}

// maxBeginning is the most bytes from which a reply shows whether it is an array of
// events.
const maxBeginning = 128

// arrayNames are the names with which an event in an array begins.
var arrayNames = [...]string{
	"candidates", "usageMetadata", "promptFeedback", "modelVersion", "responseId", "createTime", "error",
}

// eventArray tells by a reply's beginning whether it is an array of events; known is
// false as long as that does not show.
func eventArray(head []byte) (is, known bool) {
	head = bytes.TrimLeft(head, blanks)
	for _, open := range [...]byte{'[', '{', '"'} {
		switch {
		case len(head) == 0:
			return false, false
		case head[0] != open:
			return false, true
		}
		head = bytes.TrimLeft(head[1:], blanks)
	}
	end := bytes.IndexByte(head, '"')
	if end < 0 {
		return false, len(head) > len("promptFeedback")
	}
	for _, name := range arrayNames {
		if string(head[:end]) == name {
			return true, true
		}
	}
	return false, true
}

const blanks = " \t\r\n"

// search looks for the name in the next bytes of the reply.
func (u *Usage) search(p []byte) {
	if len(u.tail) > 0 {
		// A name that the last piece began.
		u.join = append(append(u.join[:0], u.tail...), p[:min(len(p), len(member))]...)
		if end := nameEnd(u.join); end > len(u.tail) {
			p = p[end-len(u.tail):]
			u.begin()
		}
	}
	for end := nameEnd(p); end >= 0; end = nameEnd(p) {
		u.keep(p[:end])
		u.begin()
		p = p[end:]
	}
	u.keep(p)
	// One byte more than a name lacks its last: a backslash may stand before it.
	u.tail = append(u.tail, p[max(0, len(p)-len(member)):]...)
	u.tail = append(u.tail[:0], u.tail[max(0, len(u.tail)-len(member)):]...)
}

// nameEnd is the place after the first name in p, -1 without one. Neither a
// reply nor what follows a name begins with a name, so that the byte before its
// quote is there to be looked at.
func nameEnd(p []byte) int {
	for from := 0; ; {
		// The quote is frequent in JSON, the letter is less so.
		i := bytes.Index(p[from:], member[1:])
		if i < 0 {
			return -1
		}
		i += from
		from = i + len(member) - 1
		if i >= 2 && p[i-1] == '"' && p[i-2] != '\\' {
			return from
		}
	}
}

func (u *Usage) keep(p []byte) {
	if u.open {
		u.kept = append(u.kept, p[:min(len(p), maxUsage-len(u.kept))]...)
	}
}

// begin reads what is held, for another name has come.
func (u *Usage) begin() {
	u.End()
	u.open, u.kept, u.tail = true, u.kept[:0], u.tail[:0]
}

// End reads what is held: no more bytes come.
func (u *Usage) End() {
	if !u.open {
		return
	}
	u.open = false
	s := scanner{b: u.kept}
	if !s.enter(':') {
		return
	}
	found := noCounts
	found.usage(&s)
	if s.bad || !found.stated() {
		return
	}
	t := found.tokens()
	last(&u.Stated.Output, t.Output)
	last(&u.Stated.Prompt, t.Prompt)
	last(&u.Stated.Reasoning, t.Reasoning)
	last(&u.Stated.Cached, t.Cached)
}
