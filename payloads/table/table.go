package table

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// Table is a CSV file that is read twice: to infer, and to write. It is read,
// not mapped, since mapped pages would count as memory of this process.
type Table struct {
	Content   *file.Mapping
	Header    bool // the first row names the columns
	Separator byte
	Types     map[string]string // of columns by name, where they were asked for
	Columns   []Column
}

// Open reads the table from its beginning.
func (t *Table) Open() *Reader {
	return newReader(t.Content.Name, t.Content.Section(), t.Separator)
}

// Ended is the error for a file that ends before its first row of data; other
// errors come back as they are.
func (t *Table) Ended(err error) error {
	switch {
	case err != io.EOF:
		return err
	case len(t.Columns) > 0:
		return fmt.Errorf("%s: no rows below the header; if the first line is a row, say that there is no header",
			t.Content.Name)
	}
	return fmt.Errorf("%s: empty; it needs rows of CSV", t.Content.Name)
}

// Begin makes the columns after the first row.
func (t *Table) Begin(first *Reader) error {
	places := make(map[string]int)
	for i := range first.Fields {
		name := strconv.Itoa(i)
		if t.Header {
			name = string(first.Value(i))
			if name == "" {
				return first.Problem("column %d of the header has no name; name it, or leave it out (pandas: "+
					"to_csv(index=False))", i+1)
			}
		}
		if before, ok := places[name]; ok {
			return first.Problem("columns %d and %d are both named %s; rename one", before+1, i+1,
				show.Excerpt([]byte(name)))
		}
		places[name] = i
		c := Column{Name: name, Key: jsonscan.AppendString(nil, name)}
		if kind, ok := t.Types[name]; ok {
			c.kind, c.Given = Type(kind), true
		}
		t.Columns = append(t.Columns, c)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Types)) {
		if _, ok := places[name]; !ok {
			return first.Problem("no column %q, to which a type was given; the first is %s, the last %s", name,
				show.Excerpt([]byte(t.Columns[0].Name)), show.Excerpt([]byte(t.Columns[len(t.Columns)-1].Name)))
		}
	}
	return nil
}

// SameLength wants as many fields in a row as there are columns.
func (t *Table) SameLength(row *Reader) error {
	if len(row.Fields) == len(t.Columns) {
		return nil
	}
	model := "first row"
	if t.Header {
		model = "header"
	}
	return row.Problem("%s, but the %s has %d; mend the row, or check the separator %q",
		show.Counted(len(row.Fields), "field", "fields"), model, len(t.Columns), t.Separator)
}
