package dataset

import (
	"bytes"
	"fmt"
	"time"

	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// aiperf reads single turns, and turns of one session on a line.
type aiperf struct{ rows }

func (a *aiperf) entry(r *Reader) (bool, error) {
	value, err := a.next()
	if err != nil {
		return false, err
	}
	what := object(value, `{"text":"…"} or {"turns":[{"text":"…"}]}`)
	if what == "" {
		if turns := jsonscan.Member(value, "turns"); turns != nil {
			what = a.session(r, value, turns)
		} else {
			what = a.single(r, value)
		}
	}
	if what != "" {
		return false, a.Problem(what)
	}
	return true, nil
}

// single is one request; those of one session_id stand by themselves.
func (a *aiperf) single(r *Reader, value []byte) string {
	at, role, what := a.turn(r, value, true)
	if r.now.At = at; role == "system" {
		r.now.Turns[0].System = true
	}
	return what
}

// session is a line with turns. A system message that stands first with
// nothing but its text is one of the whole conversation.
func (a *aiperf) session(r *Reader, value, turns []byte) (what string) {
	what = fields(value, func(key string, value []byte) string {
		switch key {
		case "session_id":
			r.now.ID = bytes.Clone(scalar(value))
		case "turns", "type":
		default:
			r.unused([]byte(key))
		}
		return ""
	})
	var system []byte
	n := 0
	jsonscan.EachElement(turns, func(turn []byte, _ int) bool {
		if what != "" {
			return false
		}
		n++
		if what = object(turn, `{"text":"…"}`); what != "" {
			return false
		}
		var at int64
		var role string
		if at, role, what = a.turn(r, turn, false); what != "" {
			what = fmt.Sprintf("turn %d: %s", n, what)
			return false
		}
		last := len(r.now.Turns) - 1
		if t := &r.now.Turns[last]; n == 1 && role == "system" && t.OutputTokens == 0 && t.Extra == nil &&
			t.Delay == 0 {
			system, r.now.Turns = t.Messages, r.now.Turns[:0]
		} else if last == 0 {
			r.now.At = at
		} else if at != NoTime {
			r.Leave("timestamp of a later turn is not used")
		}
		return true
	})
	switch {
	case what != "":
		return what
	case len(r.now.Turns) == 0:
		return "no turns with a user's text; leave the line out"
	case system != nil:
		r.now.Turns[0].Messages = joined(system, r.now.Turns[0].Messages)
		r.now.Turns[0].System = true
	}
	return ""
}

// turn reads the members of one request.
func (a *aiperf) turn(r *Reader, value []byte, single bool) (at int64, role string, what string) {
	t := r.turn()
	var content []byte
	at, role = NoTime, "user"
	what = fields(value, func(key string, value []byte) (what string) {
		switch key {
		case "text":
			content, what = value, text(key, value)
		case "texts":
			content, what = aiperfTexts(value)
		case "role":
			word, ok := jsonscan.Unquote(value)
			if role = string(word); !ok {
				what = fmt.Sprintf("role %s: must be a string", show.Excerpt(value))
			}
		case "timestamp":
			at, what = number(key, value, 6)
		case "delay":
			var n int64
			n, what = number(key, value, 6)
			if t.Delay = time.Duration(n); n < 0 {
				what = "delay: must not be negative"
			}
		case "output_length":
			t.OutputTokens, what = tokens(key, value)
		case "extra":
			if t.Extra = value; !jsonscan.IsAt(value, 0, '{') {
				what = fmt.Sprintf("extra %s: must be an object", show.Excerpt(value))
			}
		case "session_id":
			if single {
				r.now.ID = bytes.Clone(scalar(value))
			}
		case "type":
		default:
			r.unused([]byte(key))
		}
		return what
	})
	if what == "" && content == nil {
		what = "no text in it (brunt sends neither images, audio nor video); give text or texts"
	}
	t.Messages = appendMessage(nil, role, content)
	if single && t.Delay != 0 {
		r.Leave("delay of a request of its own is not used")
	}
	return at, role, what
}

// aiperfTexts makes the content of a message of texts: strings, or objects with
// contents, a list of strings. One alone stays a string.
func aiperfTexts(value []byte) (content []byte, what string) {
	var parts [][]byte
	add := func(part []byte) {
		if what == "" {
			what = text("texts", part)
		}
		parts = append(parts, part)
	}
	jsonscan.EachElement(value, func(part []byte, _ int) bool {
		if jsonscan.IsAt(part, 0, '{') {
			jsonscan.EachElement(jsonscan.Member(part, "contents"), func(s []byte, _ int) bool { add(s); return true })
		} else {
			add(part)
		}
		return what == ""
	})
	switch {
	case what != "":
		return nil, what
	case len(parts) == 0:
		return nil, fmt.Sprintf("texts %s: must be a list with at least one string", show.Excerpt(value))
	case len(parts) == 1:
		return parts[0], ""
	}
	content = []byte{'['}
	for i, part := range parts {
		if i > 0 {
			content = append(content, ',')
		}
		content = append(append(append(content, `{"type":"text","text":`...), part...), '}')
	}
	return append(content, ']'), ""
}

// scalar is a string's text, or any other value as it stands.
func scalar(value []byte) []byte {
	s, _ := jsonscan.Unquote(value)
	return s
}
