package table

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

// Reader reads CSV after RFC 4180, a row at a time. Unlike encoding/csv
// it keeps every byte of a field (there, CRLF within quotes becomes LF), and
// tells a quoted empty field from one with nothing in it.
type Reader struct {
	in        *bufio.Reader
	Name      string // of the file, for people
	separator byte
	line      int // number of the next line
	Start     int // number of the row's first line
	long      []byte
	text      []byte // what the fields of the row are cut from
	Fields    []Field
}

// Field is one value of a row: text[start:end].
type Field struct {
	start, end int
	Quoted     bool
}

func newReader(name string, r io.Reader, separator byte) *Reader {
	in := bufio.NewReaderSize(r, 256<<10)
	if head, _ := in.Peek(len(jsonscan.ByteOrderMark)); string(head) == jsonscan.ByteOrderMark {
		in.Discard(len(jsonscan.ByteOrderMark)) // peeked at: cannot fail
	}
	return &Reader{in: in, Name: name, separator: separator, line: 1}
}

// Value returns the text of the row's field i, valid until the next row.
func (t *Reader) Value(i int) []byte { return t.text[t.Fields[i].start:t.Fields[i].end] }

// Problem makes an error of what is wrong with the row.
func (t *Reader) Problem(format string, args ...any) error {
	return &file.LineError{File: t.Name, Line: t.Start, Problem: setting.Plain(fmt.Sprintf(format, args...))}
}

// Next reads the next row that is not a blank line; io.EOF behind the last.
func (t *Reader) Next() error {
	for {
		t.Start = t.line
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
func (t *Reader) readLine(row []byte) ([]byte, error) {
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
		case len(row) > file.MaxBody:
			return nil, t.Problem("a row of more than 64 MiB; look for a quote that is never closed")
		case err == bufio.ErrBufferFull:
			continue
		case err == nil, err == io.EOF && read > 0:
			t.line++
			return row, nil
		case err == io.EOF:
			return nil, io.EOF
		default:
			return nil, file.OpenError(t.Name, err)
		}
	}
}

// lineEnd returns how many bytes at the end of a line are its line end. A CR
// that ends the file is taken for one.
func lineEnd(line []byte) int {
	switch last := len(line) - 1; {
	case jsonscan.IsAt(line, last, '\n') && jsonscan.IsAt(line, last-1, '\r'):
		return 2
	case jsonscan.IsAt(line, last, '\n'), jsonscan.IsAt(line, last, '\r'):
		return 1
	}
	return 0
}

// split cuts a row into its fields. Most rows have no quotes.
func (t *Reader) split(line, content []byte) error {
	t.Fields = t.Fields[:0]
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
			t.Fields = append(t.Fields, Field{start: at, end: len(content)})
			return t.checkText()
		}
		t.Fields = append(t.Fields, Field{start: at, end: at + i})
		at += i + 1
	}
}

func (t *Reader) strayReturn() error {
	return t.Problem("a carriage return within a field without quotes; make line ends LF or CRLF, or quote the field")
}
