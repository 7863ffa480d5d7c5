package dataset

import (
	"bytes"
	"fmt"
	"strings"

	"brunt/payloads/file"
	"brunt/payloads/inference"
	"brunt/payloads/show"
	"brunt/payloads/table"
)

// columns are the names that a trace's columns have.
type columns struct {
	at, input, output string
	model             string // "" where there is none
	implied           string // says nothing that the others do not; "" for none
}

var csvColumns = map[Format]columns{
	Azure: {at: "TIMESTAMP", input: "ContextTokens", output: "GeneratedTokens"},
	BurstGPT: {
		at:      "Timestamp",
		input:   "Request tokens",
		output:  "Response tokens",
		model:   "Model",
		implied: "Total tokens",
	},
}

// trace is a CSV file of requests by their lengths.
type trace struct {
	format                   Format
	table                    *table.Table
	rows                     *table.Reader
	at, input, output, model int // columns; -1 for none
}

func openTrace(content *file.Mapping, format Format, r *Reader) (*trace, error) {
	t := &table.Table{Content: content, Header: true, Separator: ','}
	x := &trace{format: format, table: t, rows: t.Open(), model: -1}
	if err := x.rows.Next(); err != nil {
		return nil, t.Ended(err)
	}
	if err := t.Begin(x.rows); err != nil {
		return nil, err
	}
	names, missing := csvColumns[format], ""
	find := func(name string) int {
		for i := range t.Columns {
			if columnName(t.Columns[i].Name) == columnName(name) {
				return i
			}
		}
		return -1
	}
	for _, c := range []struct {
		place *int
		name  string
	}{{&x.at, names.at}, {&x.input, names.input}, {&x.output, names.output}} {
		if *c.place = find(c.name); *c.place < 0 {
			missing = c.name
		}
	}
	if missing != "" {
		return nil, x.rows.Problem(
			"no column %s; a trace of the format %s has %s, %s and %s",
			missing,
			format,
			names.at,
			names.input,
			names.output,
		)
	}
	if names.model != "" {
		x.model = find(names.model)
	}
	r.entries = x
	for i := range t.Columns {
		if name := t.Columns[i].Name; i != x.at && i != x.input && i != x.output && i != x.model &&
			columnName(name) != columnName(names.implied) {
			r.left = append(r.left, remark{what: fmt.Sprintf("column %s is not used", show.Excerpt([]byte(name)))})
		}
	}
	return x, nil
}

func (x *trace) Problem(what string) error { return x.rows.Problem("%s", what) }

func (x *trace) entry(r *Reader) (bool, error) {
	if err := x.rows.Next(); err != nil {
		return false, err
	}
	if err := x.table.SameLength(x.rows); err != nil {
		return false, err
	}
	t := r.turn()
	var what string
	read := func(column int) int {
		n := 0
		if what == "" {
			n, what = tokens(x.table.Columns[column].Name, bytes.TrimSpace(x.rows.Value(column)))
		}
		return n
	}
	t.InputTokens, t.OutputTokens = read(x.input), read(x.output)
	if what == "" {
		r.now.At, what = x.time()
	}
	if what != "" {
		return false, x.Problem(what)
	}
	if x.model >= 0 {
		r.now.Name = x.rows.Value(x.model)
	}
	switch {
	case t.InputTokens == 0:
		r.Leave("request without input tokens left out")
		return false, nil
	case t.OutputTokens == 0:
		r.Leave("request without output tokens, which failed when it was recorded, left out")
		return false, nil
	}
	return true, nil
}

// time is when the row's request came: a date and time for Azure, seconds for
// BurstGPT.
func (x *trace) time() (int64, string) {
	value, name := bytes.TrimSpace(x.rows.Value(x.at)), x.table.Columns[x.at].Name
	if x.format == BurstGPT {
		n, what := number(name, value, 9)
		if what != "" {
			what = fmt.Sprintf("%s %s: must be a number of seconds", name, show.Excerpt(value))
		}
		return n, what
	}
	at := inference.ParseTime(string(value), 1e9)
	if at == inference.NoTime || at == inference.BadTime || !strings.Contains(string(value), "-") {
		return 0, fmt.Sprintf(
			"%s %s: must be a date and time such as 2023-11-16 18:17:03.9799600",
			name,
			show.Excerpt(value),
		)
	}
	return at, ""
}
