package report

import (
	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/report/format"
)

const (
	maxSlices     = 120
	fewestSlices  = 30        // of a run as long as that, however large they are
	maxSliceBytes = 100 << 10 // of all distributions and names, before base64
	nameCounts    = 40        // bytes that a name's counts take
	maxNameText   = 256       // characters
)

// sliceBits are ever coarser ones: names and lateness give way first, and response
// times last.
var sliceBits = []SliceBits{
	{11, 11, 11, 11, 11, 11},
	{11, 11, 8, 11, 11, 9},
	{11, 9, 7, 10, 10, 8},
	{11, 8, 6, 9, 9, 7},
	{11, 7, 6, 8, 8, 6},
	{10, 7, 5, 7, 7, 6},
	{9, 6, 5, 7, 7, 5},
	{8, 6, 5, 6, 6, 5},
	{7, 5, 5, 5, 5, 5},
	{6, 5, 5, 5, 5, 5},
}

// slicer cuts a run under way, or one that is done, into slices. It makes anew only
// what has changed.
type slicer struct {
	Slices
	per   int   // intervals of a slice
	least int   // the fewest of them that keep the slices small enough; 0 until that matters
	level int   // of sliceBits
	sizes []int // bytes of each slice's distributions
	bytes int   // their sum
}

// follow takes in the intervals, of which so many were there before, and gives the
// index of the first slice that is not as it was.
func (s *slicer) follow(intervals []Interval, kept int, f *result.Followed) (from int) {
	s.name(f)
	per := max(1, s.least)
	for (len(intervals)+per-1)/per > maxSlices {
		per *= 2
	}
	if per != s.per {
		s.per, kept = per, 0
	}
	from = min(kept/per, len(s.List))
	for {
		s.cut(from)
		for i := from * per; i < len(intervals); i += per {
			s.add(intervals[i:min(i+per, len(intervals))])
		}
		switch {
		case s.bytes <= maxSliceBytes:
			return from
		case s.level < len(sliceBits)-1:
			s.level++
		case len(s.List) >= 2*fewestSlices:
			per *= 2
			s.per, s.least = per, per
		default:
			return from
		}
		from = 0
	}
}

func (s *slicer) name(f *result.Followed) {
	s.NamesLeftOut = nil
	if f.LeftOut >= 0 {
		s.NamesLeftOut = new(f.LeftOut)
	}
	for _, name := range f.Names[min(len(s.Names), len(f.Names)):] {
		s.Names = append(s.Names, shortened(format.UTF8(name)))
	}
	for _, k := range f.Kinds[min(len(s.Kinds), len(f.Kinds)):] {
		kind := SliceKind{Kind: format.UTF8(k.Kind), Cause: optional(string(k.Cause))}
		if k.Status != 0 {
			kind.Status = new(k.Status)
		}
		s.Kinds = append(s.Kinds, kind)
	}
	s.Names, s.Kinds = NotNil(s.Names), NotNil(s.Kinds)
}

// shortened is a name as far as there is room for it.
func shortened(name string) string {
	if list := []rune(name); len(list) > maxNameText {
		return string(list[:maxNameText]) + "…"
	}
	return name
}

// cut keeps the first slices. What was given out before keeps the others.
func (s *slicer) cut(n int) {
	for _, size := range s.sizes[n:] {
		s.bytes -= size
	}
	s.sizes, s.List = s.sizes[:n], s.List[:n:n]
	s.Bits = sliceBits[s.level]
}

func (s *slicer) add(intervals []Interval) {
	one := sliceOf(intervals, &s.Bits)
	size := one.size()
	s.List, s.sizes, s.bytes = append(s.List, one), append(s.sizes, size), s.bytes+size
}

// sliceOf joins neighbouring intervals.
func sliceOf(intervals []Interval, bits *SliceBits) Slice {
	s := Slice{TS: intervals[0].TS}
	var names []result.IntervalNamed
	var kinds []result.KindCount
	var sum sketches
	asked, asks, window := 0.0, 0.0, 0.0
	known := true
	for i := range intervals {
		in := &intervals[i]
		s.WidthS += in.WidthS
		if known = known && in.WindowS != nil; in.WindowS != nil {
			window += *in.WindowS
		}
		if in.AskedPerS != nil {
			weight := in.WidthS
			if in.WindowS != nil {
				weight = *in.WindowS
			}
			asked, asks = asked+*in.AskedPerS*weight, asks+weight
		}
		s.count(in)
		if in.Max != nil && (s.MaxMS == nil || *in.Max > *s.MaxMS) {
			s.MaxMS = in.Max
		}
		sum.add(in)
		names, kinds = result.JoinNames(names, in.Names, &sum.sketcher), result.JoinKinds(kinds, in.Kinds)
	}
	s.WidthS = format.Significant(s.WidthS, 12)
	if known {
		s.WindowS = new(format.Significant(window, 12))
	}
	if asks > 0 {
		s.AskedPerS = new(format.Significant(asked/asks, 12))
	}
	s.Response = sketched(sum.response, bits.Response)
	if s.Service = s.Response; !sum.service.Equal(sum.response) {
		s.Service = sketched(sum.service, bits.Service)
	}
	s.Lateness = sketched(sum.lateness, bits.Lateness)
	s.TTFT, s.TPOT = sketched(sum.ttft, bits.TTFT), sketched(sum.tpot, bits.TPOT)
	s.Names, s.Kinds = make([]SliceName, 0, len(names)), make([]KindCount, 0, len(kinds))
	for i := range names {
		n := &names[i]
		s.Names = append(s.Names, SliceName{
			n.Index, n.Sent, n.Succeeded, n.Failed, n.CutOff, n.BytesIn, n.BytesOut, n.Tokens, sketched(n.Response, bits.Names),
		})
	}
	for _, k := range kinds {
		s.Kinds = append(s.Kinds, KindCount(k))
	}
	return s
}

// count adds an interval's counts.
func (s *Slice) count(in *Interval) {
	s.Planned += in.Planned
	s.Sent += in.Sent
	s.Succeeded += in.Succeeded
	s.Failed += in.Failed
	s.CutOff += in.CutOff
	s.Completed += in.Completed
	s.CompletedOK += in.CompletedOK
	s.InFlight, s.InFlightMax = in.InFlight, max(s.InFlightMax, in.InFlight)
	s.BytesIn += in.BytesIn
	s.BytesOut += in.BytesOut
	s.Chunks += in.Chunks
	s.OutputTokens += in.Tokens
}

// sketches are the sums of the distributions of intervals.
type sketches struct {
	sketcher                                histogram.Sketcher
	response, service, lateness, ttft, tpot histogram.Sketch
}

func (s *sketches) add(in *Interval) {
	for _, x := range []struct {
		sum  *histogram.Sketch
		more histogram.Sketch
	}{{&s.response, in.Response}, {&s.service, in.Service}, {&s.lateness, in.Lateness}, {&s.ttft, in.TTFT}, {&s.tpot, in.TPOT}} {
		if x.sum.Count() == 0 {
			*x.sum = x.more
		} else if x.more.Count() > 0 {
			*x.sum = s.sketcher.Join(*x.sum, x.more)
		}
	}
}

func sketched(s histogram.Sketch, leading int) SliceBuckets {
	if s.Count() == 0 {
		return SliceBuckets{}
	}
	return encodeBuckets(bucketsOf(s.Histogram(), leading))
}

// size is about how many bytes the slice's distributions take.
func (s *Slice) size() (n int) {
	for _, b := range []SliceBuckets{s.Response, s.Lateness, s.TTFT, s.TPOT} {
		n += len(b.code)
	}
	if !s.sameService() {
		n += len(s.Service.code)
	}
	for i := range s.Names {
		n += nameCounts + len(s.Names[i].Response.code)
	}
	return n
}

// CutIntoSlices fills in Slices from the intervals and their own distributions, which a
// report that was read from JSON does not have. Without an interval there are none.
func (r *Report) CutIntoSlices(f *result.Followed) {
	if len(r.Intervals) == 0 {
		return
	}
	var s slicer
	s.follow(r.Intervals, 0, f)
	r.Slices = &s.Slices
}
