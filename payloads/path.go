package payloads

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// stdinPath is the file name that means standard input.
const stdinPath = "-"

// displayName is a path as messages show it: always on one line.
func displayName(path string) string {
	if path == stdinPath {
		return "standard input"
	}
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if !utf8.ValidString(path) || strings.ContainsFunc(path, unprintable) {
		return strconv.Quote(path)
	}
	return path
}
