// Package brrr decompresses brotli for fasthttp. It does not compress.
package brrr

import (
	"errors"
	"io"

	"github.com/andybalholm/brotli"
)

// Levels of compression.
const (
	BestSpeed       = brotli.BestSpeed
	BestCompression = brotli.BestCompression
)

// Reader decompresses.
type Reader struct{ from *brotli.Reader }

// NewReader is a Reader of what another one gives.
func NewReader(r io.Reader) *Reader { return &Reader{brotli.NewReader(r)} }

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) { return r.from.Read(p) }

// Reset has it read another stream.
func (r *Reader) Reset(from io.Reader) { _ = r.from.Reset(from) } // fails never

// ErrNoCompression is what writers answer.
var ErrNoCompression = errors.New("brotli: compression is not built in")

// Writer refuses to compress.
type Writer struct{}

// NewWriter is a Writer.
func NewWriter(io.Writer, int) (*Writer, error) { return &Writer{}, nil }

// Write implements io.Writer.
func (*Writer) Write([]byte) (int, error) { return 0, ErrNoCompression }

// Flush writes nothing.
func (*Writer) Flush() error { return ErrNoCompression }

// Reset does nothing.
func (*Writer) Reset(io.Writer) {}

// Close implements io.Closer.
func (*Writer) Close() error { return ErrNoCompression }
