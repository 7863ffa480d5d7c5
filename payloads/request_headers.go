package payloads

import (
	"bytes"
	"fmt"
	"strings"
)

func (r *requestReader) readHeaders(value []byte) string {
	if !isAt(value, 0, '{') {
		return fmt.Sprintf(`headers %s: must be an object of strings, such as {"X-Key":"value"}`, shown(value))
	}
	_, what := eachMember(value, 0, 2, func(key, value []byte, _ int) string {
		name, _ := unquote(key)
		text, ok := unquote(value)
		if !ok {
			return fmt.Sprintf("header %s: must be a string of valid Unicode, not %s", shown(name), shown(value))
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
		return fmt.Sprintf("header %s: follows from the body; leave it out", shown(name))
	}
	if len(name) == 0 || bytes.ContainsFunc(name, outside) {
		return fmt.Sprintf("header name %s: must be letters, digits and %s", shown(name), marks)
	}
	if bytes.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7F }) {
		return fmt.Sprintf("header %s: value %s must not hold line ends or other control characters", shown(name), shown(value))
	}
	return ""
}
