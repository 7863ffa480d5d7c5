package payloads

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that a zstd file can make its reader take; it
// is what the zstd command accepts by default.
const maxWindow = 128 << 20

// packing tells how a file is compressed, "gzip", "zstd" or "" for not at all,
// by its first bytes.
func packing(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}):
		return "gzip"
	case bytes.HasPrefix(head, []byte{0x28, 0xB5, 0x2F, 0xFD}):
		return "zstd"
	case len(head) >= 4 && head[0]&0xF0 == 0x50 && bytes.Equal(head[1:4], []byte{0x2A, 0x4D, 0x18}):
		return "zstd" // a skippable frame, with which parallel zstd files begin
	}
	return ""
}

// promisedPacking is what the name's ending says of it.
func promisedPacking(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz":
		return "gzip"
	case ".zst":
		return "zstd"
	}
	return ""
}

// unpack wraps a compressed stream.
func unpack(kind string, r io.Reader) (io.ReadCloser, error) {
	if kind == "gzip" {
		return gzip.NewReader(r)
	}
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// packingError words what went wrong in unpacking.
func packingError(name, kind string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %s data cut short; copy or make the file again", name, kind)
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return fmt.Errorf("%s: its zstd window is larger than %d MiB; pack it again with zstd --long=27 or without --long", name, maxWindow>>20)
	}
	reason := strings.TrimPrefix(err.Error(), kind+": ")
	return fmt.Errorf("%s: not sound %s data: %s; copy or make the file again", name, kind, reason)
}

// readError: the input of a spool failed, not the temporary file.
type readError struct{ error }

// spool copies r into a temporary file, which is unlinked where the system
// allows it, and maps that.
func spool(name string, r io.Reader) (*mapping, error) {
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
	return fmt.Errorf("%s: no temporary copy in %s: %w; set TMPDIR to a folder with room for the unpacked data", name, os.TempDir(), err)
}

// maxSpool bounds the temporary copy of what cannot be mapped as it stands: a
// device, a pipe and what a small compressed file unpacks to may have no end.
// Less in a test.
var maxSpool int64 = 16 << 30

// countingFile remembers a failed write, so that it can be told from a failed
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
	case c.length > maxBody:
		c.endless = fmt.Sprintf("line %d is longer than 64 MiB, which no body may be; does it have an end? put each body on a line of its own", c.line)
	case c.n+int64(len(p)) > maxSpool:
		c.endless = fmt.Sprintf("more than %d GiB come out of it, and are still not all; if it has an end, unpack it to a file, which needs no copy", maxSpool>>30)
	default:
		var n int
		n, c.err = c.file.Write(p)
		c.n += int64(n)
		return n, c.err
	}
	return 0, errEndless
}
