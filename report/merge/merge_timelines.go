package merge

import (
	"cmp"
	"math"
	"slices"

	"brunt/report"
	"brunt/report/format"
)

// intervals lays the timelines over each other, each moved to the nearest slot,
// slots being as wide as the intervals of the coarsest: every slot has as much
// time of one report as of another, sums stay exact and times are off by at most
// half a slot. Where no run ran are intervals without load.
func (m *merger) intervals() []report.Interval {
	width := 0.0
	for _, r := range m.reports {
		width = math.Max(width, stepOf(r))
	}
	slots := map[int64]*slot{}
	for i, r := range m.reports {
		from := math.Round(m.at[i]/width) * width
		for j := range r.Intervals {
			v := &r.Intervals[j]
			at := int64(math.Floor((from + v.TS + v.WidthS/2) / width))
			if slots[at] == nil {
				slots[at] = &slot{at: float64(at) * width}
			}
			s := slots[at]
			s.parts = append(s.parts, stretch{i, v})
			if v.WidthS > 1.5*width { // by a stall
				s.at = min(s.at, from+v.TS)
			}
		}
	}
	out := make([]report.Interval, 0, len(slots))
	for _, s := range slots {
		out = append(out, s.merged())
	}
	slices.SortFunc(out, func(a, b report.Interval) int { return cmp.Compare(a.TS, b.TS) })
	return withGaps(out, width)
}

// maxIdle is how many intervals a gap is shown by at most.
const maxIdle = 1000

// withGaps puts intervals without load where none of the runs ran; a long gap is
// one wide interval, between two of the usual width.
func withGaps(list []report.Interval, width float64) []report.Interval {
	out := make([]report.Interval, 0, len(list))
	idle := func(from, to float64) {
		out = append(
			out,
			report.Interval{
				TS:      format.Significant(from, 12),
				WidthS:  format.Significant(to-from, 12),
				WindowS: new(0.0),
			},
		)
	}
	for i := range list {
		if i > 0 {
			from := list[i-1].TS + list[i-1].WidthS
			n := math.Round((list[i].TS - from) / width)
			switch {
			case list[i].TS-from < width/2: // no gap, but a last interval that is short
			case n <= maxIdle:
				for k := range int(max(n, 1)) {
					to := list[i].TS
					if k+1 < int(n) {
						to = from + width
					}
					idle(from, to)
					from = to
				}
			default:
				idle(from, from+width)
				idle(from+width, list[i].TS-width)
				idle(list[i].TS-width, list[i].TS)
			}
		}
		out = append(out, list[i])
	}
	return out
}

// step is how wide the report's intervals are but for its last and those that a
// stall made wider, in seconds; 1 where that cannot be told.
func stepOf(r *report.Report) float64 {
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

// slot collects the intervals of all reports that fall into one step of time.
type slot struct {
	at    float64   // its beginning, in seconds
	parts []stretch // report by report
}

// stretch is an interval of a report.
type stretch struct {
	report int
	*report.Interval
}

// merged is the slot as one interval, as long as the time that any one report
// has in it. In flight is what was at its end: that of each report's last part.
func (s *slot) merged() report.Interval {
	var v report.Interval
	own, measured, known := 0.0, 0.0, true
	asked, asks := 0.0, false
	for i, p := range s.parts {
		if i > 0 && p.report == s.parts[i-1].report {
			v.InFlight -= s.parts[i-1].InFlight
		} else {
			own, measured = 0, 0
		}
		own += p.WidthS
		if p.WindowS == nil {
			known = false
		} else {
			measured += *p.WindowS
			v.WindowS = new(math.Max(measured, orNone(v.WindowS)))
		}
		if p.AskedPerS != nil {
			asked, asks = asked+*p.AskedPerS*orNone(p.WindowS), true
		}
		v.WidthS = max(v.WidthS, own)
		addInterval(&v, p.Interval)
	}
	if len(s.parts) == 1 {
		v = *s.parts[0].Interval // with its percentiles
	}
	switch {
	case len(s.parts) == 1:
	case !known:
		v.WindowS = nil
	case asks && *v.WindowS > 0:
		v.AskedPerS = new(format.Significant(asked / *v.WindowS, 12))
	}
	v.TS, v.WidthS = format.Significant(s.at, 12), format.Significant(v.WidthS, 12)
	return v
}

func orNone(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}

// add adds counts and the maximum, which are exact; percentiles are left out.
func addInterval(i *report.Interval, v *report.Interval) {
	i.Planned += v.Planned
	i.Sent += v.Sent
	i.Succeeded += v.Succeeded
	i.Failed += v.Failed
	i.CutOff += v.CutOff
	i.Completed += v.Completed
	i.CompletedOK += v.CompletedOK
	i.InFlight += v.InFlight
	i.BytesIn += v.BytesIn
	i.BytesOut += v.BytesOut
	i.Chunks += v.Chunks
	if v.Max != nil && (i.Max == nil || *v.Max > *i.Max) {
		i.Max = new(*v.Max)
	}
}
