package generate

import (
	"bufio"
	"fmt"

	"brunt/payloads/file"
	"brunt/payloads/setting"
	"brunt/payloads/shape"
	"brunt/payloads/table"
)

// bodyWriter puts rows together to bodies, and writes each when it is full.
type bodyWriter struct {
	out     *bufio.Writer
	columns []table.Column
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

func newBodyWriter(out *bufio.Writer, columns []table.Column, in Options) *bodyWriter {
	b := &bodyWriter{out: out, columns: columns, perBody: in.RowsPerRequest, tail: "]}\n"}
	named := in.Header && !in.Unnamed
	b.head = fmt.Appendf(nil, `{"%s":[`, in.Format)
	b.objects = in.Format == shape.DataframeRecords || in.Format == shape.Instances && named
	switch {
	case in.Format == shape.DataframeSplit:
		b.head, b.tail = splitHead(columns), "]}}\n"
	case in.Format == shape.Inputs && named:
		b.parts = make([][]byte, len(columns))
		b.head, b.tail = []byte(`{"inputs":{`), "}}\n"
	}
	return b
}

func splitHead(columns []table.Column) []byte {
	head := []byte(`{"dataframe_split":{"columns":[`)
	for i, c := range columns {
		if i > 0 {
			head = append(head, ',')
		}
		head = append(head, c.Key...)
	}
	return append(head, `],"data":[`...)
}

// add takes a row.
func (b *bodyWriter) add(row *table.Reader) error {
	if b.rows == 0 {
		b.body = append(b.body[:0], b.head...)
		b.first, b.length = row.Start, 0
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

func (b *bodyWriter) addRow(row *table.Reader) error {
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
			b.body = append(append(b.body, b.columns[i].Key...), ':')
		}
		var err error
		if b.body, err = b.value(b.body, row, i); err != nil {
			return err
		}
	}
	b.body = append(b.body, closing)
	return b.checkLength(row, len(b.body)+len(b.tail))
}

func (b *bodyWriter) addToParts(row *table.Reader) error {
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
func (b *bodyWriter) value(out []byte, row *table.Reader, i int) ([]byte, error) {
	out, what := b.columns[i].AppendValue(out, row.Value(i), row.Fields[i].Quoted)
	if what != "" {
		return out, row.Problem("%s", what)
	}
	return out, nil
}

func (b *bodyWriter) checkLength(row *table.Reader, length int) error {
	if length <= file.MaxBody {
		return nil
	}
	return &file.LineError{File: row.Name, Line: b.first, Problem: setting.Plain("the body that begins with this row " +
		"is more than 64 MiB; put fewer rows into a request")}
}

// write ends the body and writes it.
func (b *bodyWriter) write(row *table.Reader) error {
	for i, part := range b.parts {
		if i > 0 {
			b.body = append(b.body, ',')
		}
		b.body = append(append(append(append(b.body, b.columns[i].Key...), ":["...), part...), ']')
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
func (b *bodyWriter) finish(row *table.Reader) error {
	if b.rows == 0 {
		return nil
	}
	return b.write(row)
}
