package live

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"brunt/attack/result"
	"brunt/report"
	"brunt/report/page"
	"brunt/report/rules"
)

// encodedRun is a run so far in JSON, piece by piece: each interval is encoded once,
// however many pages show it. Pieces are never written to again, so that a copy of
// an encodedRun stays as it is.
type encodedRun struct {
	follower *report.Follower
	snapshot *result.Snapshot
	report   *report.Report // with no more names than a page shows
	leftOut  int            // of the names
	final    *final         // report of the run, once it has ended and was added
	head     []byte         // the report up to its intervals
	curve    []byte

	epoch        int64 // rises when earlier intervals were merged
	version      int   // rises with each update
	intervals    [][]byte
	spread       [4][][]byte // response, service, ttft, tpot
	replacedFrom int         // the last interval was replaced at this index …
	replacedIn   int         // … by this version
	slices       encodedSlices
}

// encodedSlices are the run's slices, each with the version that has made it.
type encodedSlices struct {
	head, names []byte // of the list; names as they never change
	list        [][]byte
	madeIn      []int
}

// encodedSnapshot is an encodedRun at one moment.
type encodedSnapshot struct {
	number int
	encodedRun
}

// newEncodedRun begins with an epoch that no earlier process on the same port had.
func newEncodedRun(meta report.Meta) *encodedRun {
	return &encodedRun{follower: report.NewFollower(meta), epoch: time.Now().UnixMilli()}
}

// update adds what a newer snapshot of the run has.
func (e *encodedRun) update(s *result.Snapshot, slos []rules.Rule) {
	bare := *s
	bare.Names, e.leftOut = mostSent(s.Names)
	rep, kept := e.follower.Follow(&bare)
	rules.JudgeAll(rep, slos)
	e.add(rep, kept)
	e.slices.add(rep.Slices, e.follower.FreshSlices(), e.version)
	e.snapshot = s
}

// add adds a newer report, of which so many intervals are known already.
func (e *encodedRun) add(rep *report.Report, kept int) {
	e.version++
	switch had := len(e.intervals); {
	case kept < had-1:
		e.epoch++
	case kept < had:
		e.replacedFrom, e.replacedIn = kept, e.version
	}
	e.intervals = upTo(e.intervals, kept)
	for i := range rep.Intervals[kept:] {
		e.intervals = append(e.intervals, marshal(&rep.Intervals[kept+i]))
	}
	extra := page.ExtraFrom(rep, kept)
	for k, texts := range [][]string{extra.Spread.Response, extra.Spread.Service, extra.Spread.TTFT, extra.Spread.TPOT} {
		list := upTo(e.spread[k], kept)
		for _, text := range texts {
			list = append(list, marshal(text))
		}
		e.spread[k] = list
	}
	e.curve = marshal(extra.Curve)
	e.encodeHead(rep)
}

// add encodes those from a place on.
func (e *encodedSlices) add(s *report.Slices, from, version int) {
	if s == nil {
		return
	}
	e.names = marshal(s.Names)
	e.head = marshal(sliceHead{s.NamesLeftOut, s.Kinds, s.Bits})
	e.list, e.madeIn = upTo(e.list, from), slices.Clone(e.madeIn[:from])
	for i := range s.List[from:] {
		e.list, e.madeIn = append(e.list, marshal(&s.List[from+i])), append(e.madeIn, version)
	}
}

// sliceHead is what stands before the names and the list.
type sliceHead struct {
	NamesLeftOut *int               `json:"names_left_out"`
	Kinds        []report.SliceKind `json:"kinds"`
	Bits         report.SliceBits   `json:"bits"`
}

// since is the index of the first slice that a later version has made.
func (e *encodedSlices) since(version int) int {
	for i, made := range e.madeIn {
		if made > version {
			return i
		}
	}
	return len(e.list)
}

// write writes those from a place on, and where that is; the names only with all of
// them.
func (e *encodedSlices) write(b *bytes.Buffer, from int) {
	b.Write(bytes.TrimSuffix(e.head, []byte("}")))
	if from == 0 {
		b.WriteString(`,"names":`)
		b.Write(e.names)
	}
	b.WriteString(`,"from":` + strconv.Itoa(from) + `,"list":`)
	list(b, e.list[from:])
	b.WriteByte('}')
}

// upTo keeps the first pieces. Copies keep what is removed, and do not see what is
// added behind it.
func upTo(list [][]byte, kept int) [][]byte {
	if kept == len(list) {
		return list
	}
	return list[:kept:kept]
}

// mostNames is how many names a page shows, those with most requests; there may
// be thousands, which each page would be sent each second.
const mostNames = 500

// mostSent are the names that a page shows, in their order, and how many it does
// not.
func mostSent(names []result.Named) (shown []result.Named, leftOut int) {
	if len(names) <= mostNames {
		return names, 0
	}
	sent := make([]uint64, len(names))
	for i := range names {
		sent[i] = names[i].Sent
	}
	least := leastOf(sent)
	shown = make([]result.Named, 0, mostNames)
	for i := range names {
		if least.keeps(names[i].Sent) {
			shown = append(shown, names[i])
		}
	}
	return shown, len(names) - len(shown)
}

// leastSent says which names are shown: those with more requests, and the first of
// those with as many.
type leastSent struct {
	sent   uint64
	equals int
}

// leastOf takes the requests of more than mostNames names, and sorts them.
func leastOf(sent []uint64) *leastSent {
	slices.Sort(sent)
	least := sent[len(sent)-mostNames]
	more, _ := slices.BinarySearch(sent, least+1)
	return &leastSent{least, mostNames - (len(sent) - more)}
}

func (l *leastSent) keeps(sent uint64) bool {
	if sent == l.sent && l.equals > 0 {
		l.equals--
		return true
	}
	return sent > l.sent
}

// slimReport is a report whose intervals are written apart and whose histograms are
// left out. The outer fields hide those of the same key within.
type slimReport struct {
	*report.Report
	Names      []slimName            `json:"names"`
	LeftOut    int                   `json:"names_left_out,omitempty"`
	Models     []slimModel           `json:"served_models"`
	Stages     []slimStage           `json:"stages"`
	Stream     *report.StreamSummary `json:"stream"`
	Intervals  *struct{}             `json:"intervals,omitempty"`
	Slices     *struct{}             `json:"slices,omitempty"`
	Histograms *struct{}             `json:"histograms"`
}

type slimName struct {
	*report.Named
	Histograms *struct{} `json:"histograms"`
}

type slimStage struct {
	*report.StageFigures
	Histograms *struct{} `json:"histograms"`
}

type slimModel struct {
	*report.ServedModel
	Histograms *struct{} `json:"histograms"`
}

// encodeHead encodes the report without its intervals.
func (e *encodedRun) encodeHead(rep *report.Report) {
	s := slimReport{
		Report:  rep,
		LeftOut: e.leftOut,
		Names:   make([]slimName, len(rep.Names)),
		Models:  make([]slimModel, len(rep.ServedModels)),
	}
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
		s.Stream = &report.StreamSummary{Stream: rep.Stream}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil { // all of it is ours
		panic(err)
	}
	e.report, e.head = rep, bytes.TrimSuffix(b.Bytes(), []byte("}\n"))
}

// write writes "report" and "extra" with the intervals from a place on; the report's
// slices, if it has any, are written within it.
func (e *encodedRun) write(b *bytes.Buffer, from int, within []byte) {
	b.WriteString(`"report":`)
	b.Write(e.head)
	b.WriteString(`,"intervals":`)
	list(b, e.intervals[from:])
	if within != nil {
		b.WriteString(`,"slices":`)
		b.Write(within)
	}
	b.WriteString(`},"extra":{"curve":`)
	b.Write(e.curve)
	for k, key := range []string{`,"spread":{"response":`, `,"service":`, `,"ttft":`, `,"tpot":`} {
		b.WriteString(key)
		list(b, e.spread[k][from:])
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
func (e *encodedRun) whole() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	e.write(&b, 0, marshal(e.report.Slices))
	b.WriteByte('}')
	return b.Bytes()
}

// wholeRun is a finished run as one object; of its names so many are left out.
func wholeRun(rep *report.Report, leftOut int) []byte {
	c := &encodedRun{leftOut: leftOut}
	c.add(rep, 0)
	return c.whole()
}
