package dataset

import (
	"fmt"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// shareGPT reads conversations of {"from","value"} or {"role","content"}.
type shareGPT struct{ rows }

const shareGPTExample = `{"conversations":[{"from":"human","value":"…"},{"from":"gpt","value":"…"}]}`

func (s *shareGPT) entry(r *Reader) (bool, error) {
	value, err := s.next()
	if err != nil {
		return false, err
	}
	if what := object(value, shareGPTExample); what != "" {
		return false, s.Problem(what)
	}
	var list, system []byte
	what := fields(value, func(key string, value []byte) string {
		switch key {
		case "id":
			r.now.ID, _ = jsonscan.Unquote(value)
		case "conversations", "conversation", "messages":
			list = value
		case "system", "system_prompt":
			system = value
		default:
			r.unused([]byte(key))
		}
		return ""
	})
	if what == "" && !jsonscan.IsAt(list, 0, '[') {
		what = "no conversations in it; an entry is an object such as " + shareGPTExample
	}
	if what != "" {
		return false, s.Problem(what)
	}
	return s.conversation(r, list, system)
}

// conversation puts the messages into turns: each begins with the user's, and
// ends with the answer to them.
func (s *shareGPT) conversation(r *Reader, list, system []byte) (bool, error) {
	var before []byte // system messages for the first turn
	hasSystem := false
	if jsonscan.IsAt(system, 0, '"') && len(system) > 2 {
		before, hasSystem = appendMessage(nil, "system", system), true
	}
	what, early, blank := "", false, false
	jsonscan.EachElement(list, func(message []byte, _ int) bool {
		role, m, problem := shareGPTMessage(message)
		if what = problem; what != "" {
			return false
		}
		last := len(r.now.Turns) - 1
		switch {
		case role == "assistant" && last < 0:
			early = true
		case role == "assistant":
			r.now.Turns[last].Answer = joined(r.now.Turns[last].Answer, m)
		case role == "system" && last < 0:
			before, hasSystem = joined(before, m), true
		case last < 0 || r.now.Turns[last].Answer != nil:
			t := r.turn()
			blank = blank || last < 0 && isBlank(message)
			t.Messages, t.System, before = joined(before, m), hasSystem, nil
			hasSystem = false
		default:
			r.now.Turns[last].Messages = joined(r.now.Turns[last].Messages, m)
		}
		return true
	})
	if what != "" {
		return false, s.Problem(what)
	}
	if early && len(r.now.Turns) > 0 {
		r.Leave("answer before the first question left out")
	}
	if len(r.now.Turns) == 0 {
		r.Leave("conversation without a user's message left out")
		return false, nil
	}
	if blank {
		r.Leave("conversation that begins with an empty message left out")
		return false, nil
	}
	return true, nil
}

// shareGPTMessage makes a message of chat completions.
func shareGPTMessage(message []byte) (role string, out []byte, what string) {
	if !jsonscan.IsAt(message, 0, '{') {
		return "", nil, fmt.Sprintf("%s is no message; it must be an object such as {\"from\":\"human\",\"value\":…}",
			show.Excerpt(message))
	}
	if who := jsonscan.Member(message, "role"); who != nil {
		word, _ := jsonscan.Unquote(who)
		role = shareGPTRole(string(word))
		return role, jsonscan.AppendCompact(nil, message), ""
	}
	from, value := jsonscan.Member(message, "from"), jsonscan.Member(message, "value")
	word, ok := jsonscan.Unquote(from)
	if role = shareGPTRole(string(word)); !ok || role == "" {
		return "", nil, fmt.Sprintf("from %s: expected human, gpt or system", show.Excerpt(from))
	}
	if _, ok := jsonscan.Unquote(value); !ok {
		return "", nil, fmt.Sprintf("value %s: must be a string of valid Unicode", show.Excerpt(value))
	}
	return role, appendMessage(nil, role, value), ""
}

// shareGPTRole is the role of chat completions by the names that datasets use;
// "" for others, which are the user's where the message has a role itself.
func shareGPTRole(from string) string {
	switch from {
	case "human", "user":
		return "user"
	case "gpt", "chatgpt", "assistant", "bing", "bard", "model":
		return "assistant"
	case "system", "developer":
		return "system"
	}
	return ""
}

// isBlank reports whether a message's text is nothing but white space.
func isBlank(message []byte) bool {
	value := jsonscan.Member(message, "value")
	if value == nil {
		value = jsonscan.Member(message, "content")
	}
	text, ok := jsonscan.Unquote(value)
	return ok && file.IsBlank(text)
}

func joined(list, more []byte) []byte {
	if len(list) == 0 {
		return more
	}
	return append(append(list, ','), more...)
}
