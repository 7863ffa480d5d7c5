package payloads

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// table is a CSV file that is read twice: to infer, and to write. It is read,
// not mapped, since mapped pages would count as memory of this process.
type table struct {
	content *mapping
	in      MakeOptions
	columns []column
}

func makeFromTable(out *bufio.Writer, content *mapping, in MakeOptions) (n int, err error) {
	t := &table{content: content, in: in}
	if err := t.infer(); err != nil {
		return 0, err
	}
	// The second pass meets the same rows.
	rows := t.open()
	if in.Header {
		if err := rows.next(); err != nil {
			return 0, t.ended(err)
		}
	}
	b := newBodyWriter(out, t.columns, in)
	for {
		err := rows.next()
		if err == io.EOF {
			return b.n, b.finish(rows)
		}
		if err == nil {
			err = t.sameLength(rows)
		}
		if err == nil {
			err = b.add(rows)
		}
		if err != nil {
			return b.n, err
		}
	}
}

func (t *table) open() *tableReader {
	return newTableReader(t.content.name, io.NewSectionReader(t.content.file, 0, t.content.size), byte(t.in.Separator))
}

// infer is the first pass. It settles the types of all columns, and finds
// whatever is wrong with the file.
func (t *table) infer() error {
	rows := t.open()
	if err := rows.next(); err != nil {
		return t.ended(err)
	}
	if err := t.begin(rows); err != nil {
		return err
	}
	if t.in.Header {
		if err := rows.next(); err != nil {
			return t.ended(err)
		}
	}
	var scratch []byte
	for {
		if err := t.sameLength(rows); err != nil {
			return err
		}
		for i := range t.columns {
			c, value := &t.columns[i], rows.value(i)
			if !c.given {
				c.look(value)
				continue
			}
			var what string
			if scratch, what = c.appendValue(scratch[:0], value, true); what != "" {
				return rows.problem("%s", what)
			}
		}
		if err := rows.next(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	for i := range t.columns {
		if !t.columns[i].given {
			t.columns[i].infer()
		}
	}
	return nil
}

// ended words the end of a file that came too soon.
func (t *table) ended(err error) error {
	switch {
	case err != io.EOF:
		return err
	case len(t.columns) > 0:
		return fmt.Errorf("%s: no rows below the header; if the first line is a row, say that there is no header", t.content.name)
	}
	return fmt.Errorf("%s: empty; it needs rows of CSV", t.content.name)
}

// begin makes the columns after the first row.
func (t *table) begin(first *tableReader) error {
	places := make(map[string]int)
	for i := range first.fields {
		name := strconv.Itoa(i)
		if t.in.Header {
			name = string(first.value(i))
			if name == "" {
				return first.problem("column %d of the header has no name; name it, or leave it out (pandas: to_csv(index=False))", i+1)
			}
		}
		if before, ok := places[name]; ok {
			return first.problem("columns %d and %d are both named %s; rename one", before+1, i+1, shown([]byte(name)))
		}
		places[name] = i
		c := column{name: name, key: appendText(nil, name)}
		if kind, ok := t.in.Types[name]; ok {
			c.kind, c.given = columnType(kind), true
		}
		t.columns = append(t.columns, c)
	}
	for _, name := range slices.Sorted(maps.Keys(t.in.Types)) {
		if _, ok := places[name]; !ok {
			return first.problem("no column %q, to which a type was given; the first is %s, the last %s", name,
				shown([]byte(t.columns[0].name)), shown([]byte(t.columns[len(t.columns)-1].name)))
		}
	}
	return nil
}

// sameLength wants as many fields in a row as there are columns.
func (t *table) sameLength(row *tableReader) error {
	if len(row.fields) == len(t.columns) {
		return nil
	}
	model := "first row"
	if t.in.Header {
		model = "header"
	}
	return row.problem("%s, but the %s has %d; mend the row, or check the separator %q",
		counted(len(row.fields), "field", "fields"), model, len(t.columns), t.in.Separator)
}
