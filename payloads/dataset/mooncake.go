package dataset

import (
	"fmt"
	"hash/maphash"

	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// mooncake reads traces: requests by their lengths and the blocks of their
// prompts, or with their text.
type mooncake struct {
	rows
	block int // tokens that one of hash_ids stands for
	unit  int // power of 10 of a timestamp's unit, in nanoseconds

	sessions map[uint64]struct{} // seen so far
}

// traced is what a row says besides its turn.
type traced struct {
	inputs   int // ways in which the prompt is given
	delta    bool
	delay    bool
	complete bool // the row holds all that the request is
}

var sessionSeed = maphash.MakeSeed()

func (m *mooncake) entry(r *Reader) (bool, error) {
	value, err := m.next()
	if err != nil {
		return false, err
	}
	what := object(value, `{"timestamp":0,"input_length":655,"output_length":52,"hash_ids":[46,47]}`)
	if what != "" {
		return false, m.Problem(what)
	}
	row := traced{}
	t := r.turn()
	var tools []byte
	what = fields(value, func(key string, value []byte) string {
		if key == "tools" {
			tools = value
			return ""
		}
		return m.field(r, t, &row, key, value)
	})
	switch {
	case what != "":
	case row.inputs == 0:
		what = "no prompt in it; a row has input_length, text_input, messages or payload"
	case row.inputs > 1:
		what = "more than one of input_length, text_input, messages and payload; leave one"
	case t.Blocks != nil && t.InputTokens == 0:
		what = "hash_ids without an input_length"
	case tools != nil && !row.complete:
		what = "tools belong to messages"
	case tools != nil:
		t.Extra, what = withTools(t.Extra, tools)
	}
	if what != "" {
		return false, m.Problem(what)
	}
	return m.place(r, t, row), nil
}

// field reads one member of a row.
func (m *mooncake) field(r *Reader, t *Turn, row *traced, key string, value []byte) (what string) {
	switch key {
	case "timestamp":
		r.now.At, what = number(key, value, m.unit)
	case "input_length":
		row.inputs++
		if t.InputTokens, what = tokens(key, value); what == "" && t.InputTokens == 0 {
			what = "input_length 0: leave the row out"
		}
	case "output_length":
		t.OutputTokens, what = tokens(key, value)
	case "hash_ids":
		t.BlockTokens = m.block
		t.Blocks, what = blocks(value)
	case "text_input":
		row.inputs++
		t.Messages, what = appendMessage(nil, "user", value), text(key, value)
	case "messages":
		row.inputs++
		row.complete = true
		t.Messages, t.System, what = Messages(value)
	case "payload":
		row.inputs++
		row.complete = true
		if t.Body = value; !jsonscan.IsAt(value, 0, '{') {
			what = fmt.Sprintf("payload %s: must be an object", show.Excerpt(value))
		}
	case "message_mode":
		row.delta = string(value) == `"delta"`
	case "extra":
		if t.Extra = value; !jsonscan.IsAt(value, 0, '{') {
			what = fmt.Sprintf("extra %s: must be an object", show.Excerpt(value))
		}
	case "session_id":
		r.now.ID = scalar(value)
	case "delay":
		row.delay = true
	case "type":
		if m.unit == 9 { // kinds of Bailian's requests
			if kind, _ := jsonscan.Unquote(value); string(kind) != "text" {
				r.Leave(fmt.Sprintf("request of type %s made up as text", show.Excerpt(kind)))
			}
		}
	case "chat_id", "parent_chat_id", "turn": // each row has its whole prompt
		if m.unit != 9 {
			r.unused([]byte(key))
		}
	default:
		r.unused([]byte(key))
	}
	return what
}

// place tells how a row of a session is sent; false leaves it out.
func (m *mooncake) place(r *Reader, t *Turn, row traced) bool {
	if t.BlockTokens > 0 && len(t.Blocks) > (t.InputTokens+m.block-1)/m.block {
		r.Leave(fmt.Sprintf("hash_ids beyond the input_length, at %d tokens each, are not used", m.block))
	}
	later := false
	if len(r.now.ID) > 0 {
		key := maphash.Bytes(sessionSeed, r.now.ID)
		if _, later = m.sessions[key]; !later {
			if m.sessions == nil {
				m.sessions = make(map[uint64]struct{})
			}
			m.sessions[key] = struct{}{}
		}
	}
	if row.delay {
		r.Leave("delay after the turn before is not used")
	}
	switch {
	case later && row.delta:
		r.Leave("later turn of a session left out, as its messages are less than the request")
		return false
	case later && !row.complete:
		r.Leave("later turn of a session made a request of its own, without the turns before it")
	}
	return true
}

// blocks reads the names of blocks, numbers or texts.
func blocks(value []byte) (list []uint64, what string) {
	if !jsonscan.IsAt(value, 0, '[') {
		return nil, fmt.Sprintf("hash_ids %s: must be a list", show.Excerpt(value))
	}
	list = []uint64{}
	jsonscan.EachElement(value, func(id []byte, _ int) bool {
		list = append(list, blockName(id))
		return true
	})
	return list, ""
}

// blockName is the same number for the same name, on every machine: FNV-1a.
func blockName(id []byte) uint64 {
	hash := uint64(14695981039346656037)
	for _, b := range id {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	return hash
}

// withTools adds the tools to what the body gets.
func withTools(extra, tools []byte) ([]byte, string) {
	switch {
	case extra == nil || jsonscan.IsAt(extra, jsonscan.SkipSpace(extra, 1), '}'):
		return append(append([]byte(`{"tools":`), tools...), '}'), ""
	case jsonscan.Member(extra, "tools") != nil:
		return nil, "tools given twice, in extra as well; leave one out"
	}
	return append(append(append([]byte(`{"tools":`), tools...), ','), extra[1:]...), ""
}

// Messages takes the elements of a list of messages as they stand, less white
// space, and tells whether a system message is among them. What says what is
// wrong with the list.
func Messages(value []byte) (list []byte, system bool, what string) {
	n := 0
	jsonscan.EachElement(value, func(message []byte, _ int) bool {
		n++
		role, _ := jsonscan.Unquote(jsonscan.Member(message, "role"))
		if len(role) == 0 {
			what = fmt.Sprintf("message %d has no role; "+
				"it must be an object such as {\"role\":\"user\",\"content\":…}", n)
		}
		system = system || string(role) == "system" || string(role) == "developer"
		return what == ""
	})
	if n == 0 {
		return nil, false, fmt.Sprintf("messages %s: must be a list with at least one message", show.Excerpt(value))
	}
	compact := jsonscan.AppendCompact(nil, value)
	return compact[1 : len(compact)-1], system, what
}
