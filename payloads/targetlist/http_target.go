package targetlist

import (
	"bytes"
	"io"

	"brunt/payloads/show"
)

// fromHTTP converts a target of the http format: method and URL, then headers, then the
// file that is its body, up to a blank line or the next target.
func (c *converter) fromHTTP() error {
	line, err := c.skipComments()
	if err != nil {
		return err
	}
	method, url, found := bytes.Cut(line, []byte(" "))
	switch url = bytes.TrimSpace(url); {
	case !beginsTarget(line):
		return c.problem("%s begins no target; write it as METHOD URL, such as GET https://host/path, with a blank line before it", show.Excerpt(untilSecret(line)))
	case !found || len(url) == 0:
		return c.problem("no URL after %s; write it as %s https://host/path", method, method)
	}
	c.begin()
	c.member(`"method":`, method)
	c.member(`"url":`, url)
	headers, err := c.httpHeaders()
	if err != nil {
		return err
	}
	if len(headers) > 0 {
		c.out = append(append(append(c.out, `,"headers":{`...), headers...), '}')
	}
	c.end()
	return nil
}

// skipComments gives the first line that is none.
func (c *converter) skipComments() (line []byte, err error) {
	for {
		line, _, err = c.take()
		if err != nil || line[0] != '#' {
			return line, err
		}
	}
}

// httpHeaders reads what follows a target's first line: members of its headers. The
// body's file, if there is one, is appended to the request line.
func (c *converter) httpHeaders() (headers []byte, err error) {
	body := c.body
	defer func() { c.out = append(c.out, body...) }()
	for {
		line, apart, err := c.take()
		switch {
		case err == io.EOF:
			return headers, nil
		case err != nil:
			return nil, err
		case apart, beginsTarget(line):
			c.giveBack(line)
			return headers, nil
		case line[0] == '#':
			continue
		case line[0] == '@':
			if len(line) == 1 {
				return nil, c.problem("no file after @; write it as @body.json")
			}
			body = nil
			c.member(`"file":`, []byte(c.place(string(line[1:]))))
			return headers, nil
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		name, value = bytes.TrimSpace(name), bytes.TrimSpace(value)
		if !found || len(name) == 0 || len(value) == 0 {
			return nil, c.problem("neither a header (NAME: VALUE) nor the body's file (@FILE); a target ends with a blank line")
		}
		headers = appendHeader(headers, name, value)
	}
}

// beginsTarget reports whether a line begins with a method, as vegeta has it: a word of
// capitals with a blank behind it.
func beginsTarget(line []byte) bool {
	end := bytes.IndexFunc(line, func(c rune) bool { return c < 'A' || c > 'Z' })
	return end > 0 && (line[end] == ' ' || line[end] == '\t')
}

// untilSecret is a line up to where a value may begin that is secret.
func untilSecret(line []byte) []byte {
	if at := bytes.IndexAny(line, "?#@=:"); at >= 0 {
		return line[:at+1]
	}
	return line
}
