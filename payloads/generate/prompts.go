package generate

import (
	"bytes"
	"fmt"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// prompt is what one chat body asks.
type prompt struct {
	text     []byte // as a JSON string
	messages []byte // the elements of a list of messages, instead
	system   bool   // among them is a system message

	outputTokens int     // the body's limit of tokens; 0 leaves it to the options
	extra        members // what this body alone gets
}

// prompts reads one after the other; io.EOF stands behind the last.
type prompts interface {
	next() (prompt, error)
	// Problem makes an error of what is wrong with the prompt read last.
	Problem(what string) error
}

// openPrompts reads the file that the ending of its name says it is.
func openPrompts(content *file.Mapping, in *Options) (prompts, error) {
	lines := file.NewLines(content.Name, content.Data)
	switch kind := file.Ending(in.Path); {
	case in.Path == file.Stdin, kind == ".txt":
		return &textPrompts{Lines: lines}, nil
	case kind == ".jsonl", kind == ".ndjson":
		return &jsonPrompts{Lines: lines}, nil
	case kind == ".csv":
		return openCSVPrompts(content, in)
	}
	return nil, lines.Problem("not known how prompts stand in it; name it .txt (one on each line), .csv or .jsonl")
}

// textPrompts are lines of text, kept to the byte, blank ones left out.
type textPrompts struct {
	*file.Lines
	quoted []byte
}

func (t *textPrompts) next() (prompt, error) {
	line, err := t.Next()
	if err != nil {
		return prompt{}, err
	}
	t.quoted = jsonscan.AppendString(t.quoted[:0], line)
	return prompt{text: t.quoted}, nil
}

// jsonPrompts are lines of JSON: strings, or objects with prompt or messages.
type jsonPrompts struct {
	*file.Lines
	quoted []byte
}

func (j *jsonPrompts) next() (prompt, error) {
	line, err := j.Next()
	if err != nil {
		return prompt{}, err
	}
	if !jsonscan.Valid(line) {
		return prompt{}, j.Problem(jsonscan.LineFault(line))
	}
	value := bytes.TrimFunc(line, func(r rune) bool { return r < 0x80 && jsonscan.IsSpace(byte(r)) })
	var p prompt
	what := ""
	switch value[0] {
	case '"':
		p, what = stringPrompt(value)
	case '{':
		p, what = j.object(value)
	default:
		what = fmt.Sprintf("%s is no prompt; a line is a string, or an object with prompt or messages",
			show.Excerpt(value))
	}
	if what != "" {
		return prompt{}, j.Problem(what)
	}
	return p, nil
}

// stringPrompt takes a JSON string as it stands.
func stringPrompt(value []byte) (prompt, string) {
	if !jsonscan.IsAt(value, 0, '"') {
		return prompt{}, fmt.Sprintf("prompt %s: must be a string", show.Excerpt(value))
	}
	if text, ok := jsonscan.Unquote(value); !ok {
		return prompt{}, fmt.Sprintf("prompt %s: not valid Unicode", show.Excerpt(value))
	} else if file.IsBlank(text) {
		return prompt{}, "an empty prompt; leave the line out"
	}
	return prompt{text: value}, ""
}

// object reads a line such as {"prompt":…} or {"messages":[…]}; its other keys
// are left out.
func (j *jsonPrompts) object(value []byte) (prompt, string) {
	text, messages := jsonscan.Member(value, "prompt"), jsonscan.Member(value, "messages")
	switch {
	case messages != nil:
		return j.list(messages)
	case text != nil:
		return stringPrompt(text)
	}
	return prompt{}, "neither prompt nor messages in it; a line is a string, or an object with one of them"
}

// list takes messages as they stand, less white space.
func (j *jsonPrompts) list(value []byte) (p prompt, what string) {
	n := 0
	jsonscan.EachElement(value, func(message []byte, _ int) bool {
		n++
		role, _ := jsonscan.Unquote(jsonscan.Member(message, "role"))
		if len(role) == 0 {
			what = fmt.Sprintf("message %d has no role; "+
				"it must be an object such as {\"role\":\"user\",\"content\":…}", n)
		}
		p.system = p.system || string(role) == "system" || string(role) == "developer"
		return what == ""
	})
	if n == 0 {
		return prompt{}, fmt.Sprintf("messages %s: must be a list with at least one message", show.Excerpt(value))
	}
	j.quoted = jsonscan.AppendCompact(j.quoted[:0], value)
	p.messages = j.quoted[1 : len(j.quoted)-1]
	return p, what
}
