package table

import (
	"bytes"
	"io"
	"unicode/utf8"

	"brunt/payloads/jsonscan"
)

// splitQuoted cuts a row that has quotes, and may go on for several lines.
func (t *Reader) splitQuoted(row []byte) error {
	if len(t.long) == 0 || &row[0] != &t.long[0] {
		t.long = append(t.long[:0], row...) // to be changed in place, and to grow
	}
	at, out := 0, 0 // where reading and writing is
	for {
		f := Field{start: out}
		var err error
		if jsonscan.IsAt(t.long, at, '"') {
			f.Quoted = true
			at, out, err = t.unquoteField(at+1, out)
		} else {
			at, out, err = t.plainField(at, out)
		}
		if err != nil {
			return err
		}
		f.end = out
		t.Fields = append(t.Fields, f)
		if !jsonscan.IsAt(t.long, at, t.separator) {
			t.text = t.long[:out]
			return t.checkText()
		}
		// The separator stays, so that the last byte of one field and the first
		// of the next do not make a character together.
		t.long[out] = t.separator
		out++
		at++
	}
}

// plainField moves the field without quotes at an offset to where it belongs.
// It returns the offset of what ends the field, and the end of the text.
func (t *Reader) plainField(at, out int) (int, int, error) {
	rest := t.long[at : len(t.long)-lineEnd(t.long)]
	if i := bytes.IndexByte(rest, t.separator); i >= 0 {
		rest = rest[:i]
	}
	if bytes.IndexByte(rest, '"') >= 0 {
		return 0, 0, t.Problem("a quote within field %d, which does not begin with one; "+
			"quote the field and double the quotes in it", len(t.Fields)+1)
	}
	if bytes.IndexByte(rest, '\r') >= 0 {
		return 0, 0, t.strayReturn()
	}
	copy(t.long[out:], rest)
	return at + len(rest), out + len(rest), nil
}

// unquoteField moves the quoted field whose text begins at an offset to where it
// belongs, without its quotes, and reads the further lines that it spans. It
// returns the same as plainField.
func (t *Reader) unquoteField(at, out int) (int, int, error) {
	for {
		i := bytes.IndexByte(t.long[at:], '"')
		if i < 0 {
			out += copy(t.long[out:], t.long[at:])
			at = len(t.long)
			if err := t.moreLines(); err != nil {
				return 0, 0, err
			}
			continue
		}
		out += copy(t.long[out:], t.long[at:at+i])
		at += i + 1
		if !jsonscan.IsAt(t.long, at, '"') {
			return at, out, t.checkFieldEnd(at)
		}
		t.long[out] = '"' // out is behind at, since the quotes are left out
		out++
		at++
	}
}

// moreLines appends the next line to the row.
func (t *Reader) moreLines() error {
	_, err := t.readLine(t.long)
	if err == io.EOF {
		return t.Problem("the quote that opens field %d is never closed; close it, or double it if it belongs to "+
			"the text", len(t.Fields)+1)
	}
	return err
}

// checkFieldEnd wants a separator or the row's end behind a closing quote.
func (t *Reader) checkFieldEnd(at int) error {
	if at == len(t.long)-lineEnd(t.long[at:]) || jsonscan.IsAt(t.long, at, t.separator) {
		return nil
	}
	if at > 1 && t.long[at-2] == '\\' {
		return t.Problem("a backslash before a quote in field %d; double the quotes within a field instead (in "+
			"Spark: option(\"escape\", '\"'))", len(t.Fields)+1)
	}
	return t.Problem("text behind the closing quote of field %d; double the quotes within a field", len(t.Fields)+1)
}

// checkText wants UTF-8, since JSON has no other text.
func (t *Reader) checkText() error {
	if utf8.Valid(t.text) {
		return nil
	}
	for i := range t.Fields {
		if at := jsonscan.InvalidUTF8(t.Value(i)); at >= 0 {
			return t.Problem("not UTF-8: invalid byte 0x%02X in field %d; convert the file to UTF-8, for example "+
				"with iconv -f WINDOWS-1252 -t UTF-8", t.Value(i)[at], i+1)
		}
	}
	return nil
}
