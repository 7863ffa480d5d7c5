package format

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// UTF8 replaces what is not UTF-8, as JSON would, so that a report reads the
// same before and after a file.
func UTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Width is the number of terminal columns that a text takes. Characters
// of ambiguous width count as narrow, whatever the locale, so that a report is
// the same everywhere.
func Width(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }

// Plain is foreign text for a terminal: one line of at most 1,000 columns,
// without control characters.
func Plain(s string) string { return Safe(s, 4000) }

// WrapPlain breaks a line of foreign text between words into lines of at most width
// columns, fit for a terminal.
func WrapPlain(s string, width int) []string { return Wrap(Plain(s), max(width, 1)) }

// Safe makes foreign text fit to stand on a line: control and formatting
// characters (escape codes, line ends, directional overrides) are written as
// escapes, and what is wider than width columns is cut and ends in "…".
func Safe(s string, width int) string {
	var b strings.Builder
	used, runes := 0, 0
	for i, r := range s {
		piece := string(r)
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			piece = "\uFFFD"
		case unicode.Is(unicode.Zs, r):
			piece = " "
		case !unicode.IsPrint(r):
			piece = strings.Trim(strconv.QuoteRune(r), "'")
		}
		used += Width(piece)
		runes++
		// Combining characters have no width: bound their number too.
		if used > width || runes > 4*width {
			return cut(b.String(), width-1) + "…"
		}
		b.WriteString(piece)
	}
	return b.String()
}

// cut is the longest beginning of s that fits into width columns.
func cut(s string, width int) string {
	used := 0
	for i, r := range s {
		if used += Width(string(r)); used > width {
			return s[:i]
		}
	}
	return s
}

// Pad fills s up to width columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-Width(s), 0))
}

// Wrap breaks text between words into lines of at most width columns; a word
// that is too wide for one is broken.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= width, Width(word) > width && Width(line)+8 < width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
		for Width(line) > width {
			head := cut(line, width)
			if head == "" { // one character wider than the page
				break
			}
			lines, line = append(lines, head), line[len(head):]
		}
	}
	return append(lines, line)
}

// Clip cuts a line of narrow characters to a width.
func Clip(line string, width int) string {
	runes := []rune(line)
	if len(runes) <= width {
		return line
	}
	return string(runes[:width-1]) + "…"
}
