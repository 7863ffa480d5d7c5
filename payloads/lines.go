package payloads

import (
	"bytes"
	"fmt"
	"io"
)

// ByteOrderMark may stand at the beginning of a text.
const byteOrderMark = "\xEF\xBB\xBF"

var newline = []byte{'\n'}

// cutLine returns the line that begins at start, without its line end (LF or
// CRLF), and where the next one begins.
func cutLine(data []byte, start int) (line []byte, next int) {
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

func isBlank(line []byte) bool { return skipSpace(line, 0) == len(line) }

// lineReader reads the lines of a text one after the other.
type lineReader struct {
	name string // of the file, for people
	data []byte
	at   int
	line int // number of the line read last, from 1
}

// newLineReader begins behind a byte order mark. The name is for messages.
func newLineReader(name string, data []byte) *lineReader {
	return &lineReader{name: name, data: data, at: textStart(data)}
}

// nextLine returns the next line that is not blank.
func (l *lineReader) nextLine() ([]byte, error) {
	for l.at < len(l.data) {
		line, next := cutLine(l.data, l.at)
		l.at = next
		l.line++
		if isBlank(line) {
			continue
		}
		if len(line) > maxBody {
			return nil, l.problem("a line of more than 64 MiB; shorten the prompt")
		}
		if i := invalidUTF8(line); i >= 0 {
			return nil, l.problem(fmt.Sprintf("not UTF-8: invalid byte 0x%02X at column %d; convert the file to UTF-8", line[i], i+1))
		}
		return line, nil
	}
	return nil, io.EOF
}

func (l *lineReader) problem(what string) error {
	if l.line == 0 {
		return fmt.Errorf("%s: %s", l.name, what)
	}
	return &LineError{File: l.name, Line: l.line, Problem: what}
}

// textStart returns where the text begins: behind a byte order mark.
func textStart(data []byte) int {
	if bytes.HasPrefix(data, []byte(byteOrderMark)) {
		return len(byteOrderMark)
	}
	return 0
}
