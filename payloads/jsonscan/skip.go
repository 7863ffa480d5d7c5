package jsonscan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// ByteOrderMark may stand at the beginning of a text in UTF-8.
const ByteOrderMark = "\xEF\xBB\xBF"

// maxDepth is how deep values may be nested, as in encoding/json.
const maxDepth = 10_000

// Valid reports whether b is one JSON value in valid UTF-8, with nothing
// but white space around it. Duplicate keys and unpaired \u surrogates are
// allowed, as the grammar allows them.
func Valid(b []byte) bool {
	i := SkipValue(b, SkipSpace(b, 0), 0)
	return i >= 0 && SkipSpace(b, i) == len(b) && utf8.Valid(b)
}

// SkipSpace returns where the white space at i ends.
func SkipSpace(b []byte, i int) int {
	for uint(i) < uint(len(b)) && IsSpace(b[i]) {
		i++
	}
	return i
}

// IsSpace reports whether c is white space between JSON values.
func IsSpace(c byte) bool {
	return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r')
}

// IsAt reports whether c stands at i.
func IsAt(b []byte, i int, c byte) bool { return uint(i) < uint(len(b)) && b[i] == c }

// SkipValue returns where the value that begins at i ends, or -1. Like the
// other skip functions it takes any byte from 0x80 for a part of a string.
func SkipValue(b []byte, i, depth int) int {
	if uint(i) >= uint(len(b)) {
		return -1
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i+1)
	case c == '-' || c-'0' <= 9:
		return SkipNumber(b, i)
	case c == '{':
		return skipObject(b, i+1, depth+1)
	case c == '[':
		return skipArray(b, i+1, depth+1)
	case c == 't':
		return skipWord(b, i, "true")
	case c == 'f':
		return skipWord(b, i, "false")
	case c == 'n':
		return skipWord(b, i, "null")
	}
	return -1
}

func skipWord(b []byte, i int, word string) int {
	if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
		return i + len(word)
	}
	return -1
}

func skipObject(b []byte, i, depth int) int {
	if depth > maxDepth {
		return -1
	}
	if i = SkipSpace(b, i); IsAt(b, i, '}') {
		return i + 1
	}
	for {
		if !IsAt(b, i, '"') {
			return -1
		}
		if i = skipString(b, i+1); i < 0 {
			return -1
		}
		if i = SkipSpace(b, i); !IsAt(b, i, ':') {
			return -1
		}
		if i = SkipValue(b, SkipSpace(b, i+1), depth); i < 0 {
			return -1
		}
		i = SkipSpace(b, i)
		if IsAt(b, i, '}') {
			return i + 1
		}
		if !IsAt(b, i, ',') {
			return -1
		}
		i = SkipSpace(b, i+1)
	}
}

func skipArray(b []byte, i, depth int) int {
	if depth > maxDepth {
		return -1
	}
	if i = SkipSpace(b, i); IsAt(b, i, ']') {
		return i + 1
	}
	for {
		end, state := skipNumbers(b, i)
		switch i = end; {
		case state == wantValue: // no number
			if i = SkipValue(b, i, depth); i < 0 {
				return -1
			}
		case !numberEnds(state):
			return -1
		}
		i = SkipSpace(b, i)
		if IsAt(b, i, ']') {
			return i + 1
		}
		if !IsAt(b, i, ',') {
			return -1
		}
		i = SkipSpace(b, i+1)
	}
}

// SkipNumber returns where the number ends that begins at i, or -1 where there is
// none.
func SkipNumber(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	if IsAt(b, i, '0') {
		i++
	} else if i = SkipDigits(b, i); i < 0 {
		return -1
	}
	if IsAt(b, i, '.') {
		if i = SkipDigits(b, i+1); i < 0 {
			return -1
		}
	}
	if uint(i) < uint(len(b)) && b[i]|0x20 == 'e' {
		if i++; IsAt(b, i, '+') || IsAt(b, i, '-') {
			i++
		}
		return SkipDigits(b, i)
	}
	return i
}

// SkipDigits wants at least one digit.
func SkipDigits(b []byte, i int) int {
	start := i
	for uint(i) < uint(len(b)) && b[i]-'0' <= 9 {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

// skipString returns where the string whose first character would be at i
// ends, behind its closing quote.
func skipString(b []byte, i int) int {
	for {
		i = skipPlain(b, i)
		if uint(i) >= uint(len(b)) {
			return -1
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			if i = skipEscape(b, i+1); i < 0 {
				return -1
			}
		default:
			return -1
		}
	}
}

// skipPlain returns the first place from i on that holds a quote, a backslash
// or a control character. It looks at eight bytes at once: in a word, a byte
// less than n has its high bit set in (x - n·ones) &^ x; a borrow can only
// set bits above the first byte found.
func skipPlain(b []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(b)-i >= 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^(ones*'"'), x^(ones*'\\')
		found := ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*' ')&^x) & high
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
		i += 8
	}
	for uint(i) < uint(len(b)) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	return i
}

// skipEscape returns where the escape ends whose backslash stands before i.
func skipEscape(b []byte, i int) int {
	if uint(i) >= uint(len(b)) {
		return -1
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		if len(b)-i < 5 {
			return -1
		}
		for _, c := range b[i+1 : i+5] {
			if c-'0' > 9 && (c|0x20)-'a' > 5 {
				return -1
			}
		}
		return i + 5
	}
	return -1
}
