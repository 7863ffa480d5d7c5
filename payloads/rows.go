package payloads

import (
	"bufio"
	"io"
)

func makeFromTable(out *bufio.Writer, content *mapping, in MakeOptions) (n int, err error) {
	t := in.table(content)
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
	if t.header {
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
