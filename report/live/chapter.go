package live

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"brunt/attack"
	"brunt/report"
	"brunt/report/page"
	"brunt/report/rules"
)

// chapter is a run so far in JSON, piece by piece: each interval is encoded
// once, whoever and however many look. Pieces are never written to again, so
// that a copy of a chapter stays as it is.
type chapter struct {
	follower *report.Follower
	of       *attack.Snapshot
	report   *report.Report // with no more names than a page shows
	leftOut  int            // of the names
	final    *final         // that it ends with, once that was taken in
	opening  []byte         // the report up to its intervals
	curve    []byte

	epoch     int64 // rises when old intervals were merged
	version   int   // rises when anything was taken in
	intervals [][]byte
	heat      [][]byte
	service   [4][][]byte // p50, p90, p99, max
	redone    int         // the last interval was replaced there …
	redoneIn  int         // … in this version
}

// edition is a chapter as it stood at one moment.
type edition struct {
	run int
	chapter
}

// newChapter begins with an epoch that no earlier process on the same port had.
func newChapter(meta report.Meta) *chapter {
	return &chapter{follower: report.NewFollower(meta), epoch: time.Now().UnixMilli()}
}

// read takes in a newer snapshot of the run.
func (c *chapter) read(s *attack.Snapshot, slos []rules.Rule) {
	bare := *s
	bare.Names, c.leftOut = mostSent(s.Names)
	rep, kept := c.follower.Follow(&bare)
	rules.JudgeAll(rep, slos)
	c.take(rep, kept)
	c.of = s
}

// take takes a newer report in, of whose intervals the first ones are known.
func (c *chapter) take(rep *report.Report, kept int) {
	c.version++
	switch had := len(c.intervals); {
	case kept < had-1:
		c.epoch++
	case kept < had:
		c.redone, c.redoneIn = kept, c.version
	}
	c.intervals, c.heat = upTo(c.intervals, kept), upTo(c.heat, kept)
	for i := range rep.Intervals[kept:] {
		c.intervals = append(c.intervals, marshal(&rep.Intervals[kept+i]))
	}
	extra := page.ExtraFrom(rep, kept)
	for _, bins := range extra.Heat {
		c.heat = append(c.heat, marshal(bins))
	}
	for k, values := range [][]*float64{extra.Service.P50, extra.Service.P90, extra.Service.P99, extra.Service.Max} {
		list := upTo(c.service[k], kept)
		for _, value := range values {
			list = append(list, marshal(value))
		}
		c.service[k] = list
	}
	c.curve = marshal(extra.Curve)
	c.binsPerDecade(extra.BinsPerDecade)
	c.head(rep)
}

// upTo keeps the first pieces. What is cut off stays with the copies that have
// it; what is added where nothing was is seen by none.
func upTo(list [][]byte, kept int) [][]byte {
	if kept == len(list) {
		return list
	}
	return list[:kept:kept]
}

// binsPerDecade puts the scale before the curve, as the extra has it.
func (c *chapter) binsPerDecade(n int) {
	c.curve = append([]byte(`{"bins_per_decade":`+strconv.Itoa(n)+`,"curve":`), c.curve...)
}

// mostNames is how many names a page shows, those with most requests; there may
// be thousands, which each page would be sent each second.
const mostNames = 500

// mostSent are the names that a page shows, in their order, and how many it does
// not.
func mostSent(names []attack.Named) (shown []attack.Named, leftOut int) {
	if len(names) <= mostNames {
		return names, 0
	}
	sent := make([]uint64, len(names))
	for i := range names {
		sent[i] = names[i].Sent
	}
	slices.Sort(sent)
	least := sent[len(sent)-mostNames]
	more, _ := slices.BinarySearch(sent, least+1)
	equals := mostNames - (len(sent) - more)
	shown = make([]attack.Named, 0, mostNames)
	for i := range names {
		if n := names[i].Sent; n > least {
			shown = append(shown, names[i])
		} else if n == least && equals > 0 {
			shown = append(shown, names[i])
			equals--
		}
	}
	return shown, len(names) - len(shown)
}

// slim is a report whose intervals are written apart and whose histograms are
// left out. The outer fields hide those of the same key within.
type slim struct {
	*report.Report
	Names      []slimName  `json:"names"`
	LeftOut    int         `json:"names_left_out,omitempty"`
	Models     []slimModel `json:"served_models"`
	Stages     []slimStage `json:"stages"`
	Stream     *slimStream `json:"stream"`
	Intervals  *struct{}   `json:"intervals,omitempty"`
	Histograms *struct{}   `json:"histograms"`
}

type slimName struct {
	*report.Named
	Histograms *struct{} `json:"histograms"`
}

type slimStage struct {
	*report.StageFigures
	Histograms *struct{} `json:"histograms"`
}

type slimStream struct {
	*report.Stream
	Histograms *struct{} `json:"histograms"`
}

type slimModel struct {
	*report.ServedModel
	Histograms *struct{} `json:"histograms"`
}

// head encodes the report without its intervals.
func (c *chapter) head(rep *report.Report) {
	s := slim{Report: rep, LeftOut: c.leftOut, Names: make([]slimName, len(rep.Names)), Models: make([]slimModel, len(rep.ServedModels))}
	for i := range rep.Names {
		s.Names[i].Named = &rep.Names[i]
	}
	s.Stages = make([]slimStage, len(rep.Stages))
	for i := range rep.Stages {
		s.Stages[i].StageFigures = &rep.Stages[i]
	}
	for i := range rep.ServedModels {
		s.Models[i].ServedModel = &rep.ServedModels[i]
	}
	if rep.Stream != nil {
		s.Stream = &slimStream{Stream: rep.Stream}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil { // all of it is ours
		panic(err)
	}
	c.report, c.opening = rep, bytes.TrimSuffix(b.Bytes(), []byte("}\n"))
}

// write writes "report" and "extra" with the intervals from a place on.
func (c *chapter) write(b *bytes.Buffer, from int) {
	b.WriteString(`"report":`)
	b.Write(c.opening)
	b.WriteString(`,"intervals":`)
	list(b, c.intervals[from:])
	b.WriteString(`},"extra":`)
	b.Write(c.curve)
	b.WriteString(`,"heat":`)
	list(b, c.heat[from:])
	for k, key := range []string{`,"service":{"p50":`, `,"p90":`, `,"p99":`, `,"max":`} {
		b.WriteString(key)
		list(b, c.service[k][from:])
	}
	b.WriteString(`}}`)
}

func list(b *bytes.Buffer, pieces [][]byte) {
	b.WriteByte('[')
	for i, p := range pieces {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(p)
	}
	b.WriteByte(']')
}

// whole is the report so far as one object.
func (c *chapter) whole() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	c.write(&b, 0)
	b.WriteByte('}')
	return b.Bytes()
}

// whole is a finished run as one object; of its names so many are left out.
func whole(rep *report.Report, leftOut int) []byte {
	c := &chapter{leftOut: leftOut}
	c.take(rep, 0)
	return c.whole()
}
