package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// readError: the input of a spool failed, not the temporary file.
type readError struct{ error }

// spool copies r into a temporary file, which is unlinked where the system
// allows it, and maps that.
func spool(name string, r io.Reader) (*Mapping, error) {
	f, err := os.CreateTemp("", "brunt-payloads-*")
	if err != nil {
		return nil, spoolError(name, err)
	}
	left := f.Name()
	if os.Remove(left) == nil {
		left = ""
	}
	discard := func() {
		f.Close()
		if left != "" {
			os.Remove(left)
		}
	}
	out := &countingFile{file: f, line: 1}
	if _, err := io.CopyBuffer(out, struct{ io.Reader }{r}, make([]byte, 256<<10)); err != nil {
		discard()
		if out.endless != "" {
			return nil, fmt.Errorf("%s: %s", name, out.endless)
		}
		if out.err != nil {
			return nil, spoolError(name, out.err)
		}
		return nil, &readError{err}
	}
	m, err := mapFile(name, f)
	if err != nil {
		discard()
		return nil, err
	}
	m.spool, m.left = true, left
	return m, nil
}

func spoolError(name string, err error) error {
	return fmt.Errorf("%s: no temporary copy in %s: %w; set TMPDIR to a folder with room for the unpacked data",
		name, os.TempDir(), err)
}

// maxSpool bounds the temporary copy of what cannot be mapped as it stands: a
// device, a pipe and what a small compressed file unpacks to may have no end.
// Less in a test.
var maxSpool int64 = 16 << 30

// countingFile remembers a failed write, to distinguish it from a failed
// read, and what has no end.
type countingFile struct {
	file    *os.File
	n       int64
	line    int   // number of the last line
	length  int64 // of that, so far
	err     error
	endless string
}

var errEndless = errors.New("too long")

func (c *countingFile) Write(p []byte) (int, error) {
	if i := bytes.LastIndexByte(p, '\n'); i < 0 {
		c.length += int64(len(p))
	} else {
		c.line += bytes.Count(p, newline)
		c.length = int64(len(p) - i - 1)
	}
	switch {
	case c.length > MaxBody:
		c.endless = fmt.Sprintf("line %d is longer than 64 MiB, which no body may be; "+
			"does it have an end? put each body on a line of its own", c.line)
	case c.n+int64(len(p)) > maxSpool:
		c.endless = fmt.Sprintf("more than %d GiB come out of it, and are still not all; "+
			"if it has an end, unpack it to a file, which needs no copy", maxSpool>>30)
	default:
		var n int
		n, c.err = c.file.Write(p)
		c.n += int64(n)
		return n, c.err
	}
	return 0, errEndless
}

// Spool writes all that r has to a temporary file and maps that. An error of r
// comes back as it is.
func Spool(name string, r io.Reader) (*Mapping, error) {
	m, err := spool(name, r)
	if e, ok := errors.AsType[*readError](err); ok {
		return nil, e.error
	}
	return m, err
}
