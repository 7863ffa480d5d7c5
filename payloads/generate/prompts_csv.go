package generate

import (
	"fmt"
	"strconv"
	"strings"

	"brunt/payloads/dataset"
	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
	"brunt/payloads/table"
)

// csvPrompts are one column of a table.
type csvPrompts struct {
	table  *table.Table
	rows   *table.Reader
	column int
	unread bool // the first row, which is no header, has been read already
	quoted []byte
	unused []string // columns, quoted
}

func openCSVPrompts(content *file.Mapping, in *Options) (*csvPrompts, error) {
	t := in.table(content)
	p := &csvPrompts{table: t, rows: t.Open(), unread: !in.Header}
	if err := p.rows.Next(); err != nil {
		return nil, t.Ended(err)
	}
	if err := t.Begin(p.rows); err != nil {
		return nil, err
	}
	name := in.Column
	if name == "" {
		name = "prompt"
	}
	var names []string
	for i, c := range t.Columns {
		if c.Name == name {
			p.column = i
			p.leave(t)
			return p, nil
		}
		names = append(names, strconv.Quote(c.Name))
	}
	switch {
	case in.Column != "":
		return nil, p.Problem(fmt.Sprintf("no column %q; there are %s", name, listed(names)))
	case len(names) > 1:
		return nil, &file.LineError{File: p.rows.Name, Line: p.rows.Start,
			Problem: setting.Textf("no column prompt; say with %v which of %s it is", setting.Column, listed(names))}
	}
	return p, nil
}

// leave notes the columns beside the prompts'.
func (p *csvPrompts) leave(t *table.Table) {
	for i, c := range t.Columns {
		if i != p.column {
			p.unused = append(p.unused, strconv.Quote(c.Name))
		}
	}
}

// listed names the first few.
func listed(names []string) string {
	const most = 10
	if len(names) > most {
		names = append(names[:most:most], "…")
	}
	return strings.Join(names, ", ")
}

func (p *csvPrompts) next() (prompt, error) {
	if !p.unread {
		if err := p.rows.Next(); err != nil {
			return prompt{}, err
		}
	}
	p.unread = false
	if err := p.table.SameLength(p.rows); err != nil {
		return prompt{}, err
	}
	text := p.rows.Value(p.column)
	if file.IsBlank(text) {
		return prompt{}, p.Problem("an empty prompt; leave the row out")
	}
	p.quoted = jsonscan.AppendString(p.quoted[:0], text)
	return prompt{text: p.quoted, at: dataset.NoTime}, nil
}

func (p *csvPrompts) Problem(what string) error { return p.rows.Problem("%s", what) }
