package payloads

import (
	"bytes"
	"fmt"
	"strings"

	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

func (r *requestReader) readHeaders(value []byte) string {
	if !jsonscan.IsAt(value, 0, '{') {
		return fmt.Sprintf(`headers %s: must be an object of strings, such as {"X-Key":"value"}`, show.Excerpt(value))
	}
	_, what := jsonscan.EachMember(value, 0, 2, func(key, value []byte, _ int) string {
		name, _ := jsonscan.Unquote(key)
		text, ok := jsonscan.Unquote(value)
		if !ok {
			return fmt.Sprintf("header %s: must be a string of valid Unicode, not %s", show.Excerpt(name),
				show.Excerpt(value))
		}
		r.headers = append(r.headers, rawHeader{name, text})
		return headerFault(name, text)
	})
	return what
}

// headerFault says why a header must not be sent: it would break the framing
// of the message, which would then be read as two.
func headerFault(name, value []byte) string {
	const marks = "!#$%&'*+-.^_`|~"
	outside := func(c rune) bool {
		return !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.ContainsRune(marks, c))
	}
	switch strings.ToLower(string(name)) {
	case "content-length", "transfer-encoding":
		return fmt.Sprintf("header %s: follows from the body; leave it out", show.Excerpt(name))
	}
	if len(name) == 0 || bytes.ContainsFunc(name, outside) {
		return fmt.Sprintf("header name %s: must be letters, digits and %s", show.Excerpt(name), marks)
	}
	if bytes.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7F }) {
		return fmt.Sprintf("header %s: value %s must not hold line ends or other control characters",
			show.Excerpt(name), show.Excerpt(value))
	}
	return ""
}
