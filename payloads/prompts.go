package payloads

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// prompt is what one chat body asks.
type prompt struct {
	text     []byte // as a JSON string
	messages []byte // the elements of a list of messages, instead
	system   bool   // among them is a system message
}

// prompts reads one after the other; io.EOF stands behind the last.
type prompts interface {
	next() (prompt, error)
	// problem makes an error of what is wrong with the prompt read last.
	problem(what string) error
}

// openPrompts reads the file that the ending of its name says it is.
func openPrompts(content *mapping, in *MakeOptions) (prompts, error) {
	path := in.Path
	if promisedPacking(path) != "" {
		path = path[:len(path)-len(filepath.Ext(path))]
	}
	src := &source{name: content.name, data: content.data}
	lines := linePrompts{src: src, at: src.textStart()}
	switch ending := strings.ToLower(filepath.Ext(path)); {
	case in.Path == stdinPath, ending == ".txt":
		return &textPrompts{lines}, nil
	case ending == ".jsonl", ending == ".ndjson":
		return &jsonPrompts{linePrompts: lines}, nil
	case ending == ".csv":
		return openTablePrompts(content, in)
	}
	return nil, src.wrong("not known how prompts stand in it; name it .txt (one on each line), .csv or .jsonl")
}

// linePrompts cut a file into lines.
type linePrompts struct {
	src    *source
	at     int
	line   int // number of the line read last
	quoted []byte
}

// nextLine returns the next line that is not blank.
func (l *linePrompts) nextLine() ([]byte, error) {
	for l.at < len(l.src.data) {
		line, next := cutLine(l.src.data, l.at)
		l.at = next
		l.line++
		if isBlank(line) {
			continue
		}
		if len(line) > maxBody {
			return nil, l.problem("a line of more than 64 MiB; shorten the prompt")
		}
		if i := invalidUTF8(line); i >= 0 {
			return nil, l.problem(fmt.Sprintf("not UTF-8: invalid byte 0x%02X at column %d; convert the file to UTF-8", line[i], i+1))
		}
		return line, nil
	}
	return nil, io.EOF
}

func (l *linePrompts) problem(what string) error {
	if l.line == 0 {
		return l.src.wrong(what)
	}
	return &LineError{File: l.src.name, Line: l.line, Problem: what}
}

// textPrompts are lines of text, kept to the byte, blank ones left out.
type textPrompts struct{ linePrompts }

func (t *textPrompts) next() (prompt, error) {
	line, err := t.nextLine()
	if err != nil {
		return prompt{}, err
	}
	t.quoted = appendText(t.quoted[:0], line)
	return prompt{text: t.quoted}, nil
}

// jsonPrompts are lines of JSON: strings, or objects with prompt or messages.
type jsonPrompts struct{ linePrompts }

func (j *jsonPrompts) next() (prompt, error) {
	line, err := j.nextLine()
	if err != nil {
		return prompt{}, err
	}
	if !validJSON(line) {
		return prompt{}, j.problem(lineFault(line))
	}
	value := bytes.TrimFunc(line, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
	var p prompt
	what := ""
	switch value[0] {
	case '"':
		p, what = stringPrompt(value)
	case '{':
		p, what = j.object(value)
	default:
		what = fmt.Sprintf("%s is no prompt; a line is a string, or an object with prompt or messages", shown(value))
	}
	if what != "" {
		return prompt{}, j.problem(what)
	}
	return p, nil
}

// stringPrompt takes a JSON string as it stands.
func stringPrompt(value []byte) (prompt, string) {
	if !isAt(value, 0, '"') {
		return prompt{}, fmt.Sprintf("prompt %s: must be a string", shown(value))
	}
	if text, ok := unquote(value); !ok {
		return prompt{}, fmt.Sprintf("prompt %s: not valid Unicode", shown(value))
	} else if isBlank(text) {
		return prompt{}, "an empty prompt; leave the line out"
	}
	return prompt{text: value}, ""
}

// object reads a line such as {"prompt":…} or {"messages":[…]}; its other keys
// are left out.
func (j *jsonPrompts) object(value []byte) (prompt, string) {
	text, messages := member(value, "prompt"), member(value, "messages")
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
	eachElement(value, func(message []byte, _ int) bool {
		n++
		role, _ := unquote(member(message, "role"))
		if len(role) == 0 {
			what = fmt.Sprintf("message %d has no role; it must be an object such as {\"role\":\"user\",\"content\":…}", n)
		}
		p.system = p.system || string(role) == "system" || string(role) == "developer"
		return what == ""
	})
	if n == 0 {
		return prompt{}, fmt.Sprintf("messages %s: must be a list with at least one message", shown(value))
	}
	j.quoted = appendCompact(j.quoted[:0], value)
	p.messages = j.quoted[1 : len(j.quoted)-1]
	return p, what
}

// member returns the raw value of a key of a sound object, the last one where
// it is given twice; nil where there is none.
func member(object []byte, name string) (found []byte) {
	eachMember(object, 0, 1, func(rawKey, value []byte, _ int) string {
		if key, _ := unquote(rawKey); string(key) == name {
			found = value
		}
		return ""
	})
	return found
}

// tablePrompts are one column of a table.
type tablePrompts struct {
	table  *table
	rows   *tableReader
	column int
	unread bool // the first row, which is no header, has been read already
	quoted []byte
}

func openTablePrompts(content *mapping, in *MakeOptions) (*tablePrompts, error) {
	t := &table{content: content, in: *in}
	p := &tablePrompts{table: t, rows: t.open(), unread: !in.Header}
	if err := p.rows.next(); err != nil {
		return nil, t.ended(err)
	}
	if err := t.begin(p.rows); err != nil {
		return nil, err
	}
	name := in.Column
	if name == "" {
		name = "prompt"
	}
	var names []string
	for i, c := range t.columns {
		if c.name == name {
			p.column = i
			return p, nil
		}
		names = append(names, strconv.Quote(c.name))
	}
	switch {
	case in.Column != "":
		return nil, p.problem(fmt.Sprintf("no column %q; there are %s", name, listed(names)))
	case len(names) > 1:
		return nil, p.problem(fmt.Sprintf("no column prompt; say with --column which of %s it is", listed(names)))
	}
	return p, nil
}

// listed names the first few.
func listed(names []string) string {
	const most = 10
	if len(names) > most {
		names = append(names[:most:most], "…")
	}
	return strings.Join(names, ", ")
}

func (p *tablePrompts) next() (prompt, error) {
	if !p.unread {
		if err := p.rows.next(); err != nil {
			return prompt{}, err
		}
	}
	p.unread = false
	if err := p.table.sameLength(p.rows); err != nil {
		return prompt{}, err
	}
	text := p.rows.value(p.column)
	if isBlank(text) {
		return prompt{}, p.problem("an empty prompt; leave the row out")
	}
	p.quoted = appendText(p.quoted[:0], text)
	return prompt{text: p.quoted}, nil
}

func (p *tablePrompts) problem(what string) error { return p.rows.problem("%s", what) }
