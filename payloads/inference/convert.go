package inference

import (
	"fmt"
	"io"
	"math"

	"brunt/payloads/file"
	"brunt/payloads/jsonscan"
)

// requestColumn holds the body, and inferenceID what the platform calls it.
const (
	requestColumn = "request"
	inferenceID   = "databricks_request_id"
)

// inferenceColumns are some that stand beside it, in old tables and new ones:
// with one of them a file is known for what it is.
var inferenceColumns = []string{
	"timestamp_ms", "request_time", inferenceID, "execution_time_ms", "execution_duration_ms", "sampling_fraction",
	"status_code",
}

// Times of rows that have none, or one that cannot be read.
const (
	NoTime  = math.MinInt64
	BadTime = math.MinInt64 + 1
)

// row is what is taken from a row.
type row struct {
	request []byte // the body; nil where the table has none
	name    []byte // of the served entity
	at      int64  // when the request came, ns since 1970, or NoTime or BadTime
}

// rows reads one row after the other; io.EOF stands behind the last.
type rows interface {
	row() (row, error)
	place() int // number of the first line of the row read last
	Problem(what string) error
}

// Convert turns an export into request lines, in a temporary file
// that takes its place. What is wrong with rows goes to found, unless no
// row is left.
func Convert(content *file.Mapping, path string, found func(error)) (lines *file.Mapping, times []int64, err error) {
	c := &requestLines{found: found}
	err = file.Guard(func() error {
		if len(content.Data) == 0 {
			return fmt.Errorf("%s: empty; it needs rows of an inference table", content.Name)
		}
		if kind := file.Foreign(content.Data); kind != "" {
			return fmt.Errorf("%s: %s", content.Name, kind)
		}
		if c.rows, err = openRows(content, path); err != nil {
			return err
		}
		lines, err = file.Spool(content.Name, c)
		return err
	})
	if err == nil {
		err = content.Changed()
	}
	switch {
	case err == nil && len(c.times) == 0 && c.last == nil:
		err = fmt.Errorf("%s: no rows; it needs those of an inference table", content.Name)
	case err == nil && len(c.times) == 0:
		err = c.last
	case c.last != nil:
		found(c.last)
	}
	if err != nil && lines != nil {
		lines.Close()
	}
	return lines, c.times, err
}

func openRows(content *file.Mapping, path string) (rows, error) {
	if isTable(path, content.Data) {
		return openTableRows(content)
	}
	return &objectRows{file.NewLines(content.Name, content.Data)}, nil
}

// requestLines is the file of request lines, made as it is read.
type requestLines struct {
	rows  rows
	found func(error)
	times []int64
	last  error // problem that found has not been given yet
	lines int   // written so far
	out   []byte
	read  int
}

// Read implements io.Reader.
func (c *requestLines) Read(p []byte) (int, error) {
	for c.read == len(c.out) {
		c.out, c.read = c.out[:0], 0
		row, err := c.rows.row()
		if err != nil {
			return 0, err
		}
		if what := row.fault(); what != "" {
			if c.last != nil {
				c.found(c.last)
			}
			c.last = c.rows.Problem(what)
			continue
		}
		c.append(row)
	}
	n := copy(p, c.out[c.read:])
	c.read += n
	return n, nil
}

// fault says what is wrong with a row.
func (r *row) fault() string {
	if len(r.request) == 0 {
		return "no request in the row (tables have none for bodies over 1 MiB); leave such rows out"
	}
	if !jsonscan.Valid(r.request) {
		reason, _ := jsonscan.Fault(r.request)
		return "request: " + reason + "; leave the row out"
	}
	return ""
}

// append adds a row's request line, on the line where the row stands.
func (c *requestLines) append(row row) {
	for at := c.rows.place(); c.lines < at-1; c.lines++ {
		c.out = append(c.out, '\n')
	}
	c.out = append(c.out, '{')
	if len(row.name) > 0 {
		c.out = append(jsonscan.AppendString(append(c.out, `"name":`...), row.name), ',')
	}
	c.out = append(c.out, `"body":`...)
	start := len(c.out)
	c.out = append(c.out, row.request...)
	for i, b := range c.out[start:] {
		if b == '\n' || b == '\r' { // between the parts of the value: within strings there is none
			c.out[start+i] = ' '
		}
	}
	c.out = append(c.out, "}\n"...)
	c.lines++
	c.times = append(c.times, row.at)
}

var _ io.Reader = (*requestLines)(nil)
