package results

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/payloads/regex"
	"brunt/report"
)

var (
	zstdMagic   = []byte{0x28, 0xb5, 0x2f, 0xfd}
	looksResult = regex.Lazy(`^\s*\{\s*"attack"\s*:`)
	looksObject = regex.Lazy(`^\s*\{`)
)

// readAny reads a JSON report or a results file in any of vegeta's encodings,
// compressed or not: the content tells.
func readAny(from io.Reader, name string) (*report.Report, error) {
	in, end := bufio.NewReader(from), &tail{}
	if head, _ := in.Peek(4); slices.Equal(head, zstdMagic) {
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		defer z.Close()
		in = bufio.NewReader(&unpacked{z, end})
	}
	head, err := in.Peek(512)
	if len(head) == 0 && err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(head) == 0 && end.packed {
		return nil, fmt.Errorf("%s: cut off before its first record; nothing can be read from it", name)
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("%s: empty; give a JSON report or a results file", name)
	}
	if looksObject().Match(head) && !looksResult().Match(head) {
		return report.Read(in, name)
	}
	decode, err := decoderFor(in, head, end)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rebuild(decode, end, name)
}

// maxWindow bounds the memory that a zstd file can make its reader take.
const maxWindow = 128 << 20

// decoderFor chooses by the first bytes of results.
func decoderFor(in io.Reader, head []byte, end *tail) (vegeta.Decoder, error) {
	lines := &wholeLines{from: in, tail: end}
	switch {
	case looksColumns(head):
		decode, err := columnDecoder(lines)
		if errors.Is(err, io.EOF) {
			err = errors.New("cut off before its first record; nothing can be read from it")
		}
		return decode, err
	case looksResult().Match(head):
		return vegeta.NewJSONDecoder(lines), nil
	case head[0] >= '0' && head[0] <= '9':
		return vegeta.NewCSVDecoder(lines), nil
	case head[0] >= gobLong:
		return vegeta.NewDecoder(in), nil
	}
	return nil, errors.New("neither a JSON report nor results in gob, csv or ndjson")
}

// gobLong is the least first byte of a message of gob's that is longer than 127
// bytes, as that is with which results begin.
const gobLong = 0xF8
