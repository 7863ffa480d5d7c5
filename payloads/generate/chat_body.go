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
	closing []byte // behind the limit of tokens
	limit   string // key of the limit of tokens
	own     members
	extra   members
	options *ChatOptions
	n       uint64 // bodies made
	out     []byte
}

func newChatBody(o *ChatOptions) (*chatBody, error) {
	system, err := o.systemText()
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(o.Model) {
		return nil, setting.Wrong(setting.Model, strconv.Quote(o.Model), "not UTF-8")
	}
	b := &chatBody{options: o, own: o.ownMembers()}
	if b.extra, err = o.extraMembers(b.own); err != nil {
		return nil, err
	}
	b.limit, _ = o.limit()
	if len(system) > 0 {
		b.system = append(jsonscan.AppendString([]byte(`{"role":"system","content":`), system), `},`...)
	}
	b.opening, b.closing = b.around(nil)
	return b, nil
}

// around makes what stands before the messages and behind the limit of tokens,
// with the members of one prompt's own, which come before the others'.
func (b *chatBody) around(own members) (opening, closing []byte) {
	opening, rest := []byte(`{`), b.own
	if len(rest) > 0 && rest[0].key == "model" {
		if !own.has("model") {
			opening = append(append(append(opening, `"model":`...), rest[0].value...), ',')
		}
		rest = rest[1:]
	}
	opening = append(opening, `"messages":[`...)
	closing = rest.append(closing, append(own[:len(own):len(own)], b.extra...))
	closing = own.append(b.extra.append(closing, own), nil)
	return opening, append(closing, "}\n"...)
}

// make returns the next body with its line end, valid until the next call.
func (b *chatBody) make(p prompt) []byte {
	opening, closing := b.opening, b.closing
	if p.extra != nil {
		opening, closing = b.around(p.extra)
	}
	b.out = append(b.out[:0], opening...)
	if !p.system {
		b.out = append(b.out, b.system...)
	}
	if p.messages != nil {
		b.out = append(b.out, p.messages...)
	} else {
		b.out = append(append(append(b.out, `{"role":"user","content":`...), p.text...), '}')
	}
	b.out = append(b.out, ']')
	if limit := b.tokens(p); limit > 0 {
		b.out = append(append(append(b.out, `,"`...), b.limit...), `":`...)
		b.out = strconv.AppendInt(b.out, int64(limit), 10)
	}
	b.n++
	b.out = append(b.out, closing...)
	return b.out
}

// tokens is the limit of tokens of the next body: the prompt's own, or what the
// options say; 0 for none.
func (b *chatBody) tokens(p prompt) int {
	o := b.options
	switch {
	case p.extra.has(b.limit):
		return 0
	case p.outputTokens > 0:
		return p.outputTokens
	case o.MaxCompletionTokens.Given():
		return o.MaxCompletionTokens.Draw(draw.Fraction(draw.Nth(o.Seed, outputDraws, b.n)))
	case o.OutputTokens.Given():
		return o.OutputTokens.Draw(draw.Fraction(draw.Nth(o.Seed, outputDraws, b.n)))
	}
	return o.MaxTokens
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
