package inference

import (
	"bytes"
	"slices"
	"strings"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// isTable tells if a file is CSV, by its name, or on standard input by its
// first character.
func isTable(path string, data []byte) bool {
	if path == file.Stdin {
		data = bytes.TrimPrefix(data, []byte(jsonscan.ByteOrderMark))
		return !jsonscan.IsAt(data, jsonscan.SkipSpace(data, 0), '{')
	}
	return file.Ending(path) == ".csv"
}

// Detect looks at the first row for what only inference tables have.
func Detect(path string, data []byte) bool {
	data = bytes.TrimPrefix(data, []byte(jsonscan.ByteOrderMark))
	first, _ := file.CutLine(data, jsonscan.SkipSpace(data, 0))
	if isTable(path, data) {
		names := strings.Split(strings.ReplaceAll(string(first[:min(len(first), 64<<10)]), `"`, ""), ",")
		return slices.Contains(names, requestColumn) && slices.ContainsFunc(inferenceColumns,
			func(c string) bool { return slices.Contains(names, c) })
	}
	if !jsonscan.IsAt(first, 0, '{') || !jsonscan.Valid(first) {
		return false
	}
	beside := 0
	for _, c := range inferenceColumns {
		if jsonscan.Member(first, c) != nil {
			beside++
		}
	}
	switch request := jsonscan.Member(first, requestColumn); {
	case request == nil: // some exports leave out what is null, as for bodies over 1 MiB
		return beside > 1 && jsonscan.Member(first, inferenceID) != nil
	case jsonscan.IsAt(request, 0, '"'), string(request) == "null":
		return beside > 0
	}
	return false
}
