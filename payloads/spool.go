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
	out := &countingFile{file: f}
	if _, err := io.CopyBuffer(out, struct{ io.Reader }{r}, make([]byte, 256<<10)); err != nil {
		discard()
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

// countingFile remembers a failed write, so that it can be told from a failed
// read, and stops at the largest size that can be indexed.
type countingFile struct {
	file *os.File
	n    int64
	err  error
}

func (c *countingFile) Write(p []byte) (int, error) {
	n, err := 0, error(nil)
	if c.n+int64(len(p)) > maxFile {
		err = fmt.Errorf("more than 256 GiB")
	} else {
		n, err = c.file.Write(p)
	}
	c.n += int64(n)
	c.err = err
	return n, err
}
