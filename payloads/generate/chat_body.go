package generate

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"brunt/payloads/dataset"
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
	if p.body != nil {
		b.out = append(jsonscan.AppendCompact(b.out[:0], p.body), '\n')
		b.n++
		return b.out
	}
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

// fault says what in a prompt contradicts the options.
func (b *chatBody) fault(p prompt) string {
	switch {
	case p.body != nil:
	case p.extra.has("messages"):
		return "extra sets messages, which are made of the prompt; leave them out"
	case p.outputTokens > 0 && !p.extra.has(b.limit) && (b.extra.has("max_tokens") || b.extra.has("max_completion_tokens")):
		return "the number of output tokens stands here, and in the extra body for all; leave one out"
	}
	return ""
}

// makeFromPrompts reads all prompts twice: nothing is written unless they are
// sound to the last. Where they say when their requests came, or are turns of
// conversations, the lines are of the request format and say so.
func makeFromPrompts(out *bufio.Writer, content *file.Mapping, in *Options) (n int, err error) {
	framed := false
	for _, w := range []io.Writer{io.Discard, out} {
		err = file.Guard(func() error {
			list, err := openPrompts(content, in)
			if err != nil {
				return err
			}
			var came bool
			if n, came, err = chatBodies(w, list, &in.ChatOptions, framed); err == nil && w != io.Discard {
				tell(in.Notes, list)
			}
			framed = came
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
	n, _, err := chatBodies(out, list, &in.ChatOptions, false)
	if err == nil {
		list.note(in.Notes)
	}
	return n, err
}

// chatBodies writes a body for each prompt, in lines of the request format if they are
// framed. It tells whether a prompt needs that: it has a time, or is a turn.
func chatBodies(w io.Writer, list prompts, o *ChatOptions, framed bool) (n int, came bool, err error) {
	body, err := newChatBody(o)
	if err != nil {
		return 0, false, err
	}
	var line []byte
	for {
		p, err := list.next()
		if err == io.EOF && n == 0 {
			return 0, came, list.Problem("no prompts in it")
		}
		if err == io.EOF {
			return n, came, nil
		}
		if err != nil {
			return n, came, err
		}
		if what := body.fault(p); what != "" {
			return n, came, list.Problem(what)
		}
		came = came || p.at != dataset.NoTime || p.session > 0
		line = appendLine(line[:0], p, body.make(p), framed)
		if len(line)-1 > file.MaxBody {
			return n, came, list.Problem("the body would be more than 64 MiB; shorten the prompt")
		}
		if _, err := w.Write(line); err != nil {
			return n, came, &WriteError{err}
		}
		n++
	}
}

// appendLine appends a body, in the request format where it is framed.
func appendLine(out []byte, p prompt, body []byte, framed bool) []byte {
	if !framed {
		return append(out, body...)
	}
	out = append(out, '{')
	if p.at != dataset.NoTime {
		out = append(appendMilliseconds(append(out, `"timestamp_ms":`...), p.at), ',')
	}
	if p.session > 0 {
		out = append(strconv.AppendInt(append(out, `"session":"`...), int64(p.session), 10), `",`...)
	}
	if p.think > 0 {
		out = append(appendMilliseconds(append(out, `"think_ms":`...), int64(p.think)), ',')
	}
	if p.reply != nil {
		out = append(append(append(out, `"reply":`...), p.reply...), ',')
	}
	if len(p.name) > 0 {
		out = append(jsonscan.AppendString(append(out, `"name":`...), p.name), ',')
	}
	out = append(append(out, `"body":`...), body[:len(body)-1]...)
	return append(out, "}\n"...)
}

// appendMilliseconds writes nanoseconds as milliseconds, exactly.
func appendMilliseconds(out []byte, ns int64) []byte {
	if ns < 0 {
		out, ns = append(out, '-'), -ns
	}
	out = strconv.AppendInt(out, ns/1e6, 10)
	if ns %= 1e6; ns == 0 {
		return out
	}
	return append(out, strings.TrimRight(fmt.Sprintf(".%06d", ns), "0")...)
}
