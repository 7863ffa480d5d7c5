package payloads

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// tableReader reads CSV after RFC 4180, a row at a time. Unlike encoding/csv
// it keeps every byte of a field (there, CRLF within quotes becomes LF), and
// tells a quoted empty field from one with nothing in it.
type tableReader struct {
	in        *bufio.Reader
	name      string // of the file, for people
	separator byte
	line      int // number of the next line
	start     int // number of the row's first line
	long      []byte
	text      []byte // what the fields of the row are cut from
	fields    []field
}

// field is one value of a row: text[start:end].
type field struct {
	start, end int
	quoted     bool
}

func newTableReader(name string, r io.Reader, separator byte) *tableReader {
	in := bufio.NewReaderSize(r, 256<<10)
	if head, _ := in.Peek(len(byteOrderMark)); string(head) == byteOrderMark {
		in.Discard(len(byteOrderMark)) // peeked at: cannot fail
	}
	return &tableReader{in: in, name: name, separator: separator, line: 1}
}

// value returns the text of the row's field i, valid until the next row.
func (t *tableReader) value(i int) []byte { return t.text[t.fields[i].start:t.fields[i].end] }

// problem makes an error of what is wrong with the row.
func (t *tableReader) problem(format string, args ...any) error {
	return &LineError{File: t.name, Line: t.start, Problem: fmt.Sprintf(format, args...)}
}

// next reads the next row that is not a blank line; io.EOF behind the last.
func (t *tableReader) next() error {
	for {
		t.start = t.line
		line, err := t.readLine(t.long[:0])
		if err != nil {
			return err
		}
		if content := line[:len(line)-lineEnd(line)]; len(content) > 0 {
			return t.split(line, content)
		}
	}
}

// readLine reads a line with its line end. It appends it to row unless that
// is empty and the line lies in the reader's buffer whole.
func (t *tableReader) readLine(row []byte) ([]byte, error) {
	for read := 0; ; {
		part, err := t.in.ReadSlice('\n')
		if err == nil && len(row) == 0 {
			t.line++
			return part, nil
		}
		read += len(part)
		row = append(row, part...)
		t.long = row
		switch {
		case len(row) > maxBody:
			return nil, t.problem("a row of more than 64 MiB; look for a quote that is never closed")
		case err == bufio.ErrBufferFull:
			continue
		case err == nil, err == io.EOF && read > 0:
			t.line++
			return row, nil
		case err == io.EOF:
			return nil, io.EOF
		default:
			return nil, openError(t.name, err)
		}
	}
}

// lineEnd returns how many bytes at the end of a line are its line end. A CR
// that ends the file is taken for one.
func lineEnd(line []byte) int {
	switch last := len(line) - 1; {
	case isAt(line, last, '\n') && isAt(line, last-1, '\r'):
		return 2
	case isAt(line, last, '\n'), isAt(line, last, '\r'):
		return 1
	}
	return 0
}

// split cuts a row into its fields. Most rows have no quotes.
func (t *tableReader) split(line, content []byte) error {
	t.fields = t.fields[:0]
	if bytes.IndexByte(content, '"') >= 0 {
		return t.splitQuoted(line)
	}
	if bytes.IndexByte(content, '\r') >= 0 {
		return t.strayReturn()
	}
	t.text = content
	for at := 0; ; {
		i := bytes.IndexByte(content[at:], t.separator)
		if i < 0 {
			t.fields = append(t.fields, field{start: at, end: len(content)})
			return t.checkText()
		}
		t.fields = append(t.fields, field{start: at, end: at + i})
		at += i + 1
	}
}

func (t *tableReader) strayReturn() error {
	return t.problem("a carriage return within a field without quotes; make line ends LF or CRLF, or quote the field")
}
