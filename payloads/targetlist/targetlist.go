package targetlist

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// Convert turns a list into request lines, in a temporary file that takes its place.
// Targets without a body get the file body as theirs, unless that is empty. An error is
// about the list's first wrong line, or the list as a whole.
func Convert(content *file.Mapping, body string) (lines *file.Mapping, err error) {
	c := &converter{text: file.NewLines(content.Name, content.Data), found: map[string]string{}}
	if body != "" {
		c.body = jsonscan.AppendString([]byte(`,"file":`), c.place(body))
	}
	err = file.Guard(func() error {
		if kind := file.Foreign(content.Data); kind != "" {
			return content.Wrong(kind)
		}
		start := jsonscan.SkipSpace(content.Data, file.TextStart(content.Data))
		c.json = jsonscan.IsAt(content.Data, start, '{')
		lines, err = file.Spool(content.Name, c)
		return err
	})
	switch {
	case err != nil:
	case c.targets == 0:
		err = content.Wrong("no targets in it; a target is a line such as GET https://host/path")
	default:
		err = content.Changed()
	}
	if err != nil && lines != nil {
		lines.Close()
	}
	return lines, err
}

// converter is the file of request lines, made as it is read.
type converter struct {
	text    *file.Lines
	json    bool   // the list is in vegeta's JSON format
	body    []byte // member for targets without one; nil for none
	found   map[string]string
	targets int
	lines   int // written so far
	out     []byte
	read    int

	next   []byte // line that was read ahead; nil for none
	nextAt int    // its number
	at     int    // number of the line that take gave last
}

// Read implements io.Reader.
func (c *converter) Read(p []byte) (int, error) {
	for c.read == len(c.out) {
		c.out, c.read = c.out[:0], 0
		var err error
		if c.json {
			err = c.fromJSON()
		} else {
			err = c.fromHTTP()
		}
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, c.out[c.read:])
	c.read += n
	return n, nil
}

// take gives the next line that is not blank, without the blanks around it, and
// reports whether blank lines stand before it.
func (c *converter) take() (line []byte, apart bool, err error) {
	before := c.at
	if line = c.next; line != nil {
		c.next, c.at = nil, c.nextAt
		return line, c.at > before+1, nil
	}
	for len(line) == 0 { // the file's own blanks are those of JSON
		if line, err = c.text.Next(); err != nil {
			return nil, true, err
		}
		line = bytes.TrimSpace(line)
	}
	c.at = c.text.Line
	return line, c.at > before+1, nil
}

// giveBack has take give the line that it gave last again.
func (c *converter) giveBack(line []byte) { c.next, c.nextAt = line, c.at }

// problem is an error about the line that take gave last.
func (c *converter) problem(format string, args ...any) error {
	return c.text.ProblemAt(c.at, fmt.Sprintf(format, args...))
}

// begin begins the request line of a target, on the line where the target stands.
func (c *converter) begin() {
	for ; c.lines < c.at-1; c.lines++ {
		c.out = append(c.out, '\n')
	}
	c.targets++
	c.out = append(c.out, '{')
}

func (c *converter) end() {
	c.out = append(c.out, "}\n"...)
	c.lines++
}

// member appends a member of the request line whose value is a string.
func (c *converter) member(key string, value []byte) {
	if last := c.out[len(c.out)-1]; last != '{' {
		c.out = append(c.out, ',')
	}
	c.out = jsonscan.AppendString(append(c.out, key...), value)
}

// place is a file's name as a request line is to have it: vegeta's names count from the
// folder in which it runs, those of request lines from that of their file.
func (c *converter) place(name string) string {
	if found, ok := c.found[name]; ok {
		return found
	}
	found := name
	if _, err := os.Stat(name); err == nil {
		if whole, err := filepath.Abs(name); err == nil {
			found = whole
		}
	}
	c.found[name] = found
	return found
}

var _ io.Reader = (*converter)(nil)
