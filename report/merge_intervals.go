package report

import (
	"cmp"
	"math"
	"slices"

	"brunt/attack"
)

// intervals lays the timelines over each other, each moved to the nearest slot,
// slots being as wide as the intervals of the coarsest: every slot has as much
// time of one report as of another, sums stay exact and times are off by at most
// half a slot.
func (m *merger) intervals() []Interval {
	width := 0.0
	for _, r := range m.reports {
		width = math.Max(width, r.step())
	}
	slots := map[int64]*slot{}
	for i, r := range m.reports {
		from := math.Round(m.at[i]/width) * width
		for j := range r.Intervals {
			v := &r.Intervals[j]
			at := int64(math.Floor((from + v.TS + v.WidthS/2) / width))
			if slots[at] == nil {
				slots[at] = &slot{sum: Interval{TS: float64(at) * width}}
			}
			start := math.Inf(1)
			if v.WidthS > 1.5*width {
				start = from + v.TS
			}
			slots[at].add(i, v, start)
		}
	}
	out := make([]Interval, 0, len(slots))
	for _, s := range slots {
		out = append(out, s.merged())
	}
	slices.SortFunc(out, func(a, b Interval) int { return cmp.Compare(a.TS, b.TS) })
	return out
}

// step is how wide the report's intervals are but for its last and those that a
// stall made wider, in seconds; 1 where that cannot be told.
func (r *Report) step() float64 {
	if len(r.Intervals) < 2 {
		return 1
	}
	widths := make([]float64, len(r.Intervals)-1)
	for i := range widths {
		widths[i] = r.Intervals[i].WidthS
	}
	slices.Sort(widths)
	return max(widths[len(widths)/2], 1e-3)
}

// slot collects the intervals of all reports that fall into one stretch. It is
// as long as the time that any one of them has in it, and begins where an
// interval does that a stall made wider than a slot.
type slot struct {
	sum   Interval
	parts int
	// Of the report that was added last: its time in the slot, and its number.
	own    float64
	report int
	// The in-flight count is that at the slot's end: of each report's last
	// interval in it.
	inFlight uint64
}

// add adds the report's interval, which is moved to begin at the second at.
func (s *slot) add(report int, v *Interval, at float64) {
	if s.parts == 0 || s.report != report {
		s.inFlight += s.sum.InFlight
		s.own, s.report = 0, report
	}
	s.own += v.WidthS
	s.parts++
	sum := &s.sum
	if s.parts == 1 {
		from := sum.TS
		*sum = *v
		sum.TS = from
	} else {
		sum.add(v)
	}
	sum.TS, sum.WidthS, sum.InFlight = min(sum.TS, at), max(sum.WidthS, s.own), v.InFlight
}

// add adds counts and the maximum, which are exact.
func (i *Interval) add(v *Interval) {
	i.Planned += v.Planned
	i.Sent += v.Sent
	i.Succeeded += v.Succeeded
	i.Failed += v.Failed
	i.CutOff += v.CutOff
	i.BytesIn += v.BytesIn
	i.BytesOut += v.BytesOut
	i.Chunks += v.Chunks
	if v.Max != nil && (i.Max == nil || *v.Max > *i.Max) {
		i.Max = new(*v.Max)
	}
}

func (s *slot) merged() Interval {
	v := s.sum
	v.TS, v.WidthS = significant(v.TS, 12), significant(v.WidthS, 12)
	v.InFlight += s.inFlight
	if s.parts > 1 {
		v.P50, v.P90, v.P99, v.LatenessP99, v.TTFTP50, v.TTFTP99 = nil, nil, nil, nil, nil, nil
		v.Response, v.Service = attack.Sketch{}, attack.Sketch{}
	}
	return v
}
