package dataset

import (
	"bytes"
	"io"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

// rows gives one JSON value after the other; io.EOF stands behind the last.
type rows interface {
	next() ([]byte, error)
	// offset is how far the file has been read.
	offset() int
	// Problem makes an error of what is wrong with the value read last.
	Problem(what string) error
}

// openRows reads a file of lines, or of one array.
func openRows(content *file.Mapping) rows {
	if isArray(content.Data) {
		start := jsonscan.SkipSpace(content.Data, file.TextStart(content.Data))
		return &elements{name: content.Name, data: content.Data, at: start + 1, line: 1}
	}
	return &lines{file.NewLines(content.Name, content.Data)}
}

// lines are JSON values, one a line.
type lines struct{ *file.Lines }

func (l *lines) offset() int { return l.Offset() }

func (l *lines) next() ([]byte, error) {
	line, err := l.Next()
	if err != nil {
		return nil, err
	}
	if !jsonscan.Valid(line) {
		return nil, l.Problem(jsonscan.LineFault(line))
	}
	return bytes.TrimFunc(line, func(r rune) bool { return r < 0x80 && jsonscan.IsSpace(byte(r)) }), nil
}

// elements are those of one JSON array, which is walked, never held.
type elements struct {
	name    string
	data    []byte
	at      int // where the next one begins
	counted int // up to where lines have been counted
	line    int // number of the line at counted
	read    bool
}

func (e *elements) offset() int { return e.at }

func (e *elements) next() ([]byte, error) {
	start := jsonscan.SkipSpace(e.data, e.at)
	if jsonscan.IsAt(e.data, start, ']') && !e.read {
		return nil, e.end(start)
	}
	if e.read {
		switch {
		case jsonscan.IsAt(e.data, start, ']'):
			return nil, e.end(start)
		case !jsonscan.IsAt(e.data, start, ','):
			return nil, e.broken(start)
		}
		start = jsonscan.SkipSpace(e.data, start+1)
	}
	end := jsonscan.SkipValue(e.data, start, 1)
	e.count(start)
	if end < 0 {
		return nil, e.broken(start)
	}
	e.at, e.read = end, true
	value := e.data[start:end]
	if len(value) > file.MaxBody {
		return nil, e.Problem("an element of more than 64 MiB; split it")
	}
	if i := jsonscan.InvalidUTF8(value); i >= 0 {
		e.count(start + i)
		return nil, e.Problem("not UTF-8; convert the file to UTF-8")
	}
	return value, nil
}

// end is io.EOF unless something follows the array.
func (e *elements) end(at int) error {
	if rest := jsonscan.SkipSpace(e.data, at+1); rest < len(e.data) {
		e.count(rest)
		return e.Problem(
			"something follows the array; the file must be one JSON array, or hold one object on each line",
		)
	}
	return io.EOF
}

// broken says where the array's grammar breaks.
func (e *elements) broken(at int) error {
	e.count(at)
	first := jsonscan.SkipSpace(e.data, file.TextStart(e.data))
	return file.ValueError(
		e.name,
		e.data,
		first,
		len(e.data),
		"the file must be one JSON array, or hold one object on each line",
	)
}

// count moves the line's number on to an offset.
func (e *elements) count(at int) {
	at = min(at, len(e.data))
	e.line += bytes.Count(e.data[e.counted:at], []byte{'\n'})
	e.counted = at
}

func (e *elements) Problem(what string) error {
	return &file.LineError{File: e.name, Line: e.line, Problem: setting.Plain(what)}
}
