package results

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/klauspost/compress/zstd"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack"
	"brunt/attack/figure"
	"brunt/attack/setting"
	"brunt/report"
)

var (
	zstdMagic   = []byte{0x28, 0xb5, 0x2f, 0xfd}
	looksResult = regexp.MustCompile(`^\s*\{\s*"attack"\s*:`)
	looksObject = regexp.MustCompile(`^\s*\{`)
)

// readAny reads a JSON report or a results file in any of vegeta's encodings,
// compressed or not: the content tells.
func readAny(from io.Reader, name string) (*report.Report, error) {
	in, end := bufio.NewReader(from), &tail{}
	if head, _ := in.Peek(4); slices.Equal(head, zstdMagic) {
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		defer z.Close()
		in = bufio.NewReader(&unpacked{z, end})
	}
	head, err := in.Peek(512)
	if len(head) == 0 && err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(head) == 0 && end.packed {
		return nil, fmt.Errorf("%s: cut off before its first record; nothing can be read from it", name)
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("%s: empty; give a JSON report or a results file", name)
	}
	if looksObject.Match(head) && !looksResult.Match(head) {
		return report.Read(in, name)
	}
	decode, err := decoderFor(in, head, end)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rebuild(decode, end, name)
}

// maxWindow bounds the memory that a zstd file can make its reader take.
const maxWindow = 128 << 20

// decoderFor chooses by the first bytes of results.
func decoderFor(in io.Reader, head []byte, end *tail) (vegeta.Decoder, error) {
	lines := &wholeLines{from: in, tail: end}
	switch {
	case looksColumns(head):
		decode, err := columnDecoder(lines)
		if errors.Is(err, io.EOF) {
			err = errors.New("cut off before its first record; nothing can be read from it")
		}
		return decode, err
	case looksResult.Match(head):
		return vegeta.NewJSONDecoder(lines), nil
	case head[0] >= '0' && head[0] <= '9':
		return vegeta.NewCSVDecoder(lines), nil
	case head[0] >= gobLong:
		return vegeta.NewDecoder(in), nil
	}
	return nil, errors.New("neither a JSON report nor results in gob, csv or ndjson")
}

// gobLong is the least first byte of a message of gob's that is longer than 127
// bytes, as that is with which results begin.
const gobLong = 0xF8

// maxFilled is the longest run, in seconds, of which those are written down too
// in which nothing happened: a file may claim any instant.
const maxFilled = 24 * 3600

// shortStart is the length below which a first interval is joined to the second:
// rates over a few milliseconds mean nothing.
const shortStart = 200 * time.Millisecond

// rebuilder makes a snapshot of results, in memory that does not grow with
// their number.
type rebuilder struct {
	s           attack.Snapshot
	base        time.Time // of the first result; seconds are counted from it
	first, last time.Time // planned instants
	end         time.Time // of the last reply
	seconds     map[int64]*second
	failures    map[string]*attack.Failure
	names       map[string]*attack.Named
	order       []string // of the names, by first appearance
	nameless    attack.Named
	name, url   string
	enclosed    []*report.Report // that the file holds
	broken      error            // why one of them cannot be read
}

// second is one interval while it is being filled.
type second struct {
	attack.Interval
	response, service, lateness *hdrhistogram.PackedHistogram
}

func rebuild(decode vegeta.Decoder, end *tail, name string) (*report.Report, error) {
	b := &rebuilder{seconds: map[int64]*second{}, failures: map[string]*attack.Failure{}, names: map[string]*attack.Named{}}
	b.s.State, b.s.Status = attack.Done, map[int]uint64{}
	b.s.Latencies = attack.NewLatencies()
	for n := 1; ; n++ {
		var r vegeta.Result
		if err := decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil && (n > 1 || errors.Is(err, io.ErrUnexpectedEOF)) && cutShort(err, decode) {
			end.within = true
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: result %d cannot be read: %w", name, n, err)
		}
		b.add(&r)
		b.disclose(&r)
	}
	if b.s.Counts.Sent == 0 && (end.within || end.packed) {
		return nil, fmt.Errorf("%s: cut off in the middle of its first record; nothing can be read from it", name)
	} else if b.s.Counts.Sent == 0 {
		return nil, fmt.Errorf("%s: no results in it", name)
	}
	if text := end.warning(b.s.Counts.Sent); text != "" {
		b.s.Warnings = append(b.s.Warnings, setting.Plain(text))
	}
	return b.conclude()
}

func (b *rebuilder) add(r *vegeta.Result) {
	if b.s.Counts.Sent == 0 {
		b.base, b.first, b.last, b.name, b.url = r.Timestamp, r.Timestamp, r.Timestamp, r.Attack, r.URL
	}
	if r.Timestamp.Before(b.first) {
		b.first = r.Timestamp
	}
	if r.Timestamp.After(b.last) {
		b.last = r.Timestamp
	}
	end := r.Timestamp.Add(r.Latency)
	lateness, hasLateness := nanos(r, headerLateness)
	service, hasService := nanos(r, headerService)
	c := &b.s.Counts
	c.Planned++
	c.Sent++
	c.BytesIn += r.BytesIn
	c.BytesOut += r.BytesOut
	b.at(r.Timestamp).Planned++
	begun := b.at(r.Timestamp.Add(lateness))
	begun.Sent++
	if hasLateness {
		record(b.s.Latencies[figure.Lateness], begun.lateness, lateness)
	}
	done := b.at(end)
	done.BytesIn += r.BytesIn
	done.BytesOut += r.BytesOut // as a run does, which knows its bytes at the end
	of := b.named(r.Headers.Get(headerName))
	of.Sent++
	if r.Error == cutOffText {
		c.CutOff++
		done.CutOff++
		of.CutOff++
		return
	}
	if end.After(b.end) {
		b.end = end
	}
	if r.Code > 0 {
		b.s.Status[int(r.Code)]++
	}
	if r.Error != "" {
		c.Failed++
		done.Failed++
		of.Failed++
		_ = b.s.Latencies[figure.Failed].RecordValue(clamp(r.Latency))
		b.fail(r, end)
		return
	}
	c.Succeeded++
	done.Succeeded++
	of.Succeeded++
	record(b.s.Latencies[figure.Response], done.response, r.Latency)
	if hasService {
		record(b.s.Latencies[figure.Service], done.service, service)
	}
	if first, has := nanos(r, headerFirstByte); has {
		_ = b.s.Latencies[figure.FirstByte].RecordValue(clamp(first))
	}
	if of != &b.nameless {
		of.Response.Record(int64(r.Latency))
		of.Service.Record(int64(service))
	}
}

func nanos(r *vegeta.Result, header string) (time.Duration, bool) {
	n, err := strconv.ParseInt(r.Headers.Get(header), 10, 64)
	return time.Duration(n), err == nil
}

func clamp(d time.Duration) int64 { return min(max(int64(d), 0), attack.HistogramMax) }

func record(total *hdrhistogram.PackedHistogram, part *hdrhistogram.PackedHistogram, d time.Duration) {
	_ = total.RecordValue(clamp(d)) // within bounds, so it cannot fail
	_ = part.RecordValue(clamp(d))
}

// at is the interval that the instant lies in.
func (b *rebuilder) at(t time.Time) *second {
	since := t.Sub(b.base)
	k := int64(since / time.Second)
	if since%time.Second < 0 {
		k--
	}
	s := b.seconds[k]
	if s == nil {
		s = &second{response: attack.NewHistogram(), service: attack.NewHistogram(), lateness: attack.NewHistogram()}
		b.seconds[k] = s
	}
	return s
}

// fail counts a failure under the kind that brunt gave it, or its status.
func (b *rebuilder) fail(r *vegeta.Result, end time.Time) {
	kind := r.Headers.Get(headerKind)
	switch {
	case r.Code > 0:
		kind = "status_" + strconv.Itoa(int(r.Code))
	case kind == "":
		kind = attack.KindOther
	}
	f := b.failures[kind]
	if f == nil {
		f = &attack.Failure{Kind: kind, Status: int(r.Code), Message: setting.Plain(r.Error), First: end.Sub(b.base), Payload: r.Headers.Get(headerPayload)}
		b.failures[kind] = f
	}
	f.Count++
	f.First, f.Last = min(f.First, end.Sub(b.base)), max(f.Last, end.Sub(b.base))
}

// report closes the books.
func (b *rebuilder) report() *report.Report {
	s := &b.s
	shift := b.base.Sub(b.first)
	s.Started, s.Elapsed = b.first, max(0, b.end.Sub(b.first))
	s.PlanElapsed = b.last.Sub(b.first)
	if n := s.Counts.Planned; n > 1 {
		// n instants span n−1 gaps; the plan lasted one more.
		s.PlanElapsed = time.Duration(float64(s.PlanElapsed) * float64(n) / float64(n-1))
	}
	if s.Counts.CutOff > 0 {
		s.Elapsed = max(s.Elapsed, s.PlanElapsed)
	}
	s.Intervals = b.intervals(shift)
	for _, name := range b.order {
		s.Names = append(s.Names, *b.names[name])
	}
	for _, kind := range slices.Sorted(maps.Keys(b.failures)) {
		f := b.failures[kind]
		f.First, f.Last = max(0, f.First+shift), max(0, f.Last+shift)
		s.Failures = append(s.Failures, *f)
	}
	slices.SortStableFunc(s.Failures, func(x, y attack.Failure) int { return int(y.Count) - int(x.Count) })
	r := report.From(report.Meta{Name: b.name, URL: b.url, Protocol: "HTTP/1.1"}, s)
	r.Rebuilt = true
	r.ForgetWindow()
	return r
}

// intervals are the seconds in order, those in which nothing happened too. They
// count from the first result in the file, which need not be the first planned:
// shift is by how much it is later, and makes a shorter or longer first interval.
func (b *rebuilder) intervals(shift time.Duration) []attack.Interval {
	edge := func(k int64) time.Duration { return max(0, time.Duration(k)*time.Second+shift) }
	keys := slices.Sorted(maps.Keys(b.seconds))
	if len(keys) > 1 && edge(keys[1]) < shortStart {
		b.seconds[keys[1]].join(b.seconds[keys[0]])
		keys = keys[1:]
	}
	list := make([]attack.Interval, 0, len(keys))
	fill := keys[len(keys)-1]-keys[0] <= maxFilled
	inFlight, until := int64(0), time.Duration(0)
	for i, k := range keys {
		for i > 0 && fill && until < edge(k) {
			list = append(list, attack.Interval{At: until, Width: time.Second, InFlight: uint64(inFlight)})
			until += time.Second
		}
		in := b.seconds[k]
		if i > 0 {
			in.At = edge(k)
		}
		in.Width = edge(k+1) - in.At
		inFlight = max(0, inFlight+int64(in.Sent)-int64(in.Succeeded+in.Failed+in.CutOff))
		in.InFlight, until = uint64(inFlight), edge(k+1)
		in.Response, in.Service, in.Lateness = attack.SketchOf(in.response), attack.SketchOf(in.service), attack.SketchOf(in.lateness)
		list = append(list, in.Interval)
	}
	return list
}

// join adds what another one holds.
func (s *second) join(o *second) {
	s.Planned, s.Sent, s.Succeeded = s.Planned+o.Planned, s.Sent+o.Sent, s.Succeeded+o.Succeeded
	s.Failed, s.CutOff = s.Failed+o.Failed, s.CutOff+o.CutOff
	s.BytesIn, s.BytesOut = s.BytesIn+o.BytesIn, s.BytesOut+o.BytesOut
	s.response.Merge(o.response)
	s.service.Merge(o.service)
	s.lateness.Merge(o.lateness)
}
