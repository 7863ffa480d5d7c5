package results

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"brunt/report"
	"brunt/report/format"
)

// tail is what is known of a file's end: one that was cut off, as those of
// killed runs are, is read as far as it is whole.
type tail struct {
	packed bool // its compressed data ends early
	within bool // it ends in the middle of a record
}

// unpacked reads compressed data up to where it was cut off.
type unpacked struct {
	from io.Reader
	tail *tail
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		u.tail.packed, err = true, io.EOF
	}
	return n, err
}

// maxLine bounds the memory that one record takes; the last one holds a report.
var maxLine = report.MaxFile // less in a test

// wholeLines passes on lines that are whole: the last one of a file may look like
// a record and yet lack the end of a field.
type wholeLines struct {
	from   io.Reader
	tail   *tail
	ready  []byte // whole lines still to be passed on
	rest   []byte // behind them
	buffer []byte
	err    error
}

func (w *wholeLines) Read(p []byte) (int, error) {
	for len(w.ready) == 0 {
		if w.err != nil {
			return 0, w.err
		}
		w.fill()
	}
	n := copy(p, w.ready)
	w.ready = w.ready[n:]
	return n, nil
}

func (w *wholeLines) fill() {
	if w.buffer == nil {
		w.buffer = make([]byte, 64<<10)
	}
	n, err := w.from.Read(w.buffer)
	if end := bytes.LastIndexByte(w.buffer[:n], '\n') + 1; end > 0 {
		w.ready = append(w.rest, w.buffer[:end]...)
		w.rest = append([]byte(nil), w.buffer[end:n]...)
	} else {
		w.rest = append(w.rest, w.buffer[:n]...)
	}
	switch {
	case errors.Is(err, io.EOF):
		w.tail.within = len(bytes.TrimSpace(w.rest)) > 0
		w.err = io.EOF
	case err != nil:
		w.err = err
	case len(w.rest) > maxLine:
		w.err = fmt.Errorf("a line of more than %d MB, which no record is", maxLine>>20)
	}
}

// warning says where the file ends early, after so many records; empty where it
// does not.
func (t *tail) warning(read uint64) string {
	switch {
	case t.within:
		return fmt.Sprintf(
			"the file ends in the middle of record %s: it was cut off, and %s were read",
			format.Count(read+1),
			format.Count(read),
		)
	case t.packed:
		return fmt.Sprintf(
			"the file ends early: its compressed data was cut off, and %s records were read",
			format.Count(read),
		)
	}
	return ""
}
