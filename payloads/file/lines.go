package file

import (
	"bytes"
	"fmt"
	"io"

	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

var newline = []byte{'\n'}

// CutLine returns the line that begins at start, without its line end (LF or
// CRLF), and where the next one begins.
func CutLine(data []byte, start int) (line []byte, next int) {
	i := bytes.IndexByte(data[start:], '\n')
	if i < 0 {
		return data[start:], len(data)
	}
	end := start + i
	if i > 0 && data[end-1] == '\r' {
		return data[start : end-1], end + 1
	}
	return data[start:end], end + 1
}

// IsBlank reports whether a line holds nothing but JSON's white space.
func IsBlank(line []byte) bool { return jsonscan.SkipSpace(line, 0) == len(line) }

// Lines reads the lines of a text one after the other.
type Lines struct {
	name string // of the file, for people
	data []byte
	at   int
	Line int // number of the line read last, from 1
}

// NewLines begins behind a byte order mark. The name is for messages.
func NewLines(name string, data []byte) *Lines {
	return &Lines{name: name, data: data, at: TextStart(data)}
}

// Next returns the next line that is not blank.
func (l *Lines) Next() ([]byte, error) {
	for l.at < len(l.data) {
		line, next := CutLine(l.data, l.at)
		l.at = next
		l.Line++
		if IsBlank(line) {
			continue
		}
		if len(line) > MaxBody {
			return nil, l.Problem("a line of more than 64 MiB; shorten the prompt")
		}
		if i := jsonscan.InvalidUTF8(line); i >= 0 {
			return nil, l.Problem(fmt.Sprintf("not UTF-8: invalid byte 0x%02X at column %d; "+
				"convert the file to UTF-8", line[i], i+1))
		}
		return line, nil
	}
	return nil, io.EOF
}

// Offset is where the next line begins.
func (l *Lines) Offset() int { return l.at }

// Problem is an error that says what is wrong with the line read last.
func (l *Lines) Problem(what string) error {
	if l.Line == 0 {
		return fmt.Errorf("%s: %s", l.name, what)
	}
	return &LineError{File: l.name, Line: l.Line, Problem: setting.Plain(what)}
}

// ProblemAt is Problem for a line of that number.
func (l *Lines) ProblemAt(line int, what string) error {
	return &LineError{File: l.name, Line: line, Problem: setting.Plain(what)}
}

// TextStart returns where the text begins: behind a byte order mark.
func TextStart(data []byte) int {
	if bytes.HasPrefix(data, []byte(jsonscan.ByteOrderMark)) {
		return len(jsonscan.ByteOrderMark)
	}
	return 0
}
