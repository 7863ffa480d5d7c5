package dataset

import (
	"fmt"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// prompts are strings, or objects with prompt or messages.
type prompts struct{ rows }

func (p *prompts) entry(r *Reader) (bool, error) {
	value, err := p.next()
	if err != nil {
		return false, err
	}
	what := ""
	switch t := r.turn(); value[0] {
	case '"':
		t.Messages, what = prompt(value)
	case '{':
		what = p.object(r, t, value)
	default:
		what = fmt.Sprintf("%s is no prompt; a line is a string, or an object with prompt or messages",
			show.Excerpt(value))
	}
	if what != "" {
		return false, p.Problem(what)
	}
	return true, nil
}

// prompt makes a message of a JSON string, which is kept as it stands.
func prompt(value []byte) (message []byte, what string) {
	if !jsonscan.IsAt(value, 0, '"') {
		return nil, fmt.Sprintf("prompt %s: must be a string", show.Excerpt(value))
	}
	if text, ok := jsonscan.Unquote(value); !ok {
		return nil, fmt.Sprintf("prompt %s: not valid Unicode", show.Excerpt(value))
	} else if file.IsBlank(text) {
		return nil, "an empty prompt; leave the line out"
	}
	return appendMessage(nil, "user", value), ""
}

// object reads a line such as {"prompt":…,"output_tokens":…} or
// {"messages":[…]}. Of both the messages are sent.
func (p *prompts) object(r *Reader, t *Turn, value []byte) string {
	var text, messages []byte
	what := fields(value, func(key string, value []byte) (what string) {
		switch key {
		case "prompt":
			text = value
		case "messages":
			messages = value
		case "output_tokens":
			t.OutputTokens, what = tokens(key, value)
		default:
			r.unused([]byte(key))
		}
		return what
	})
	switch {
	case what != "":
	case messages != nil:
		if text != nil {
			r.unused([]byte("prompt"))
		}
		t.Messages, t.System, what = Messages(messages)
		if endsWithAnswer(messages) {
			r.Leave(
				"messages that end with an answer are sent as they are (format sharegpt takes it for the recorded reply)",
			)
		}
	case text != nil:
		t.Messages, what = prompt(text)
	default:
		what = "neither prompt nor messages in it; a line is a string, or an object with one of them"
	}
	return what
}

// endsWithAnswer reports whether the last message is the assistant's.
func endsWithAnswer(messages []byte) bool {
	answer := false
	jsonscan.EachElement(messages, func(message []byte, _ int) bool {
		role, _ := jsonscan.Unquote(jsonscan.Member(message, "role"))
		answer = string(role) == "assistant"
		return true
	})
	return answer
}
