package generate

import (
	"bufio"
	"io"
	"strconv"
	"unicode/utf8"

	"brunt/payloads/draw"
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

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
		return nil, setting.Wrong(setting.Model, strconv.Quote(o.Model), "not UTF-8")
	}
	if o.Model != "" {
		b.opening = append(jsonscan.AppendString(append(b.opening, `"model":`...), o.Model), ',')
	}
	b.opening = append(b.opening, `"messages":[`...)
	if len(system) > 0 {
		b.system = append(jsonscan.AppendString([]byte(`{"role":"system","content":`), system), `},`...)
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
	if d := b.options.OutputTokens; d.Given() {
		limit = d.Draw(draw.Fraction(draw.Nth(b.options.Seed, outputDraws, b.n)))
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
func makeFromPrompts(out *bufio.Writer, content *file.Mapping, in *Options) (n int, err error) {
	for _, w := range []io.Writer{io.Discard, out} {
		err = file.Guard(func() error {
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
func makeUp(out *bufio.Writer, in *Options) (int, error) {
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
			return 0, list.Problem("no prompts in it")
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		line := body.make(p)
		if len(line)-1 > file.MaxBody {
			return n, list.Problem("the body would be more than 64 MiB; shorten the prompt")
		}
		if _, err := w.Write(line); err != nil {
			return n, &WriteError{err}
		}
		n++
	}
}
