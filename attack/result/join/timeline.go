package join

import (
	"maps"
	"math"
	"slices"
	"time"

	"brunt/attack/histogram"
	"brunt/attack/result"
)

const (
	// As of one machine's timeline: from so many intervals, or so many bytes of their
	// sketches, on, neighbours are joined.
	maxIntervals = 3600
	minIntervals = maxIntervals / 4
	maxBytes     = 32 << 20
)

// finish merges the intervals that no message can change any more. A part's last one may
// come again, with what was joined to it.
func (a *Accumulator) finish() {
	for {
		border, ok := a.border(a.until, true)
		if !ok {
			return
		}
		a.append(a.fold(a.until, border))
	}
}

// append adds a merged interval, and joins neighbours where there are too many.
func (a *Accumulator) append(iv result.Interval) {
	a.until = iv.At + iv.Width
	a.folds = slices.DeleteFunc(a.folds, func(f foldSoFar) bool { return f.from < a.until })
	a.finished = append(a.finished, iv)
	a.bytes += iv.Size()
	n := len(a.finished)
	if n%2 > 0 || n <= maxIntervals && (n <= minIntervals || a.bytes <= maxBytes) {
		return
	}
	a.bytes = 0
	half := make([]result.Interval, n/2) // snapshots have the others
	for i := range half {
		half[i] = a.finished[2*i]
		half[i].JoinWith(&a.finished[2*i+1], &a.scratch.sketcher)
		a.bytes += half[i].Size()
	}
	a.finished = half
}

// border is the first instant after another one that is a border in all timelines; false
// where there is none yet. Those that stay are not the ends of a part's last interval,
// unless the part has ended.
func (a *Accumulator) border(after time.Duration, stay bool) (time.Duration, bool) {
	at, found := after+1, false
	for settled := false; !settled; {
		settled = true
		for _, p := range a.parts {
			next, is, ok := p.borderFrom(at, stay)
			if !ok {
				return 0, false
			}
			found = found || is
			if next > at {
				at, settled = next, false
			}
		}
	}
	return at, found
}

// borderFrom is the part's first border at or after an instant. Before its beginning and
// after its end every instant is one, though none of its own.
func (p *part) borderFrom(at time.Duration, stay bool) (border time.Duration, own, ok bool) {
	ended := p.ended()
	if p.last == nil || !p.shifted { // it has no timeline yet
		return at, false, ended || !stay
	}
	if at <= p.begin || ended && at > p.end {
		return at, false, true
	}
	for i := range p.pending {
		if stay && !ended && i == len(p.pending)-1 {
			break
		}
		if end := p.pending[i].At + p.pending[i].Width; end >= at {
			return end, true, true
		}
	}
	return 0, false, false
}

// scratch is the room in which histograms are added up.
type scratch struct {
	sketcher histogram.Sketcher
	buckets  histogram.Buckets
	names    map[int]*histogram.Buckets
}

// foldSoFar is a merged interval that may have more added to it.
type foldSoFar struct {
	from, to time.Duration
	pieces   []uint64 // numbers of those that are in it
	sum      result.Interval
}

// has reports whether all its pieces are among those of a list, in the same order, and
// gives the others.
func (f *foldSoFar) has(list []*piece) (others []*piece, ok bool) {
	n := 0
	for _, p := range list {
		if n < len(f.pieces) && f.pieces[n] == p.number {
			n++
		} else {
			others = append(others, p)
		}
	}
	return others, n == len(f.pieces)
}

// fold merges the intervals that end at a border at the latest, and takes them off the
// parts. Of a part that was lost before, nothing is in flight any more.
func (a *Accumulator) fold(from, to time.Duration) result.Interval {
	var pieces []*piece
	inFlight := uint64(0)
	for _, p := range a.parts {
		n := 0
		for n < len(p.pending) && p.pending[n].At+p.pending[n].Width <= to {
			pieces = append(pieces, &p.pending[n])
			n++
		}
		inFlight += p.inFlightAt(to, n)
		if n > 0 {
			p.folded = p.pending[n-1].At + p.pending[n-1].Width
			p.pending = p.pending[n:]
		}
	}
	sum := a.sumOf(from, to, pieces)
	sum.InFlight = inFlight
	return sum
}

// maxFolds is how many merged intervals that may have more added to them are kept.
const maxFolds = 64

// sumOf merges the pieces to one interval. What was merged of it when somebody looked
// before is not read again.
func (a *Accumulator) sumOf(from, to time.Duration, pieces []*piece) result.Interval {
	at := slices.IndexFunc(a.folds, func(f foldSoFar) bool { return f.from == from && f.to == to })
	if at < 0 {
		if len(a.folds) == maxFolds {
			a.folds = a.folds[1:]
		}
		at = len(a.folds)
		a.folds = append(a.folds, foldSoFar{from: from, to: to})
	}
	f := &a.folds[at]
	list := make([]*result.Interval, 0, len(pieces)+1)
	others, ok := f.has(pieces)
	if ok && len(others) == 0 && len(pieces) > 0 {
		return f.sum
	}
	if ok {
		list = append(list, &f.sum)
	} else {
		others = pieces
	}
	for _, p := range others {
		list = append(list, &p.Interval)
	}
	sum := result.Interval{At: from, Width: to - from}
	a.scratch.add(&sum, list)
	f.pieces = f.pieces[:0]
	for _, p := range pieces {
		f.pieces = append(f.pieces, p.number)
	}
	f.sum = sum
	return sum
}

// inFlightAt is how many requests of the part were in flight at an instant, of which its
// first n pending intervals are the last before.
func (p *part) inFlightAt(at time.Duration, n int) uint64 {
	if p.ended() && at > p.end || p.last == nil {
		return 0
	}
	switch {
	case n > 0:
		return p.pending[n-1].InFlight
	case p.last.Snapshot.Counts.Sent > 0 && len(p.pending) == 0 && p.end > p.begin:
		return p.lastInFlight()
	}
	return 0
}

// lastInFlight is how many the part had in flight when it last reported.
func (p *part) lastInFlight() uint64 {
	c := &p.last.Snapshot.Counts
	return c.Sent - min(c.Sent, c.Succeeded+c.Failed+c.CutOff)
}

// add adds intervals of different workers up.
func (w *scratch) add(sum *result.Interval, pieces []*result.Interval) {
	for _, v := range pieces {
		sum.Planned += v.Planned
		sum.Sent += v.Sent
		sum.Succeeded += v.Succeeded
		sum.Failed += v.Failed
		sum.CutOff += v.CutOff
		sum.Completed += v.Completed
		sum.CompletedOK += v.CompletedOK
		sum.BytesIn += v.BytesIn
		sum.BytesOut += v.BytesOut
		sum.Chunks += v.Chunks
		sum.Tokens += v.Tokens
	}
	figure := func(of func(*result.Interval) *histogram.Sketch) histogram.Sketch {
		for _, v := range pieces {
			w.buckets.Add(*of(v))
		}
		return w.buckets.Drain(&w.sketcher)
	}
	sum.Response = figure(func(v *result.Interval) *histogram.Sketch { return &v.Response })
	if sum.Service = figure(func(v *result.Interval) *histogram.Sketch { return &v.Service }); sum.Service.Equal(sum.Response) {
		sum.Service = sum.Response // one copy will do
	}
	sum.Lateness = figure(func(v *result.Interval) *histogram.Sketch { return &v.Lateness })
	sum.TTFT = figure(func(v *result.Interval) *histogram.Sketch { return &v.TTFT })
	sum.TPOT = figure(func(v *result.Interval) *histogram.Sketch { return &v.TPOT })
	sum.Names, sum.Kinds = w.addNames(pieces), kindsOf(pieces)
}

// addNames adds up what the intervals count by name.
func (w *scratch) addNames(pieces []*result.Interval) (list []result.IntervalNamed) {
	sums := map[int]*result.IntervalNamed{}
	for _, v := range pieces {
		for i := range v.Names {
			n := &v.Names[i]
			sum := sums[n.Index]
			if sum == nil {
				sum = &result.IntervalNamed{Index: n.Index}
				sums[n.Index] = sum
			}
			sum.Add(n)
			if n.Index == result.OtherNames || n.Response.Count() == 0 {
				continue
			}
			if w.names == nil {
				w.names = map[int]*histogram.Buckets{}
			}
			if w.names[n.Index] == nil {
				w.names[n.Index] = new(histogram.Buckets)
			}
			w.names[n.Index].Add(n.Response)
		}
	}
	for _, index := range slices.Sorted(maps.Keys(sums)) {
		sum := sums[index]
		if b := w.names[index]; b != nil {
			sum.Response = b.Drain(&w.sketcher)
		}
		list = append(list, *sum)
	}
	return list
}

func kindsOf(pieces []*result.Interval) (list []result.KindCount) {
	sums := map[int]uint64{}
	for _, v := range pieces {
		for _, k := range v.Kinds {
			sums[k.Index] += k.Count
		}
	}
	for _, index := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, result.KindCount{Index: index, Count: sums[index]})
	}
	return list
}

// awaits reports whether there are workers whose timeline is yet to begin.
func (a *Accumulator) awaits() bool {
	return slices.ContainsFunc(a.parts, func(p *part) bool { return (p.last == nil || !p.shifted) && !p.ended() })
}

// intervals is the timeline: what is finished, what may yet change, and, where the whole
// is asked for, at its end one interval of what not all workers have reported yet.
func (a *Accumulator) intervals(whole bool) []result.Interval {
	list := slices.Clone(a.finished)
	if !whole && a.awaits() {
		return list
	}
	kept := make([][]piece, len(a.parts))
	for i, p := range a.parts {
		kept[i] = p.pending
	}
	until, folded := a.until, make([]time.Duration, len(a.parts))
	for i, p := range a.parts {
		folded[i] = p.folded
	}
	for {
		border, ok := a.border(until, false)
		if !ok {
			break
		}
		list = append(list, a.fold(until, border))
		until = border
	}
	end := time.Duration(math.MinInt64)
	for _, p := range a.parts {
		if n := len(p.pending); n > 0 {
			end = max(end, p.pending[n-1].At+p.pending[n-1].Width)
		}
	}
	if whole && end > math.MinInt64 {
		tail := a.fold(until, max(end, until))
		if n := len(list); tail.Width > 0 || n == 0 {
			list = append(list, tail)
		} else {
			list[n-1].Join(&tail)
		}
	}
	for i, p := range a.parts { // nothing of it is finished
		p.pending, p.folded = kept[i], folded[i]
	}
	return list
}
