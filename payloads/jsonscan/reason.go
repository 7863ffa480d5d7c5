package jsonscan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Fault says why b is not one JSON value in valid UTF-8, and at which
// offset that shows; "" when it is.
func Fault(b []byte) (reason string, offset int) {
	if i := InvalidUTF8(b); i >= 0 {
		return fmt.Sprintf("not UTF-8: invalid byte 0x%02X", b[i]), i
	}
	if bytes.HasPrefix(b, []byte(ByteOrderMark)) {
		return "not JSON: byte order mark inside the file", 0
	}
	// UTF-8 has been looked at; what else jsontext would refuse under that
	// head are unpaired \u surrogates, which the grammar allows.
	d := jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadValue(); err != nil {
		return syntaxFault(err, len(b))
	}
	end := SkipSpace(b, int(d.InputOffset()))
	if end < len(b) {
		return "not JSON: something follows the value", end
	}
	return "", 0
}

func syntaxFault(err error, length int) (reason string, offset int) {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return "not JSON: unexpected end", length
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok && e.Err != nil {
		return "not JSON: " + e.Err.Error(), int(e.ByteOffset)
	}
	return "not JSON: " + err.Error(), 0
}

// InvalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func InvalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// LineFault words a fault within a line, with its column where that helps.
func LineFault(line []byte) string {
	reason, offset := Fault(line)
	if reason == "" {
		return ""
	}
	if offset > 0 && offset < len(line) {
		reason = fmt.Sprintf("%s at column %d", reason, offset+1)
	}
	return reason + "; each line must be one JSON value"
}
