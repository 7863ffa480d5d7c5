package setting

import (
	"encoding/binary"
	"errors"
	"strings"
)

// TextOf is an error as a text, in which the settings that the error names still have no
// name; empty for nil.
func TextOf(err error) Text {
	if err == nil {
		return Text{}
	}
	return Textf("%v", err)
}

// MarshalBinary writes the text as bytes: its words, and the numbers of the settings
// between them. The error is nil.
func (t Text) MarshalBinary() ([]byte, error) {
	mark := "\x00"
	for strings.Contains(t.String(), mark) {
		mark += "\x00"
	}
	var fields []Field
	words := t.In(func(f Field) string {
		fields = append(fields, f)
		return mark
	})
	pieces := strings.Split(words, mark)
	if len(pieces) != len(fields)+1 { // a name that was shortened or quoted: then it is words, too
		pieces, fields = []string{t.String()}, nil
	}
	var b []byte
	for i, piece := range pieces {
		b = append(binary.AppendUvarint(b, uint64(len(piece))), piece...)
		if i < len(fields) {
			b = binary.AppendUvarint(b, uint64(fields[i]))
		}
	}
	return b, nil
}

var errNoText = errors.New("no text: its words and settings do not add up")

// UnmarshalBinary reads what MarshalBinary wrote.
func (t *Text) UnmarshalBinary(b []byte) error {
	var args []any
	for {
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return errNoText
		}
		args = append(args, string(b[n:n+int(length)]))
		if b = b[n+int(length):]; len(b) == 0 {
			break
		}
		field, n := binary.Uvarint(b)
		if n <= 0 || field < uint64(Rate) || field >= uint64(end) {
			return errNoText
		}
		args, b = append(args, Field(field)), b[n:]
	}
	if len(args) == 1 {
		*t = Plain(args[0].(string))
		return nil
	}
	*t = Text{strings.Repeat("%v", len(args)), args}
	return nil
}
