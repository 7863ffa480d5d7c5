package file

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

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

// packingError is the message for an error of unpacking.
func packingError(name, kind string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %s data cut short; copy or make the file again", name, kind)
	}
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return fmt.Errorf("%s: its zstd window is larger than %d MiB; pack it again with zstd --long=27 or "+
			"without --long", name, maxWindow>>20)
	}
	reason := strings.TrimPrefix(err.Error(), kind+": ")
	return fmt.Errorf("%s: not sound %s data: %s; copy or make the file again", name, kind, reason)
}
