package payloads

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// eachMember calls f for each member of the object at i, with the raw key and
// value and the value's offset, until f says what is wrong. It returns where
// the object ends, or -1.
func eachMember(b []byte, i, depth int, f func(key, value []byte, offset int) string) (end int, what string) {
	if !isAt(b, i, '{') {
		return -1, `not an object; a request line is an object such as {"body":…}`
	}
	if i = skipSpace(b, i+1); isAt(b, i, '}') {
		return i + 1, ""
	}
	for {
		if !isAt(b, i, '"') {
			return -1, ""
		}
		keyEnd := skipString(b, i+1)
		if keyEnd < 0 {
			return -1, ""
		}
		colon := skipSpace(b, keyEnd)
		if !isAt(b, colon, ':') {
			return -1, ""
		}
		start := skipSpace(b, colon+1)
		end := skipValue(b, start, depth)
		if end < 0 {
			return -1, ""
		}
		if what = f(b[i:keyEnd], b[start:end], start); what != "" {
			return -1, what
		}
		i = skipSpace(b, end)
		if isAt(b, i, '}') {
			return i + 1, ""
		}
		if !isAt(b, i, ',') {
			return -1, ""
		}
		i = skipSpace(b, i+1)
	}
}

// member returns the raw value of a key of a sound object, the last one where
// it is given twice; nil where there is none.
func member(object []byte, name string) (found []byte) {
	eachMember(object, 0, 1, func(rawKey, value []byte, _ int) string {
		if key, _ := unquote(rawKey); string(key) == name {
			found = value
		}
		return ""
	})
	return found
}

// eachElement calls f for each element of a sound array, with its offset,
// until f returns false. What is no array has none.
func eachElement(array []byte, f func(element []byte, offset int) bool) {
	if !isAt(array, 0, '[') {
		return
	}
	i := skipSpace(array, 1)
	for !isAt(array, i, ']') {
		end := skipValue(array, i, 1)
		if end < 0 || !f(array[i:end], i) {
			return
		}
		if i = skipSpace(array, end); !isAt(array, i, ',') {
			return
		}
		i = skipSpace(array, i+1)
	}
}

// unquote returns the text of a JSON string; false, and the raw value, when it
// is something else or no valid text.
func unquote(value []byte) ([]byte, bool) {
	if len(value) < 2 || value[0] != '"' {
		return value, false
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	text, err := jsontext.AppendUnquote(nil, value)
	return text, err == nil
}
