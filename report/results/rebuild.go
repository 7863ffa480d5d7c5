package results

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
)

// rebuilder makes a snapshot of results, in memory that does not grow with
// their number.
type rebuilder struct {
	s           result.Snapshot
	base        time.Time // of the first result; seconds are counted from it
	first, last time.Time // planned instants
	end         time.Time // of the last reply
	seconds     map[int64]*second
	failures    map[string]*result.Failure
	names       map[string]*result.Named
	order       []string // of the names, by first appearance
	follow      result.Follow
	nameless    result.Named
	name, url   string
	enclosed    []*report.Report // that the file holds
	broken      error            // why one of them cannot be read
}

func rebuild(decode vegeta.Decoder, end *tail, name string) (*report.Report, error) {
	b := &rebuilder{
		seconds:  map[int64]*second{},
		failures: map[string]*result.Failure{},
		names:    map[string]*result.Named{},
	}
	b.s.State, b.s.Status = result.Done, map[int]uint64{}
	b.s.Latencies = result.NewLatencies()
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
	in := b.countedName(done, r.Headers.Get(headerName)) // the same in its interval
	one := result.IntervalNamed{Sent: 1, BytesIn: r.BytesIn, BytesOut: r.BytesOut}
	defer func() {
		in.Add(&one)
		of.Sent, of.Succeeded, of.Failed = of.Sent+1, of.Succeeded+one.Succeeded, of.Failed+one.Failed
		of.CutOff, of.BytesIn, of.BytesOut = of.CutOff+one.CutOff, of.BytesIn+one.BytesIn, of.BytesOut+one.BytesOut
		of.Tokens += one.Tokens
		done.Tokens += one.Tokens
	}()
	if r.Error == cutOffText {
		c.CutOff++
		done.CutOff++
		one.CutOff++
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
		one.Failed++
		_ = b.s.Latencies[figure.Failed].RecordValue(clamp(r.Latency))
		b.fail(r, end, done)
		return
	}
	c.Succeeded++
	done.Succeeded++
	one.Succeeded++
	record(b.s.Latencies[figure.Response], done.response, r.Latency)
	if hasService {
		record(b.s.Latencies[figure.Service], done.service, service)
	}
	if first, has := nanos(r, headerFirstByte); has {
		_ = b.s.Latencies[figure.FirstByte].RecordValue(clamp(first))
	}
	if hasService {
		one.Tokens = b.addAnswer(r, end.Add(-service), done)
	}
	if of != &b.nameless {
		of.Response.Record(int64(r.Latency))
		of.Service.Record(int64(service))
		in.Record(int64(r.Latency))
	}
}

func nanos(r *vegeta.Result, header string) (time.Duration, bool) {
	n, err := strconv.ParseInt(r.Headers.Get(header), 10, 64)
	return time.Duration(n), err == nil
}

func clamp(d time.Duration) int64 { return min(max(int64(d), 0), histogram.Max) }

func record(total *hdrhistogram.PackedHistogram, part *hdrhistogram.PackedHistogram, d time.Duration) {
	_ = total.RecordValue(clamp(d)) // within bounds, so it cannot fail
	_ = part.RecordValue(clamp(d))
}

// fail counts a failure under the kind that brunt gave it, or its status.
func (b *rebuilder) fail(r *vegeta.Result, end time.Time, done *second) {
	kind := r.Headers.Get(headerKind)
	switch {
	case r.Code > 0:
		kind = "status_" + strconv.Itoa(int(r.Code))
	case kind == "":
		kind = result.KindOther
	}
	done.counts.Failed(b.follow.Kind(result.FailureKind{Kind: kind, Status: int(r.Code)}))
	f := b.failures[kind]
	if f == nil {
		f = &result.Failure{
			Kind:    kind,
			Status:  int(r.Code),
			Message: setting.Plain(r.Error),
			First:   end.Sub(b.base),
			Payload: r.Headers.Get(headerPayload),
		}
		b.failures[kind] = f
	}
	f.Count++
	if name := r.Headers.Get(headerName); name != "" {
		f.Hit(name, 1)
	}
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
	s.Intervals, s.Followed = b.intervals(shift), b.follow.Followed
	for _, name := range b.order {
		s.Names = append(s.Names, *b.names[name])
	}
	for _, kind := range slices.Sorted(maps.Keys(b.failures)) {
		f := b.failures[kind]
		f.First, f.Last = max(0, f.First+shift), max(0, f.Last+shift)
		s.Failures = append(s.Failures, *f)
	}
	slices.SortStableFunc(s.Failures, func(x, y result.Failure) int { return int(y.Count) - int(x.Count) })
	r := report.From(report.Meta{Name: b.name, URL: b.url, Protocol: "HTTP/1.1"}, s)
	r.Rebuilt = true
	r.Target.Protocol, r.Plan.Arrivals, r.Plan.Seed = "", "", nil // results do not tell
	r.ForgetWindow()
	return r
}
