package expect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// MaxBody is the longest body of which queries are asked, in bytes.
const MaxBody = 1 << 20

// Checks are what is expected of replies. Nil expects nothing.
type Checks struct {
	Headers []Header
	Queries []*Query
	// Every is how many replies one is checked of: 1 for all. Which ones follows from the
	// requests' numbers, spread so that no line of a payload file is favoured.
	Every uint64
}

// Header is a header that a reply is to have, with a value that is matched by the
// pattern.
type Header struct {
	Name  string
	Value *regexp.Regexp // nil for any
}

// ParseHeader reads NAME, or NAME: REGEX.
func ParseHeader(word string) (h Header, err error) {
	name, pattern, valued := strings.Cut(word, ":")
	h.Name = strings.TrimSpace(name)
	if h.Name == "" || strings.ContainsAny(h.Name, " \t\r\n") {
		return h, fmt.Errorf("%q is no header; write it as NAME, or NAME: REGEX", word)
	}
	if pattern = strings.TrimSpace(pattern); !valued || pattern == "" {
		return h, nil
	}
	if h.Value, err = regexp.Compile(pattern); err != nil {
		return h, fmt.Errorf("%q is no regular expression (RE2): %s", pattern, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return h, nil
}

// Query is a query in jq's language.
type Query struct {
	text string
	code *gojq.Code
}

// ParseQuery compiles a query, such as .predictions|length==1. Queries read no file and
// no environment.
func ParseQuery(text string) (*Query, error) {
	parsed, err := gojq.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no jq query: %w", text, err)
	}
	code, err := gojq.Compile(parsed, gojq.WithEnvironLoader(func() []string { return nil }))
	if err != nil {
		return nil, fmt.Errorf("%q is no jq query: %w", text, err)
	}
	return &Query{text, code}, nil
}

// String is the query as it was written.
func (q *Query) String() string { return q.text }

// Chosen reports whether the reply to a request of that number is checked.
func (c *Checks) Chosen(index uint64) bool {
	return c.Every <= 1 || (index*0x9E3779B97F4A7C15)>>33%c.Every == 0
}

// maxQuery is how long one query may take: some never end.
const maxQuery = time.Second

// JSON says what is not as queries want it in a body; "" for nothing. A query holds
// where the last of its results is neither false nor null, as for jq -e.
func (c *Checks) JSON(body []byte) (why string) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return "the body is no JSON"
	}
	if _, err := d.Token(); err != io.EOF {
		return "the body is no JSON: something follows the value"
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxQuery)
	defer cancel()
	for _, q := range c.Queries {
		if why := q.ask(ctx, value); why != "" {
			return why
		}
	}
	return ""
}

func (q *Query) ask(ctx context.Context, value any) (why string) {
	var last any
	for results := q.code.RunWithContext(ctx, value); ; {
		result, more := results.Next()
		if !more {
			break
		}
		if err, failed := result.(error); failed {
			if ctx.Err() != nil {
				return fmt.Sprintf("%s took longer than %v", q.text, maxQuery)
			}
			return fmt.Sprintf("%s: %v", q.text, err)
		}
		last = result
	}
	if last == nil || last == false {
		return fmt.Sprintf("%s is %v", q.text, spelt(last))
	}
	return ""
}

func spelt(result any) string {
	if result == nil {
		return "null, or nothing"
	}
	return "false"
}
