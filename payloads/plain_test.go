package payloads

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"brunt/payloads/compose"
	"brunt/payloads/file"
)

// plainLine is a body as the plainest possible reading of a file finds it: the
// measure for the parallel index.
type plainLine struct {
	Body string
	Line int
	OK   bool
}

func plainLines(data []byte) []plainLine {
	var out []plainLine
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	for n := 1; len(data) > 0; n++ {
		line, rest, ended := bytes.Cut(data, []byte("\n"))
		if ended {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		if len(bytes.Trim(line, " \t\r")) > 0 {
			out = append(out, plainLine{string(line), n, plainValid(line)})
		}
		data = rest
	}
	return out
}

func plainValid(line []byte) bool { return json.Valid(line) && utf8.Valid(line) }

// indexed reads data as the package does, but without a file.
func indexed(path string, data []byte, format Format, found *problemList) (*source, error) {
	src := &source{spec: Spec{path, 1}, name: path, content: &file.Mapping{Name: path}, data: data,
		maker: compose.NewMaker(path, path, nil)}
	names := newInterner()
	if err := src.index(Options{Format: format}, names, found); err != nil {
		return nil, err
	}
	names.inOrder([]*source{src})
	made, err := src.maker.Map()
	src.made = made
	return src, err
}
