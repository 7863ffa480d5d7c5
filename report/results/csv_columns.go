package results

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/result"
)

// columnNames are the header of CSV with a header. Times are milliseconds with
// all their digits, planned is an instant (RFC 3339), and what is absent is
// empty. Columns are added at the end and never renamed.
var columnNames = append([]string{
	"seq", "planned", "response_ms", "service_ms", "lateness_ms", "first_byte_ms", "status", "outcome", "error",
	"bytes_out", "bytes_in", "payload", "name", "request_id", "report",
}, answerColumns()...)

func answerColumns() (names []string) {
	for i := range answerFields {
		names = append(names, answerFields[i].column)
	}
	return names
}

// looksColumns tells such a file by its first line.
func looksColumns(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.Contains(line, []byte("response_ms")) && bytes.Contains(line, []byte("planned")) &&
		!bytes.HasPrefix(line, []byte("{"))
}

// What became of a request, in the column outcome.
const (
	outcomeSucceeded = "succeeded"
	outcomeFailed    = "failed"
	outcomeCutOff    = "cut_off"
)

// columnWriter writes a row per record.
type columnWriter struct {
	out   *csv.Writer
	row   []string
	begun bool
}

func newColumnWriter() *columnWriter { return &columnWriter{row: make([]string, len(columnNames))} }

func (c *columnWriter) to(w io.Writer) { c.out = csv.NewWriter(w) }

// write writes the record's row; of are the figures of the record that are not its
// own.
func (c *columnWriter) write(start time.Time, in *attack.Record, of *described, report string) error {
	if !c.begun {
		c.begun = true
		if err := c.out.Write(columnNames); err != nil {
			return err
		}
	}
	clear(c.row)
	for i, value := range []string{
		strconv.FormatUint(in.Index, 10), start.Add(in.Planned).UTC().Format(time.RFC3339Nano), columnMS(in.End - in.Planned),
		"", columnMS(in.Begun - in.Planned), "", "", outcomeSucceeded, "",
		strconv.FormatUint(in.BytesOut, 10), strconv.FormatUint(in.BytesIn, 10),
	} {
		c.row[i] = value
	}
	if in.Sent > 0 {
		c.row[3] = columnMS(in.End - in.Sent)
		if in.First > 0 {
			c.row[5] = columnMS(in.First - in.Sent)
		}
	}
	if in.Status > 0 {
		c.row[6] = strconv.Itoa(in.Status)
	}
	switch {
	case in.Succeeded:
	case in.Kind == result.KindCut:
		c.row[7] = outcomeCutOff
	case in.Status > 0:
		c.row[7], c.row[8] = outcomeFailed, "status_"+c.row[6]
	default:
		c.row[7], c.row[8] = outcomeFailed, in.Kind
	}
	c.row[11], c.row[12], c.row[13], c.row[14] = of.payload, of.name, of.id, report
	for i, value := range of.answer {
		if answerFields[i].time && value != "" {
			ns, _ := strconv.ParseInt(value, 10, 64)
			value = columnMS(time.Duration(ns))
		}
		c.row[15+i] = value
	}
	err := c.out.Write(c.row)
	c.out.Flush()
	return errors.Join(err, c.out.Error())
}

// columnMS writes milliseconds to the nanosecond.
func columnMS(d time.Duration) string { return strconv.FormatFloat(float64(d)/1e6, 'f', -1, 64) }

// columnDecoder reads what columnWriter wrote, also with columns in another order,
// or more of them, as a program may have saved it again.
func columnDecoder(in io.Reader) (vegeta.Decoder, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, err
	}
	c := &columnReader{in: r, at: map[string]int{}}
	for _, name := range columnNames {
		c.at[name] = slices.Index(header, name)
	}
	for _, needed := range []string{"planned", "response_ms", "status", "outcome"} {
		if c.at[needed] < 0 {
			return nil, fmt.Errorf("its header has no column %s", needed)
		}
	}
	return c.read, nil
}

type columnReader struct {
	in  *csv.Reader
	at  map[string]int // column by name, -1 for none
	row []string
}

func (c *columnReader) text(name string) string {
	if i := c.at[name]; i >= 0 {
		return c.row[i]
	}
	return ""
}

func (c *columnReader) number(name string, bits int, errs *error) uint64 {
	text := c.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, bits)
	*errs = errors.Join(*errs, c.wrong(name, err))
	return n
}

// duration is false where the column is empty.
func (c *columnReader) duration(name string, errs *error) (time.Duration, bool) {
	text := c.text(name)
	if text == "" {
		return 0, false
	}
	ms, err := strconv.ParseFloat(text, 64)
	if err == nil && !(math.Abs(ms) < 1e12) { // no number, or centuries
		err = strconv.ErrRange
	}
	*errs = errors.Join(*errs, c.wrong(name, err))
	return time.Duration(math.Round(ms * 1e6)), true
}

// wrong says in one line which value cannot be read.
func (c *columnReader) wrong(name string, err error) error {
	if err == nil {
		return nil
	}
	line, _ := c.in.FieldPos(max(c.at[name], 0))
	return fmt.Errorf("line %d: %s is %.40q", line, name, c.text(name))
}

// read makes a row a result in vegeta's terms, as Results.result does.
func (c *columnReader) read(out *vegeta.Result) (err error) {
	if c.row, err = c.in.Read(); err != nil {
		return err
	}
	*out = vegeta.Result{Headers: http.Header{}}
	out.Seq, out.BytesOut, out.BytesIn = c.number(
		"seq",
		64,
		&err,
	), c.number(
		"bytes_out",
		64,
		&err,
	), c.number(
		"bytes_in",
		64,
		&err,
	)
	out.Code = uint16(c.number("status", 16, &err))
	planned, bad := time.Parse(time.RFC3339Nano, c.text("planned"))
	err = errors.Join(err, c.wrong("planned", bad))
	out.Timestamp = planned
	out.Latency, _ = c.duration("response_ms", &err)
	for header, name := range map[string]string{headerService: "service_ms", headerLateness: "lateness_ms", headerFirstByte: "first_byte_ms"} {
		if d, has := c.duration(name, &err); has {
			out.Headers.Set(header, strconv.FormatInt(int64(d), 10))
		}
	}
	for header, name := range map[string]string{
		headerPayload: "payload", headerName: "name", headerID: "request_id", headerReport: "report",
	} {
		if text := c.text(name); text != "" {
			out.Headers.Set(header, text)
		}
	}
	for i := range answerFields {
		f := &answerFields[i]
		if !f.time {
			if text := c.text(f.column); text != "" {
				out.Headers.Set(f.header, text)
			}
		} else if d, has := c.duration(f.column, &err); has {
			out.Headers.Set(f.header, strconv.FormatInt(int64(d), 10))
		}
	}
	switch outcome := c.text("outcome"); {
	case out.Code > 0 && out.Code < 100 || out.Code > 999 || outcome == outcomeSucceeded && out.Code == 0:
		return errors.Join(err, c.wrong("status", strconv.ErrRange))
	case outcome == outcomeSucceeded:
	case outcome == outcomeCutOff:
		out.Error = cutOffText
	case outcome != outcomeFailed:
		return errors.Join(err, c.wrong("outcome", strconv.ErrSyntax))
	case out.Code > 0:
		out.Error = strings.TrimSpace(strconv.Itoa(int(out.Code)) + " " + http.StatusText(int(out.Code)))
	default:
		out.Error = c.text("error")
		if out.Error == "" {
			out.Error = result.KindOther
		}
		out.Headers.Set(headerKind, out.Error)
	}
	return err
}
