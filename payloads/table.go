package payloads

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// table is a CSV file that is read twice: to infer, and to write. It is read,
// not mapped, since mapped pages would count as memory of this process.
type table struct {
	content   *mapping
	header    bool // the first row names the columns
	separator byte
	types     map[string]string // of columns by name, where they were asked for
	columns   []column
}

func (t *table) open() *tableReader {
	return newTableReader(t.content.name, t.content.section(), t.separator)
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
		if t.header {
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
		if kind, ok := t.types[name]; ok {
			c.kind, c.given = columnType(kind), true
		}
		t.columns = append(t.columns, c)
	}
	for _, name := range slices.Sorted(maps.Keys(t.types)) {
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
	if t.header {
		model = "header"
	}
	return row.problem("%s, but the %s has %d; mend the row, or check the separator %q",
		counted(len(row.fields), "field", "fields"), model, len(t.columns), t.separator)
}
