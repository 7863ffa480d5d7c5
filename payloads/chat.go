package payloads

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ChatOptions say what [Make] puts into bodies of chat completions.
type ChatOptions struct {
	// Chat makes a body per prompt. The file is .txt, with a prompt on each
	// line, .csv or .jsonl (see [Make]); standard input is text.
	Chat bool `help:"Make a chat completions body per prompt of a .txt (one per line), .csv or .jsonl file."`
	// Column of a CSV file that holds the prompts; when empty it is the one
	// named prompt, or the only one.
	Column string `placeholder:"NAME" help:"Column of a CSV file that holds the prompts (prompt, or the only one)."`
	// System is the system message, or @ and the name of a file that holds it.
	System string `placeholder:"TEXT|@FILE" help:"System message before each prompt; @FILE reads it from a file."`
	// Model is the body's model, left out when empty.
	Model string `placeholder:"NAME" help:"The body's model."`
	// MaxTokens is the body's max_tokens, left out when 0.
	MaxTokens int `placeholder:"N" help:"The body's max_tokens."`
	// Temperature is the body's temperature, left out when nil.
	Temperature *float64 `placeholder:"X" help:"The body's temperature."`
	// Stream asks for streamed replies.
	Stream bool `env:"BRUNT_CHAT_STREAM" help:"Ask for streamed replies."`
	// InputTokens makes prompts up, Count of them, instead of reading a file.
	InputTokens Distribution `placeholder:"'normal(550,150)'" help:"Make up --count prompts of so many tokens, estimated; also 500, uniform(100,1000), lognormal(400,0.6)."`
	// OutputTokens draws each body's max_tokens.
	OutputTokens Distribution `placeholder:"'uniform(50,200)'" help:"Draw each body's max_tokens."`
	// Seed of what is made up or drawn.
	Seed uint64 `default:"1" help:"Seed of what is made up or drawn (${default})."`
}

// used names the first option that only makes sense with Chat, or "".
func (o *ChatOptions) used() string {
	switch {
	case o.Column != "":
		return "--column"
	case o.System != "":
		return "--system"
	case o.Model != "":
		return "--model"
	case o.MaxTokens != 0:
		return "--max-tokens"
	case o.Temperature != nil:
		return "--temperature"
	case o.Stream:
		return "--stream"
	case o.InputTokens.given():
		return "--input-tokens"
	case o.OutputTokens.given():
		return "--output-tokens"
	}
	return ""
}

// checkChat tells which options make no sense together.
func (in *MakeOptions) checkChat() error {
	o := &in.ChatOptions
	if !o.Chat {
		if name := o.used(); name != "" {
			return fmt.Errorf("%s belongs to chat bodies: add --chat, or leave it out", name)
		}
		return nil
	}
	switch {
	case len(in.Types) > 0 || in.Unnamed || in.RowsPerRequest > 1:
		return errors.New("--chat makes a body per prompt: leave out --type, --unnamed and --rows-per-request")
	case o.InputTokens.given() && in.Path != "":
		return fmt.Errorf("--input-tokens makes prompts up: leave it out, or the file %s", displayName(in.Path))
	case o.InputTokens.given() && in.Count < 1:
		return errors.New("--input-tokens makes prompts up: say how many with --count")
	case !o.InputTokens.given() && in.Path == "":
		return errors.New("no prompts: name a .txt, .csv or .jsonl file, or make them up with --input-tokens and --count")
	case !o.InputTokens.given() && in.Count > 0:
		return errors.New("--count with a file of prompts: there is a body for each prompt in it; leave --count out")
	case o.MaxTokens < 0:
		return fmt.Errorf("--max-tokens %d: must be 1 or more", o.MaxTokens)
	case o.MaxTokens > 0 && o.OutputTokens.given():
		return errors.New("--max-tokens and --output-tokens both set max_tokens: leave one out")
	case o.Temperature != nil && !(*o.Temperature >= 0 && *o.Temperature <= math.MaxFloat32):
		return fmt.Errorf("--temperature %v: must be 0 or more", *o.Temperature)
	}
	return nil
}

// systemText is the system message, "" for none. The line end that closes a
// text file is none of it.
func (o *ChatOptions) systemText() ([]byte, error) {
	text := []byte(o.System)
	path, isFile := strings.CutPrefix(o.System, "@")
	if isFile {
		content, err := ReadText(path)
		if err != nil {
			return nil, fmt.Errorf("--system %w", openError(displayName(path), err))
		}
		text = []byte(content)
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, newline), []byte{'\r'})
		if len(text) == 0 {
			return nil, fmt.Errorf("--system %s: empty; leave it out, or write the message into it", displayName(path))
		}
	}
	if i := invalidUTF8(text); i >= 0 {
		line := 1 + bytes.Count(text[:i], newline)
		return nil, fmt.Errorf("--system: %w", &LineError{File: displayName(path), Line: line, Problem: fmt.Sprintf("not UTF-8: invalid byte 0x%02X", text[i])})
	}
	return text, nil
}

// chatBody writes bodies: what is the same in all of them is made once.
type chatBody struct {
	opening []byte // up to the messages
	system  []byte // the system message and a comma
	closing []byte // behind max_tokens
	options *ChatOptions
	n       uint64 // bodies made
	out     []byte
}

func newChatBody(o *ChatOptions) (*chatBody, error) {
	b := &chatBody{options: o, opening: []byte(`{`), closing: []byte{}}
	system, err := o.systemText()
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(o.Model) {
		return nil, fmt.Errorf("--model %q: not UTF-8", o.Model)
	}
	if o.Model != "" {
		b.opening = append(appendText(append(b.opening, `"model":`...), o.Model), ',')
	}
	b.opening = append(b.opening, `"messages":[`...)
	if len(system) > 0 {
		b.system = append(appendText([]byte(`{"role":"system","content":`), system), `},`...)
	}
	if o.Temperature != nil {
		b.closing = strconv.AppendFloat(append(b.closing, `,"temperature":`...), *o.Temperature, 'g', -1, 64)
	}
	if o.Stream {
		b.closing = append(b.closing, `,"stream":true`...)
	}
	b.closing = append(b.closing, "}\n"...)
	return b, nil
}

// make returns the next body with its line end, valid until the next call.
func (b *chatBody) make(p prompt) []byte {
	b.out = append(b.out[:0], b.opening...)
	if !p.system {
		b.out = append(b.out, b.system...)
	}
	if p.messages != nil {
		b.out = append(b.out, p.messages...)
	} else {
		b.out = append(append(append(b.out, `{"role":"user","content":`...), p.text...), '}')
	}
	b.out = append(b.out, ']')
	limit := b.options.MaxTokens
	if d := b.options.OutputTokens; d.given() {
		limit = d.draw(fraction(drawn(b.options.Seed, outputDraws, b.n)))
	}
	if limit > 0 {
		b.out = strconv.AppendInt(append(b.out, `,"max_tokens":`...), int64(limit), 10)
	}
	b.n++
	b.out = append(b.out, b.closing...)
	return b.out
}

// makeFromPrompts reads all prompts twice: nothing is written unless they are
// sound to the last.
func makeFromPrompts(out *bufio.Writer, content *mapping, in *MakeOptions) (n int, err error) {
	for _, w := range []io.Writer{io.Discard, out} {
		err = guarded(func() error {
			list, err := openPrompts(content, in)
			if err != nil {
				return err
			}
			n, err = chatBodies(w, list, &in.ChatOptions)
			return err
		})
		if err != nil && w == io.Discard {
			return 0, err
		}
	}
	return n, err
}

// makeUp writes bodies with synthetic prompts.
func makeUp(out *bufio.Writer, in *MakeOptions) (int, error) {
	list := &syntheticPrompts{options: &in.ChatOptions, count: in.Count}
	n, err := chatBodies(out, list, &in.ChatOptions)
	if err == nil {
		list.note(in.Notes)
	}
	return n, err
}

// chatBodies writes a body for each prompt.
func chatBodies(w io.Writer, list prompts, o *ChatOptions) (n int, err error) {
	body, err := newChatBody(o)
	if err != nil {
		return 0, err
	}
	for {
		p, err := list.next()
		if err == io.EOF && n == 0 {
			return 0, list.problem("no prompts in it")
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		line := body.make(p)
		if len(line)-1 > maxBody {
			return n, list.problem("the body would be more than 64 MiB; shorten the prompt")
		}
		if _, err := w.Write(line); err != nil {
			return n, &WriteError{err}
		}
		n++
	}
}
