package report

import (
	"brunt/attack/result"
	"brunt/report/format"
)

// Follower makes reports of a run under way, one after the other, at a cost
// that does not grow with the run: an interval is opened once, when it is new.
// Its methods may not be called at the same time.
type Follower struct {
	meta      Meta
	intervals []Interval       // of the last report
	names     map[string]Named // of the last report, by the snapshot's names
	scratch   Histogram
	slicer    slicer
	fresh     int // index of the first slice that the last report does not share with the one before
}

// NewFollower follows a run from its beginning on, or from any later moment.
func NewFollower(meta Meta) *Follower {
	return &Follower{meta: meta, intervals: []Interval{}, scratch: NewHistogram()}
}

// Follow is From for a newer snapshot of the same run, and the number of
// leading intervals that are those of the report before. Reports share their
// intervals, which nobody may write to.
func (f *Follower) Follow(s *result.Snapshot) (r *Report, kept int) {
	bare := *s
	bare.Intervals, bare.Names = nil, nil
	r = From(f.meta, &bare)
	r.Names = f.follow(s)
	for kept < min(len(f.intervals), len(s.Intervals)) && f.intervals[kept].is(&s.Intervals[kept]) {
		kept++
	}
	old := f.intervals
	if kept < len(old) {
		old = old[:kept:kept] // earlier reports keep what they have
	}
	f.intervals = append(old, intervalsOf(s.Intervals[kept:], askingOf(&f.meta.Plan, s))...)
	f.fresh = f.slicer.follow(f.intervals, kept, &s.Followed)
	if len(f.intervals) > 0 {
		r.Slices = new(f.slicer.Slices)
	}
	if r.Intervals = f.intervals; s.State == result.Done {
		r.SumUpIntervals()
		r.judgeStationarity()
	}
	return r, kept
}

// FreshSlices is the index of the first slice of the last report that the one before did
// not have, or had with other figures.
func (f *Follower) FreshSlices() int { return f.fresh }

// follow is NamesOf, but sums up only those names that have had requests since.
func (f *Follower) follow(s *result.Snapshot) []Named {
	out, known := make([]Named, 0, len(s.Names)), make(map[string]Named, len(s.Names))
	for i := range s.Names {
		n := &s.Names[i]
		named := namedOf(n, s.State)
		if last := f.names[n.Name]; last.Requests.Sent > 0 && last.Requests.Succeeded == n.Succeeded {
			named.LatencyMS = last.LatencyMS
		} else {
			named.Summarise(f.scratch)
		}
		known[n.Name] = named
		out = append(out, named)
	}
	f.names = known
	return out
}

// is reports whether the interval was made of in. Intervals change only by
// being joined to a neighbour, which makes them wider.
func (i *Interval) is(in *result.Interval) bool {
	return i.TS == format.Seconds(in.At) && i.WidthS == format.Seconds(in.Width) && i.Sent == in.Sent &&
		i.Succeeded == in.Succeeded &&
		i.Failed == in.Failed
}
