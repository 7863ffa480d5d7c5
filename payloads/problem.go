package payloads

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// LineError is a problem with one line of a payload file.
type LineError struct {
	File    string // as people know it: the path given, or "standard input"
	Line    int    // from 1, blank lines included
	Problem string // what is wrong and what to do
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem) }

// ledger collects problems in the order of files and lines: the first ones up
// to the limit, of the others only the number.
type ledger struct {
	limit    int
	problems []error
	more     int
}

func (l *ledger) add(err error) {
	if len(l.problems) < l.limit {
		l.problems = append(l.problems, err)
		return
	}
	l.more++
}

// first returns the first problem, saying how many more there are.
func (l *ledger) first() error {
	if len(l.problems) == 0 {
		return nil
	}
	more := l.more + len(l.problems) - 1
	if more == 0 {
		return l.problems[0]
	}
	return fmt.Errorf("%w (%d more: brunt payloads check lists them)", l.problems[0], more)
}

// jsonFault says why b is not one JSON value in valid UTF-8, and at which
// offset that shows; "" when it is.
func jsonFault(b []byte) (reason string, offset int) {
	if i := invalidUTF8(b); i >= 0 {
		return fmt.Sprintf("not UTF-8: invalid byte 0x%02X", b[i]), i
	}
	if bytes.HasPrefix(b, []byte(byteOrderMark)) {
		return "not JSON: byte order mark inside the file", 0
	}
	// UTF-8 has been looked at; what else jsontext would refuse under that
	// head are unpaired \u surrogates, which the grammar allows.
	d := jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := d.ReadValue(); err != nil {
		return syntaxFault(err, len(b))
	}
	end := skipSpace(b, int(d.InputOffset()))
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

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
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

// lineFault words a fault within a line, with its column where that helps.
func lineFault(line []byte) string {
	reason, offset := jsonFault(line)
	if reason == "" {
		return ""
	}
	if offset > 0 && offset < len(line) {
		reason = fmt.Sprintf("%s at column %d", reason, offset+1)
	}
	return reason + "; each line must be one JSON value"
}
