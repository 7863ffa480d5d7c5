package file

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Stdin is the file name that means standard input.
const Stdin = "-"

// Display is a path as messages show it: always on one line.
func Display(path string) string {
	if path == Stdin {
		return "standard input"
	}
	unprintable := func(r rune) bool { return !strconv.IsPrint(r) }
	if !utf8.ValidString(path) || strings.ContainsFunc(path, unprintable) {
		return strconv.Quote(path)
	}
	return path
}
