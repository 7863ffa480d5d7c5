package generate

import (
	"bufio"
	"io"

	"brunt/payloads/file"
	"brunt/payloads/table"
)

func makeFromTable(out *bufio.Writer, content *file.Mapping, in Options) (n int, err error) {
	t := in.table(content)
	if err := infer(t); err != nil {
		return 0, err
	}
	// The second pass reads the same rows.
	rows := t.Open()
	if in.Header {
		if err := rows.Next(); err != nil {
			return 0, t.Ended(err)
		}
	}
	b := newBodyWriter(out, t.Columns, in)
	for {
		err := rows.Next()
		if err == io.EOF {
			return b.n, b.finish(rows)
		}
		if err == nil {
			err = t.SameLength(rows)
		}
		if err == nil {
			err = b.add(rows)
		}
		if err != nil {
			return b.n, err
		}
	}
}

// infer is the first pass over a table: it chooses the types of all columns and
// finds what is wrong with the file.
func infer(t *table.Table) error {
	rows := t.Open()
	if err := rows.Next(); err != nil {
		return t.Ended(err)
	}
	if err := t.Begin(rows); err != nil {
		return err
	}
	if t.Header {
		if err := rows.Next(); err != nil {
			return t.Ended(err)
		}
	}
	var scratch []byte
	for {
		if err := t.SameLength(rows); err != nil {
			return err
		}
		for i := range t.Columns {
			c, value := &t.Columns[i], rows.Value(i)
			if !c.Given {
				c.Look(value)
				continue
			}
			var what string
			if scratch, what = c.AppendValue(scratch[:0], value, true); what != "" {
				return rows.Problem("%s", what)
			}
		}
		if err := rows.Next(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	for i := range t.Columns {
		if !t.Columns[i].Given {
			t.Columns[i].Infer()
		}
	}
	return nil
}
