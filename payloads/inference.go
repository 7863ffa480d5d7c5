package payloads

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
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

// isTable tells if a file is CSV, by its name, or on standard input by its
// first character.
func isTable(path string, data []byte) bool {
	if path == stdinPath {
		data = bytes.TrimPrefix(data, []byte(byteOrderMark))
		return !isAt(data, skipSpace(data, 0), '{')
	}
	if promisedPacking(path) != "" {
		path = path[:len(path)-len(filepath.Ext(path))]
	}
	return strings.EqualFold(filepath.Ext(path), ".csv")
}

// isInference looks at the first row for what only inference tables have.
func isInference(path string, data []byte) bool {
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	first, _ := cutLine(data, skipSpace(data, 0))
	if isTable(path, data) {
		names := strings.Split(strings.ReplaceAll(string(first[:min(len(first), 64<<10)]), `"`, ""), ",")
		return slices.Contains(names, requestColumn) && slices.ContainsFunc(inferenceColumns, func(c string) bool { return slices.Contains(names, c) })
	}
	if !isAt(first, 0, '{') || !validJSON(first) {
		return false
	}
	beside := 0
	for _, c := range inferenceColumns {
		if member(first, c) != nil {
			beside++
		}
	}
	switch request := member(first, requestColumn); {
	case request == nil: // some exports leave out what is null, as for bodies over 1 MiB
		return beside > 1 && member(first, inferenceID) != nil
	case isAt(request, 0, '"'), string(request) == "null":
		return beside > 0
	}
	return false
}

// convertInference turns an export into request lines, in a temporary file
// that takes its place. What is wrong with rows goes to the ledger, unless no
// row is left.
func convertInference(content *mapping, path string, found *ledger) (lines *mapping, times []int64, err error) {
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
		lines, err = spool(content.name, c)
		if e, ok := err.(*readError); ok {
			return e.error
		}
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
		found.add(c.last)
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
	src := &source{name: content.name, data: content.data}
	return &inferenceObjects{linePrompts{src: src, at: src.textStart()}}, nil
}

// inferenceLines is the file of request lines, made as it is read.
type inferenceLines struct {
	rows  inferenceRows
	found *ledger
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
				c.found.add(c.last)
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

// inferenceObjects are rows as JSON lines.
type inferenceObjects struct{ linePrompts }

func (o *inferenceObjects) place() int { return o.line }

func (o *inferenceObjects) row() (inferenceRow, error) {
	line, err := o.nextLine()
	if err != nil {
		return inferenceRow{}, err
	}
	var r inferenceRow
	value := line[skipSpace(line, 0):]
	if !validJSON(value) || value[0] != '{' {
		what := "not a row; an inference table has an object with request on each line"
		if !validJSON(value) {
			what = lineFault(line)
		}
		return r, o.problem(what)
	}
	var id, stamp, clock []byte
	eachMember(value, 0, 1, func(rawKey, value []byte, _ int) string {
		key, _ := unquote(rawKey)
		text, isText := unquote(value)
		switch string(key) {
		case requestColumn:
			// Some exports have it as JSON within the JSON.
			if r.request = text; string(value) == "null" || isAt(value, 0, '"') && !isText {
				r.request = nil
			}
		case "served_entity_name":
			r.name = textOf(text, isText)
		case "served_entity_id":
			id = textOf(text, isText)
		case stampColumn:
			stamp = text
		case clockColumn:
			clock = text
		}
		return ""
	})
	r.at = requestTime(stamp, clock)
	if len(r.name) == 0 {
		r.name = id
	}
	return r, nil
}

func textOf(text []byte, isText bool) []byte {
	if !isText {
		return nil
	}
	return text
}

// inferenceTable are rows of CSV.
type inferenceTable struct {
	table                             *table
	rows                              *tableReader
	request, entity, id, stamp, clock int // columns, -1 where there is none
}

func openInferenceTable(content *mapping) (*inferenceTable, error) {
	t := &table{content: content, in: MakeOptions{Header: true, Separator: ','}}
	x := &inferenceTable{table: t, rows: t.open()}
	if err := x.rows.next(); err != nil {
		return nil, t.ended(err)
	}
	if err := t.begin(x.rows); err != nil {
		return nil, err
	}
	column := func(name string) int {
		return slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
	}
	x.request, x.entity, x.id = column(requestColumn), column("served_entity_name"), column("served_entity_id")
	x.stamp, x.clock = column(stampColumn), column(clockColumn)
	if x.request < 0 {
		return nil, x.problem("no column request; an inference table has one, with the bodies")
	}
	return x, nil
}

func (x *inferenceTable) place() int                { return x.rows.start }
func (x *inferenceTable) problem(what string) error { return x.rows.problem("%s", what) }

func (x *inferenceTable) row() (inferenceRow, error) {
	if err := x.rows.next(); err != nil {
		return inferenceRow{}, err
	}
	if err := x.table.sameLength(x.rows); err != nil {
		return inferenceRow{}, err
	}
	value := func(column int) []byte {
		if column < 0 {
			return nil
		}
		return x.rows.value(column)
	}
	r := inferenceRow{request: value(x.request), name: value(x.entity), at: requestTime(value(x.stamp), value(x.clock))}
	if string(r.request) == "null" {
		r.request = nil
	}
	if len(r.name) == 0 {
		r.name = value(x.id)
	}
	return r, nil
}

// The columns that say when a request came: milliseconds since 1970 in old
// tables, an instant in new ones.
const (
	stampColumn = "timestamp_ms"
	clockColumn = "request_time"
)

// requestTime is when a request came, by the first of the two columns that has
// something in it.
func requestTime(stamp, clock []byte) int64 {
	for _, c := range []struct {
		text []byte
		unit float64 // of small numbers, ns
	}{{stamp, 1e6}, {clock, 1e9}} {
		if text := strings.TrimSpace(string(c.text)); text != "" && text != "null" {
			return rowTime(text, c.unit)
		}
	}
	return noTime
}

// rowTime reads a date and time (UTC where no zone is said), or a number since
// 1970. What the number counts is told by its size, for exports write instants
// in all units: from 1973 on milliseconds, microseconds and
// nanoseconds are told apart. Smaller numbers have the unit given.
func rowTime(s string, unit float64) int64 {
	if x, err := strconv.ParseFloat(s, 64); err == nil {
		switch {
		case x >= 1e17:
			unit = 1
		case x >= 1e14:
			unit = 1e3
		case x >= 1e11:
			unit = 1e6
		}
		if !(x >= 0 && x*unit < math.MaxInt64) { // NaN, or after 2262
			return oddTime
		}
		if whole, err := strconv.ParseInt(s, 10, 64); err == nil { // which floats hold up to 2⁵³ only
			return whole * int64(unit)
		}
		return int64(math.Round(x * unit))
	}
	s = strings.TrimSuffix(strings.Replace(s, " ", "T", 1), " UTC")
	s = strings.Replace(s, " ", "", 1) // before the zone
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UnixNano()
		}
	}
	return oddTime
}

var _ io.Reader = (*inferenceLines)(nil)
