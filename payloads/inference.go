package payloads

import (
	"fmt"
	"io"
	"math"
)

// An inference table is what a serving endpoint keeps of its traffic: a row
// per request, with the request's body as text in one column. Its export, in
// JSON lines or CSV, is turned into request lines when it is opened, each on
// the line of the row that it comes from.

// requestColumn holds the body, and inferenceID what the platform calls it.
const (
	requestColumn = "request"
	inferenceID   = "databricks_request_id"
)

// inferenceColumns are some that stand beside it, in old tables and new ones:
// with one of them a file is known for what it is.
var inferenceColumns = []string{
	"timestamp_ms", "request_time", inferenceID, "execution_time_ms", "execution_duration_ms", "sampling_fraction", "status_code",
}

// Times of rows that have none, or one that cannot be read.
const (
	noTime  = math.MinInt64
	oddTime = math.MinInt64 + 1
)

// inferenceRow is what is taken from a row.
type inferenceRow struct {
	request []byte // the body; nil where the table has none
	name    []byte // of the served entity
	at      int64  // when the request came, ns since 1970, or noTime or oddTime
}

// inferenceRows reads one row after the other; io.EOF stands behind the last.
type inferenceRows interface {
	row() (inferenceRow, error)
	place() int // number of the first line of the row read last
	problem(what string) error
}

// convertInference turns an export into request lines, in a temporary file
// that takes its place. What is wrong with rows goes to the ledger, unless no
// row is left.
func convertInference(content *mapping, path string, found func(error)) (lines *mapping, times []int64, err error) {
	c := &inferenceLines{found: found}
	err = guarded(func() error {
		if len(content.data) == 0 {
			return fmt.Errorf("%s: empty; it needs rows of an inference table", content.name)
		}
		if kind := foreignKind(content.data); kind != "" {
			return fmt.Errorf("%s: %s", content.name, kind)
		}
		if c.rows, err = openInference(content, path); err != nil {
			return err
		}
		lines, err = spoolReader(content.name, c)
		return err
	})
	if err == nil {
		err = content.changed()
	}
	switch {
	case err == nil && len(c.times) == 0 && c.last == nil:
		err = fmt.Errorf("%s: no rows; it needs those of an inference table", content.name)
	case err == nil && len(c.times) == 0:
		err = c.last
	case c.last != nil:
		found(c.last)
	}
	if err != nil && lines != nil {
		lines.close()
	}
	return lines, c.times, err
}

func openInference(content *mapping, path string) (inferenceRows, error) {
	if isTable(path, content.data) {
		return openInferenceTable(content)
	}
	return &inferenceObjects{newLineReader(content.name, content.data)}, nil
}

// inferenceLines is the file of request lines, made as it is read.
type inferenceLines struct {
	rows  inferenceRows
	found func(error)
	times []int64
	last  error // problem that is not in the ledger yet
	lines int   // written so far
	out   []byte
	read  int
}

// Read implements io.Reader.
func (c *inferenceLines) Read(p []byte) (int, error) {
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
			c.last = c.rows.problem(what)
			continue
		}
		c.append(row)
	}
	n := copy(p, c.out[c.read:])
	c.read += n
	return n, nil
}

// fault says what is wrong with a row.
func (r *inferenceRow) fault() string {
	if len(r.request) == 0 {
		return "no request in the row (tables have none for bodies over 1 MiB); leave such rows out"
	}
	if !validJSON(r.request) {
		reason, _ := jsonFault(r.request)
		return "request: " + reason + "; leave the row out"
	}
	return ""
}

// append adds a row's request line, on the line where the row stands.
func (c *inferenceLines) append(row inferenceRow) {
	for at := c.rows.place(); c.lines < at-1; c.lines++ {
		c.out = append(c.out, '\n')
	}
	c.out = append(c.out, '{')
	if len(row.name) > 0 {
		c.out = append(appendText(append(c.out, `"name":`...), row.name), ',')
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

var _ io.Reader = (*inferenceLines)(nil)
