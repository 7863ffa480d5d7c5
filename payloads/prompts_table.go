package payloads

import (
	"fmt"
	"strconv"
	"strings"
)

// tablePrompts are one column of a table.
type tablePrompts struct {
	table  *table
	rows   *tableReader
	column int
	unread bool // the first row, which is no header, has been read already
	quoted []byte
}

func openTablePrompts(content *mapping, in *MakeOptions) (*tablePrompts, error) {
	t := in.table(content)
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
