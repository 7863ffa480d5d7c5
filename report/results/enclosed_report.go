package results

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/merge"
)

// headerReport is a header of the last record of a results file: the run's
// report, JSON compressed by zstd, in base64. There it stands in nobody's way:
// vegeta reads as many records as there were requests, it goes down a pipe and
// through a conversion as they do, and a file that was cut off lacks it.
const headerReport = "Brunt-Report"

// enclosed is the report as headerReport holds it; empty for nil.
func enclosed(r *report.Report) string {
	if r == nil {
		return ""
	}
	var b bytes.Buffer
	encoded := base64.NewEncoder(base64.StdEncoding, &b)
	compressed, _ := zstd.NewWriter(encoded, zstd.WithEncoderConcurrency(1)) // its options are sound
	if errors.Join(report.JSON(compressed, r), compressed.Close(), encoded.Close()) != nil {
		return "" // a report that is no JSON: the records stand for themselves
	}
	return b.String()
}

// disclosed is the report that a header holds.
func disclosed(header string) (*report.Report, error) {
	in, err := zstd.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(header)),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(report.MaxFile))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return report.Read(in, "the report in it")
}

// disclose notes the report that a record holds.
func (b *rebuilder) disclose(r *vegeta.Result) {
	header := r.Headers.Get(headerReport)
	if header == "" {
		return
	}
	rep, err := disclosed(header)
	if err != nil {
		b.broken = err
		return
	}
	b.enclosed = append(b.enclosed, rep)
}

// conclude is what the file says of its run. If it holds the report of that, and
// all of the records which that counts, it is the report; of several runs one
// after the other, their merge. Otherwise the records are all that is known, and
// nobody has judged them.
func (b *rebuilder) conclude() (*report.Report, error) {
	why := b.incomplete()
	if why != "" {
		b.s.Verdict = result.Verdict{Reasons: []string{why}}
		return b.report(), nil
	}
	if len(b.enclosed) > 1 {
		return merge.Reports(b.enclosed)
	}
	b.sketch(b.enclosed[0])
	return b.enclosed[0], nil
}

// incomplete says why the records speak for themselves; empty where the reports
// among them are of them all.
func (b *rebuilder) incomplete() string {
	var kept, dropped, succeeded, failed uint64
	for _, r := range b.enclosed {
		if r.Results != nil {
			kept, dropped = kept+r.Results.Kept, dropped+r.Results.Dropped
		}
		succeeded, failed = succeeded+r.Requests.Succeeded, failed+r.Requests.Failed
	}
	c := &b.s.Counts
	switch {
	case b.broken != nil:
		return fmt.Sprintf("%v", b.broken)
	case len(b.enclosed) == 0:
		return "the results do not hold their run's report: they were cut off, or another tool or version wrote them"
	case kept != c.Sent:
		return fmt.Sprintf("the results are %s of the %s that the run kept", format.Count(c.Sent), format.Count(kept))
	case dropped == 0 && (succeeded != c.Succeeded || failed != c.Failed):
		return "the results were changed: their run's report counts other successes and failures"
	}
	return ""
}

// sketch gives the report's intervals the histograms that JSON leaves out: those
// of the seconds whose middle lies within each.
func (b *rebuilder) sketch(r *report.Report) {
	if r.Started == nil {
		return
	}
	shift := b.base.Sub(*r.Started).Seconds()
	of := make(map[int]*second)
	for k, s := range b.seconds {
		middle := float64(k) + 0.5 + shift
		for i := range r.Intervals {
			in := &r.Intervals[i]
			if middle >= in.TS && middle < in.TS+in.WidthS || i == len(r.Intervals)-1 && middle >= in.TS {
				if of[i] == nil {
					of[i] = &second{
						response: histogram.New(),
						service:  histogram.New(),
						lateness: histogram.New(),
					}
				}
				of[i].join(s)
				break
			}
		}
	}
	for i, s := range of {
		r.Intervals[i].Response, r.Intervals[i].Service = histogram.SketchOf(s.response), histogram.SketchOf(s.service)
		r.Intervals[i].TTFT, r.Intervals[i].TPOT = sketchOf(s.ttft), sketchOf(s.tpot)
		r.Intervals[i].Lateness, r.Intervals[i].Tokens = histogram.SketchOf(s.lateness), s.Tokens
		r.Intervals[i].Names, r.Intervals[i].Kinds = s.counts.Lists()
	}
	if r.Slices == nil { // of a version that did not write them
		r.CutIntoSlices(&b.follow.Followed)
	}
}

// countedName are the counts of the name's requests in one interval; those of no name
// go nowhere.
func (b *rebuilder) countedName(in *second, name string) *result.NameCounts {
	if name == "" {
		return &result.NameCounts{IntervalNamed: result.IntervalNamed{Index: result.OtherNames}}
	}
	return in.counts.Name(b.follow.Name(name))
}

// maxNames is how many names' figures are kept apart of results: a file may hold
// any number of names.
const maxNames = 64

// named are the figures of the name's requests; those of no name, or of one too
// many, go nowhere.
func (b *rebuilder) named(name string) *result.Named {
	if name == "" {
		return &b.nameless
	}
	if n := b.names[name]; n != nil {
		return n
	}
	if len(b.names) == maxNames {
		return &b.nameless
	}
	n := &result.Named{Name: name}
	b.names[name] = n
	b.order = append(b.order, name)
	return n
}

// cutShort reports whether an error is the end of a file that was cut off within
// a record: nothing comes after it.
func cutShort(err error, decode vegeta.Decoder) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(decode(&vegeta.Result{}), io.EOF)
}
