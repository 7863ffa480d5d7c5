package payloads

import (
	"bytes"
	"slices"
	"strings"
)

// isTable tells if a file is CSV, by its name, or on standard input by its
// first character.
func isTable(path string, data []byte) bool {
	if path == stdinPath {
		data = bytes.TrimPrefix(data, []byte(byteOrderMark))
		return !isAt(data, skipSpace(data, 0), '{')
	}
	return ending(path) == ".csv"
}

// isInference looks at the first row for what only inference tables have.
func isInference(path string, data []byte) bool {
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	first, _ := cutLine(data, skipSpace(data, 0))
	if isTable(path, data) {
		names := strings.Split(strings.ReplaceAll(string(first[:min(len(first), 64<<10)]), `"`, ""), ",")
		return slices.Contains(names, requestColumn) && slices.ContainsFunc(inferenceColumns, func(c string) bool { return slices.Contains(names, c) })
	}
	if !isAt(first, 0, '{') || !validJSON(first) {
		return false
	}
	beside := 0
	for _, c := range inferenceColumns {
		if member(first, c) != nil {
			beside++
		}
	}
	switch request := member(first, requestColumn); {
	case request == nil: // some exports leave out what is null, as for bodies over 1 MiB
		return beside > 1 && member(first, inferenceID) != nil
	case isAt(request, 0, '"'), string(request) == "null":
		return beside > 0
	}
	return false
}
