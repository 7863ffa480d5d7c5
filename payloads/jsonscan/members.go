package jsonscan

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// EachMember calls f for each member of the object at i, with the raw key and
// value and the value's offset, until f says what is wrong. It returns where
// the object ends, or -1.
func EachMember(b []byte, i, depth int, f func(key, value []byte, offset int) string) (end int, what string) {
	if !IsAt(b, i, '{') {
		return -1, `not an object; a request line is an object such as {"body":…}`
	}
	if i = SkipSpace(b, i+1); IsAt(b, i, '}') {
		return i + 1, ""
	}
	for {
		if !IsAt(b, i, '"') {
			return -1, ""
		}
		keyEnd := skipString(b, i+1)
		if keyEnd < 0 {
			return -1, ""
		}
		colon := SkipSpace(b, keyEnd)
		if !IsAt(b, colon, ':') {
			return -1, ""
		}
		start := SkipSpace(b, colon+1)
		end := SkipValue(b, start, depth)
		if end < 0 {
			return -1, ""
		}
		if what = f(b[i:keyEnd], b[start:end], start); what != "" {
			return -1, what
		}
		i = SkipSpace(b, end)
		if IsAt(b, i, '}') {
			return i + 1, ""
		}
		if !IsAt(b, i, ',') {
			return -1, ""
		}
		i = SkipSpace(b, i+1)
	}
}

// Member returns the raw value of a key of a sound object, the last one where
// it is given twice; nil where there is none.
func Member(object []byte, name string) (found []byte) {
	EachMember(object, 0, 1, func(rawKey, value []byte, _ int) string {
		if key, _ := Unquote(rawKey); string(key) == name {
			found = value
		}
		return ""
	})
	return found
}

// EachElement calls f for each element of a sound array, with its offset,
// until f returns false. What is no array has none.
func EachElement(array []byte, f func(element []byte, offset int) bool) {
	if !IsAt(array, 0, '[') {
		return
	}
	i := SkipSpace(array, 1)
	for !IsAt(array, i, ']') {
		end := SkipValue(array, i, 1)
		if end < 0 || !f(array[i:end], i) {
			return
		}
		if i = SkipSpace(array, end); !IsAt(array, i, ',') {
			return
		}
		i = SkipSpace(array, i+1)
	}
}

// Unquote returns the text of a JSON string; false, and the raw value, when it
// is something else or no valid text.
func Unquote(value []byte) ([]byte, bool) {
	if len(value) < 2 || value[0] != '"' {
		return value, false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	text, err := jsontext.AppendUnquote(nil, value)
	return text, err == nil
}
