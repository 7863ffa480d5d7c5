package targetlist

import (
	"fmt"

	"brunt/payloads/jsonscan"
	"brunt/payloads/show"
)

// fromJSON converts a target of the JSON format, one on each line:
// {"method":"POST","url":"https://host/path","header":{"X-Key":["1"]},"body":"aGk="}.
func (c *converter) fromJSON() error {
	line, _, err := c.take()
	if err != nil {
		return err
	}
	if !jsonscan.Valid(line) {
		return c.problem("%s", jsonscan.LineFault(line))
	}
	if !jsonscan.IsAt(line, 0, '{') {
		return c.problem(`a target is an object such as {"method":"GET","url":"https://host/path"}`)
	}
	var t jsonTarget
	if what := t.read(line); what != "" {
		return c.problem("%s", what)
	}
	c.begin()
	c.member(`"method":`, t.method)
	c.member(`"url":`, t.url)
	if len(t.headers) > 0 {
		c.out = append(append(append(c.out, `,"headers":{`...), t.headers...), '}')
	}
	if len(t.body) > 0 {
		c.member(`"base64":`, t.body)
	} else {
		c.out = append(c.out, c.body...)
	}
	c.end()
	return nil
}

// jsonTarget is a target of the JSON format.
type jsonTarget struct {
	method, url, body []byte
	headers           []byte // members of a request line's
}

// read takes a target apart and says what is wrong with it, or "".
func (t *jsonTarget) read(line []byte) (what string) {
	seen := map[string]bool{}
	_, what = jsonscan.EachMember(line, 0, 1, func(rawKey, value []byte, _ int) string {
		key, _ := jsonscan.Unquote(rawKey)
		if seen[string(key)] {
			return fmt.Sprintf("%s given twice; leave one out", show.Excerpt(key))
		}
		seen[string(key)] = true
		switch string(key) {
		case "method":
			return text(&t.method, key, value)
		case "url":
			return text(&t.url, key, value)
		case "body":
			if string(value) == "null" {
				return ""
			}
			return text(&t.body, key, value)
		case "header":
			return t.readHeaders(value)
		}
		return fmt.Sprintf("unknown key %s; a target has method, url, header and body", show.Excerpt(key))
	})
	if what == "" && (len(t.method) == 0 || len(t.url) == 0) {
		return "a target needs a method and a url"
	}
	return what
}

// text reads a string.
func text(into *[]byte, key, value []byte) (what string) {
	var ok bool
	if *into, ok = jsonscan.Unquote(value); !ok {
		return fmt.Sprintf("%s: must be a string", key)
	}
	return ""
}

// readHeaders reads the headers, each a list of values.
func (t *jsonTarget) readHeaders(value []byte) (what string) {
	if string(value) == "null" {
		return ""
	}
	if !jsonscan.IsAt(value, 0, '{') {
		return `header: must be an object such as {"X-Key":["value"]}`
	}
	_, what = jsonscan.EachMember(value, 0, 2, func(rawKey, value []byte, _ int) string {
		name, ok := jsonscan.Unquote(rawKey)
		if ok = ok && jsonscan.IsAt(value, 0, '['); ok {
			jsonscan.EachElement(value, func(element []byte, _ int) bool {
				var text []byte
				if text, ok = jsonscan.Unquote(element); ok {
					t.headers = appendHeader(t.headers, name, text)
				}
				return ok
			})
		}
		if !ok {
			return fmt.Sprintf("header %s: must be a list of strings", show.Excerpt(name))
		}
		return ""
	})
	return what
}

// appendHeader appends a member of the headers of a request line.
func appendHeader(headers, name, value []byte) []byte {
	if len(headers) > 0 {
		headers = append(headers, ',')
	}
	headers = append(jsonscan.AppendString(headers, name), ':')
	return jsonscan.AppendString(headers, value)
}
