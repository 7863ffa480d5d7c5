package payloads

import (
	"bufio"
	"fmt"
)

// bodyWriter puts rows together to bodies, and writes each when it is full.
type bodyWriter struct {
	out     *bufio.Writer
	columns []column
	perBody int
	head    []byte
	tail    string
	objects bool // a row is an object, not an array

	body  []byte
	rows  int // in the body
	first int // number of the line with the first of them
	n     int // bodies written

	// parts holds one array per column, for inputs with names.
	parts  [][]byte
	length int // of all parts
}

func newBodyWriter(out *bufio.Writer, columns []column, in MakeOptions) *bodyWriter {
	b := &bodyWriter{out: out, columns: columns, perBody: in.RowsPerRequest, tail: "]}\n"}
	named := in.Header && !in.Unnamed
	b.head = fmt.Appendf(nil, `{"%s":[`, in.Format)
	b.objects = in.Format == DataframeRecords || in.Format == Instances && named
	switch {
	case in.Format == DataframeSplit:
		b.head, b.tail = splitHead(columns), "]}}\n"
	case in.Format == Inputs && named:
		b.parts = make([][]byte, len(columns))
		b.head, b.tail = []byte(`{"inputs":{`), "}}\n"
	}
	return b
}

func splitHead(columns []column) []byte {
	head := []byte(`{"dataframe_split":{"columns":[`)
	for i, c := range columns {
		if i > 0 {
			head = append(head, ',')
		}
		head = append(head, c.key...)
	}
	return append(head, `],"data":[`...)
}

// add takes a row.
func (b *bodyWriter) add(row *tableReader) error {
	if b.rows == 0 {
		b.body = append(b.body[:0], b.head...)
		b.first, b.length = row.start, 0
		for i := range b.parts {
			b.parts[i] = b.parts[i][:0]
		}
	}
	var err error
	if b.parts != nil {
		err = b.addToParts(row)
	} else {
		err = b.addRow(row)
	}
	if err != nil {
		return err
	}
	if b.rows++; b.rows < b.perBody {
		return nil
	}
	return b.write(row)
}

func (b *bodyWriter) addRow(row *tableReader) error {
	opening, closing := byte('['), byte(']')
	if b.objects {
		opening, closing = '{', '}'
	}
	if b.rows > 0 {
		b.body = append(b.body, ',')
	}
	b.body = append(b.body, opening)
	for i := range b.columns {
		if i > 0 {
			b.body = append(b.body, ',')
		}
		if b.objects {
			b.body = append(append(b.body, b.columns[i].key...), ':')
		}
		var err error
		if b.body, err = b.value(b.body, row, i); err != nil {
			return err
		}
	}
	b.body = append(b.body, closing)
	return b.checkLength(row, len(b.body)+len(b.tail))
}

func (b *bodyWriter) addToParts(row *tableReader) error {
	for i, part := range b.parts {
		before := len(part)
		if b.rows > 0 {
			part = append(part, ',')
		}
		var err error
		if b.parts[i], err = b.value(part, row, i); err != nil {
			return err
		}
		b.length += len(b.parts[i]) - before
	}
	return b.checkLength(row, b.length)
}

// value appends the row's value in column i.
func (b *bodyWriter) value(out []byte, row *tableReader, i int) ([]byte, error) {
	out, what := b.columns[i].appendValue(out, row.value(i), row.fields[i].quoted)
	if what != "" {
		return out, row.problem("%s", what)
	}
	return out, nil
}

func (b *bodyWriter) checkLength(row *tableReader, length int) error {
	if length <= maxBody {
		return nil
	}
	return &LineError{File: row.name, Line: b.first, Problem: "the body that begins with this row is more than 64 MiB; put fewer rows into a request"}
}

// write ends the body and writes it.
func (b *bodyWriter) write(row *tableReader) error {
	for i, part := range b.parts {
		if i > 0 {
			b.body = append(b.body, ',')
		}
		b.body = append(append(append(append(b.body, b.columns[i].key...), ":["...), part...), ']')
	}
	b.body = append(b.body, b.tail...)
	if err := b.checkLength(row, len(b.body)-1); err != nil {
		return err
	}
	if _, err := b.out.Write(b.body); err != nil {
		return &WriteError{err}
	}
	b.rows = 0
	b.n++
	return nil
}

// finish writes what is left behind the last row.
func (b *bodyWriter) finish(row *tableReader) error {
	if b.rows == 0 {
		return nil
	}
	return b.write(row)
}
