package payloads

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

func (r *requestReader) readHeaders(value []byte) string {
	if !jsonscan.IsAt(value, 0, '{') {
		return `headers: must be an object of strings, such as {"X-Key":"value"}`
	}
	_, what := jsonscan.EachMember(value, 0, 2, func(key, value []byte, _ int) string {
		name, _ := jsonscan.Unquote(key)
		if string(value) == "null" {
			r.headers = append(r.headers, rawHeader{name: name, remove: true})
			return headerFault(name, nil)
		}
		text, ok := jsonscan.Unquote(value)
		if !ok {
			return fmt.Sprintf("header %s: must be a string, or null for none of that name, not %s", show.Excerpt(name), kindOf(value))
		}
		r.headers = append(r.headers, rawHeader{name: name, value: text})
		return headerFault(name, text)
	})
	return what
}

// marks may stand in a token beside letters and digits [RFC 9110 §5.6.2].
const marks = "!#$%&'*+-.^_`|~"

func notToken(c rune) bool {
	return !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.ContainsRune(marks, c))
}

// headerFault says why a header must not be sent: it would break the framing
// of the message, which would then be read as two.
func headerFault(name, value []byte) string {
	switch strings.ToLower(string(name)) {
	case "content-length", "transfer-encoding":
		return fmt.Sprintf("header %s: follows from the body; leave it out", show.Excerpt(name))
	}
	if len(name) == 0 || bytes.ContainsFunc(name, notToken) {
		shown := name
		if at := bytes.IndexFunc(name, notToken); at >= 0 {
			_, size := utf8.DecodeRune(name[at:])
			shown = name[:at+size] // what follows may be the value
		}
		return fmt.Sprintf("header name %s: must be letters, digits and %s", show.Excerpt(shown), marks)
	}
	if bytes.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7F }) {
		return fmt.Sprintf(
			"header %s: its value must not hold line ends or other control characters",
			show.Excerpt(name),
		)
	}
	return ""
}

// kindOf names what kind of JSON a value is. Values themselves are not shown: those
// of headers and paths may be secret.
func kindOf(value []byte) string {
	switch {
	case len(value) == 0:
		return "nothing"
	case value[0] == '"':
		return "one that is no valid Unicode"
	case value[0] == '{':
		return "an object"
	case value[0] == '[':
		return "an array"
	case value[0] == 'n':
		return "null"
	case value[0] == 't' || value[0] == 'f':
		return "true or false"
	}
	return "a number"
}
