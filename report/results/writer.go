package results

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/outfile"
)

// Formats of results files, as vegeta writes and reads them.
const (
	FormatGob    = "gob"
	FormatCSV    = "csv"
	FormatNDJSON = "ndjson"
	// FormatColumns is CSV of brunt's own, with a header and a column for each
	// figure.
	FormatColumns = "csv-header"
)

// Headers of a result that hold what vegeta's Result has no field for:
// nanoseconds, and the kind of an error without a status.
const (
	headerService  = "Brunt-Service-Ns"
	headerLateness = "Brunt-Lateness-Ns"
	headerKind     = "Brunt-Kind"

	headerFirstByte = "Brunt-First-Byte-Ns"
	headerPayload   = "Brunt-Payload"
	headerName      = "Brunt-Name"
	headerID        = "Brunt-Request-Id"
)

// cutOffText is the error of a request that the run's end cut off.
const cutOffText = "cut off by the run's end"

// Writer writes one vegeta Result per request, or one row of columns. Take is an
// attack.Sink. The last record is held back until Close, which adds the run's
// report to it.
type Writer struct {
	mu         sync.Mutex // held by Take, which may wait for its reader for ever
	format     string
	compressed bool
	opened     *outfile.Records // nil for standard output
	file       io.WriteCloser
	bytes      int64         // written to it
	zstd       *zstd.Encoder // nil without compression
	flushing   *time.Timer   // nil unless more is to be written soon
	buffer     *bufio.Writer
	encode     vegeta.Encoder
	err        error

	columns *columnWriter // in place of encode, or nil
	encoded uint64        // records given to the encoder
	written uint64        // of those, how many a write that did not fail had with it
	held    attack.Record // the last one so far
	start   time.Time     // that its instants count from; zero while none is held

	bodies *payloads.Set       // nil where there are none to name
	hide   func(string) string // keeps secrets out of what the endpoint says
	// request is what DescribeRequests was given; nil where all requests are alike.
	request func(index uint64) (method, url string)
	about   described // the record that is being written

	// One result is used again and again: only encoding costs.
	out    vegeta.Result
	values map[string][]string // of its headers, one value each
}

// described is what is written of a record that is not its own: where its body
// stands, and what the endpoint called it and said of its answer.
type described struct {
	payload, name, id string
	answer            []string // see cells
}

// describe fills in r.about.
func (r *Writer) describe(in *attack.Record) {
	d := &r.about
	d.payload, d.name = "", ""
	if r.bodies != nil {
		d.payload = r.bodies.Where(in.Index)
		d.name = r.bodies.Variants()[r.bodies.At(in.Index).Variant].Name
	}
	if r.request != nil {
		r.out.Method, r.out.URL = r.request(in.Index)
	}
	d.id = r.hide(format.UTF8(string(in.RequestID())))
	cells(d.answer, in, r.hide)
}

// Describe has records name bodies by their place in the set, and hide take
// secrets out of what the endpoint said.
func (r *Writer) Describe(bodies *payloads.Set, hide func(string) string) {
	r.bodies, r.hide = bodies, hide
}

// DescribeRequests has each record say the method and the URL of its request, without
// secrets, by its index.
func (r *Writer) DescribeRequests(request func(index uint64) (method, url string)) {
	r.request = request
}

// Create opens a results file; its name's ending (.gob, .csv or
// .ndjson, and .zst after it) says how it is written, and for .csv the format may
// be FormatColumns. "-" is stdout, written in the format given. The method and the meta's name and URL stand in each.
// What the file held stays until Close has written all of it.
func Create(path, form string, stdout io.Writer, method string, meta report.Meta) (*Writer, error) {
	r := &Writer{
		out:    vegeta.Result{Attack: format.Plain(meta.Name), Method: method, URL: meta.URL, Headers: http.Header{}},
		values: map[string][]string{},
		hide:   func(s string) string { return s },
		about:  described{answer: make([]string, len(answerFields))},
	}
	name, compressed := strings.CutSuffix(path, ".zst")
	switch of := ending(name); {
	case path == "-":
		r.file, compressed = nopCloser{stdout}, false
	case of == "":
		return nil, fmt.Errorf("%s: the name must end in .gob, .csv or .ndjson, and .zst may follow", path)
	case form == FormatColumns && of != FormatCSV:
		return nil, fmt.Errorf("%s: --results-format %s is for a name that ends in .csv, or .csv.zst", path, form)
	case form != FormatColumns:
		form = of
	}
	r.format, r.compressed = form, compressed
	if form == FormatColumns {
		r.columns = newColumnWriter()
	}
	if r.file == nil {
		var err error
		if r.opened, err = outfile.CreateRecords(path); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// begin has the records go to where they are to be.
func (r *Writer) begin() error {
	var w io.Writer = counting{r.file, &r.bytes}
	if r.compressed {
		var err error
		if r.zstd, err = zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1)); err != nil {
			return err
		}
		w = r.zstd
	}
	r.buffer = bufio.NewWriterSize(w, 256<<10)
	switch r.format {
	case FormatColumns:
		r.columns.to(r.buffer)
	case FormatCSV:
		r.encode = vegeta.NewCSVEncoder(r.buffer)
	case FormatNDJSON:
		r.encode = vegeta.NewJSONEncoder(r.buffer)
	default:
		r.encode = vegeta.NewEncoder(r.buffer)
	}
	return nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func ending(name string) string {
	for _, format := range []string{FormatGob, FormatCSV, FormatNDJSON} {
		if strings.HasSuffix(name, "."+format) {
			return format
		}
	}
	return ""
}

// Begin opens the file for the records of a run that is about to begin; a nil one
// has none. aside is the name that it has until Close where there is an older
// one, and else empty.
func (r *Writer) Begin() (aside string, err error) {
	if r == nil || r.buffer != nil {
		return "", nil
	}
	if r.opened != nil {
		if r.file, err = r.opened.Begin(); err != nil {
			return "", err
		}
		aside = r.opened.Aside
	}
	return aside, r.begin()
}

// Take writes a batch. It may block as long as the file does.
func (r *Writer) Take(start time.Time, batch []attack.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, r.err = r.Begin(); r.err != nil {
		return r.err
	}
	for i := range batch {
		if r.err = r.release(""); r.err != nil {
			return r.err
		}
		r.held, r.start = batch[i], start
	}
	if r.err = r.buffer.Flush(); r.err == nil && len(batch) > 0 {
		if r.zstd == nil {
			r.written = r.encoded
		}
		r.flushSoon()
	}
	return r.err
}

// unwritten is how long what was encoded may wait for its compression, so that no
// more is lost where the process is killed.
const unwritten = time.Second / 2

// flushSoon has the encoder write what it has taken, now or soon. mu is held.
func (r *Writer) flushSoon() {
	if r.zstd == nil || r.flushing != nil {
		return
	}
	r.flushing = time.AfterFunc(unwritten, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.flushing == nil { // closed
			return
		}
		r.flushing = nil
		if r.err == nil {
			if r.err = r.zstd.Flush(); r.err == nil {
				r.written = r.encoded
			}
		}
	})
}

// release writes the record that is held back, with the run's report if that is
// given.
func (r *Writer) release(report string) error {
	if r.start.IsZero() {
		return nil
	}
	r.encoded++
	r.describe(&r.held)
	if r.columns != nil {
		return r.columns.write(r.start, &r.held, &r.about, report)
	}
	out := r.result(r.start, &r.held)
	r.header(headerReport, report)
	return r.encode(out)
}

// header gives the result a header, unless the value is empty.
func (r *Writer) header(name, value string) {
	if value == "" {
		return
	}
	values := r.values[name]
	if values == nil {
		values = make([]string, 1)
		r.values[name] = values
	}
	values[0] = value
	r.out.Headers[name] = values
}

// result is a record in vegeta's terms: Timestamp is the planned instant and
// Latency the response time. It is valid until the next.
func (r *Writer) result(start time.Time, in *attack.Record) *vegeta.Result {
	out := &r.out
	out.Seq, out.Code = in.Index, uint16(in.Status)
	out.Timestamp, out.Latency = start.Add(in.Planned).Round(0), in.End-in.Planned
	out.BytesOut, out.BytesIn, out.Error = in.BytesOut, in.BytesIn, ""
	clear(out.Headers)
	r.header(headerLateness, strconv.FormatInt(int64(in.Begun-in.Planned), 10))
	if in.Sent > 0 {
		r.header(headerService, strconv.FormatInt(int64(in.End-in.Sent), 10))
		if in.First > 0 {
			r.header(headerFirstByte, strconv.FormatInt(int64(in.First-in.Sent), 10))
		}
	}
	r.header(headerPayload, r.about.payload)
	r.header(headerName, r.about.name)
	r.header(headerID, r.about.id)
	for i, value := range r.about.answer {
		r.header(answerFields[i].header, value)
	}
	switch {
	case in.Succeeded:
	case in.Kind == result.KindCut:
		out.Error = cutOffText
	case in.Status > 0:
		out.Error = strings.TrimSpace(strconv.Itoa(in.Status) + " " + http.StatusText(in.Status))
	default:
		out.Error = in.Kind
		r.header(headerKind, in.Kind)
	}
	return out
}

// counting is a writer that counts what was written.
type counting struct {
	io.Writer
	n *int64
}

func (c counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	*c.n += int64(n)
	return n, err
}
