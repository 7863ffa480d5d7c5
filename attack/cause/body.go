package cause

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"brunt/attack/endpoint"
	"brunt/attack/spell"
)

// errorText is what an error reply says, of the keys that Model Serving and the
// gateways before it use.
type errorText struct {
	message, code, limit, retry string
}

// take keeps the first value of each key that is known.
func (s *errorText) take(key, value string) {
	var into *string
	switch key {
	case "message", "error", "detail", "error_message":
		into = &s.message
	case "error_code", "code", "type":
		into = &s.code
	case "limit_type":
		into = &s.limit
	case "retry_after":
		into = &s.retry
	default:
		return
	}
	if *into == "" && value != "null" {
		*into = value
	}
}

// readErrorText reads a body that is a JSON object, or the beginning of one: the
// sample ends where it ends, often within the message.
func readErrorText(body []byte) (s errorText) {
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return s
	}
	key := ""
	for {
		named := false
		if kind, n := d.StackIndex(d.StackDepth()); kind == '{' {
			named = n%2 == 0
		}
		token, err := d.ReadToken()
		if err != nil {
			if !named && d.StackDepth() > 0 {
				s.take(key, cutString(body[d.InputOffset():]))
			}
			return s
		}
		switch token.Kind() {
		case '"', '0':
			if named {
				key = token.String()
			} else {
				s.take(key, token.String())
			}
		case '}':
			if d.StackDepth() == 0 {
				return s
			}
		}
	}
}

// ErrorMessage is what a body says that is a JSON object with an error in it; empty
// where it is none.
func ErrorMessage(body []byte) string { return readErrorText(body).message }

// cutString is the beginning of a JSON string whose end is missing, and …, which
// says so: what was cut may have been a secret.
func cutString(rest []byte) string {
	rest = bytes.TrimLeft(rest, " \t\r\n:,")
	if len(rest) == 0 || rest[0] != '"' {
		return ""
	}
	for range 7 { // the escape that may stand at the end is no longer
		// It fails where bytes are no UTF-8, too, but then gives the text.
		text, err := jsontext.AppendUnquote(nil, append(rest[:len(rest):len(rest)], '"'))
		if err == nil || len(text) > 0 {
			return string(text) + "…"
		}
		if rest = rest[:len(rest)-1]; len(rest) == 0 {
			break
		}
	}
	return ""
}

// maxNested is how many answers within answers are looked into.
const maxNested = 3

// DescribeBody finds what an error reply says, in whatever shape it came:
// {"error_code","message"}, {"error":"…"}, {"error":{"message","limit_type",…}},
// "CODE: message", a page, or anything else. The body may be cut short.
// What looks like a token is left out.
func DescribeBody(body []byte) string {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	s := readErrorText(body)
	// Gateways put another service's whole answer into their message.
	for range maxNested {
		inner := readErrorText([]byte(s.message))
		if inner.message == "" {
			break
		}
		inner.code = cmp.Or(inner.code, s.code)
		inner.limit, inner.retry = cmp.Or(inner.limit, s.limit), cmp.Or(inner.retry, s.retry)
		s = inner
	}
	text := s.message
	switch {
	case text == "" && s.code != "":
		text = s.code
	case text == "" && noText(body):
		return "a body that is no text"
	case text == "":
		if text = title(string(body)); len(body) >= SampleSize && strings.HasSuffix(string(body), text) {
			text += "…"
		}
	}
	text = strings.TrimPrefix(text, s.code+": ")
	var notes []string
	if s.limit != "" {
		notes = append(notes, s.limit)
	}
	if s.retry != "" {
		notes = append(notes, "retry after "+s.retry+" s")
	}
	text = spell.OneLine(endpoint.RedactTokens(text), 200)
	if len(notes) > 0 {
		text += " " + spell.OneLine("("+strings.Join(notes, ", ")+")", 60)
	}
	return text
}

// noText reports whether a body is binary: one byte in ten, or more, is part of
// no text.
func noText(body []byte) bool {
	odd := 0
	for rest := body; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		// The last rune may have been cut.
		if r == utf8.RuneError && size == 1 && len(rest) >= utf8.UTFMax ||
			r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			odd++
		}
		rest = rest[size:]
	}
	return odd*10 > len(body)
}

// title is an HTML page's, or its first heading, or the text as it is.
func title(text string) string {
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		return text
	}
	for _, tag := range []string{"<title>", "<h1>"} {
		from := strings.Index(lower, tag)
		if from < 0 {
			continue
		}
		inside, _, _ := strings.Cut(text[from+len(tag):], "<")
		if inside = strings.TrimSpace(inside); inside != "" {
			return inside
		}
	}
	return text
}
