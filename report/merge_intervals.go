package report

import (
	"cmp"
	"math"
	"slices"

	"brunt/attack"
)

// intervals lays the timelines over each other. Every interval goes into the
// slot that its middle falls into, slots being as wide as the widest interval,
// so that sums stay exact and times are off by at most half a slot.
func (m *merger) intervals() []Interval {
	width := 0.0
	for _, r := range m.reports {
		for i := range r.Intervals {
			width = math.Max(width, r.Intervals[i].WidthS)
		}
	}
	if width <= 0 {
		width = 1
	}
	slots := map[int64]*slot{}
	for i, r := range m.reports {
		for j := range r.Intervals {
			v := &r.Intervals[j]
			at := int64(math.Floor((m.at[i] + v.TS + v.WidthS/2) / width))
			if slots[at] == nil {
				slots[at] = &slot{}
			}
			slots[at].add(i, v)
		}
	}
	out := make([]Interval, 0, len(slots))
	for at, s := range slots {
		s.sum.TS, s.sum.WidthS = significant(float64(at)*width, 12), width
		out = append(out, s.merged())
	}
	slices.SortFunc(out, func(a, b Interval) int { return cmp.Compare(a.TS, b.TS) })
	return out
}

// slot collects the intervals of all reports that fall into one stretch.
type slot struct {
	sum   Interval
	parts int
	// The in-flight count is that at the slot's end: of each report's last
	// interval in it.
	report   int
	inFlight uint64
}

func (s *slot) add(report int, v *Interval) {
	if s.parts == 0 {
		s.sum = *v
	} else {
		s.sum.Planned += v.Planned
		s.sum.Sent += v.Sent
		s.sum.Succeeded += v.Succeeded
		s.sum.Failed += v.Failed
		s.sum.CutOff += v.CutOff
		s.sum.BytesIn += v.BytesIn
		s.sum.BytesOut += v.BytesOut
		s.sum.Chunks += v.Chunks
		if v.Max != nil && (s.sum.Max == nil || *v.Max > *s.sum.Max) {
			s.sum.Max = new(*v.Max)
		}
		if s.report != report {
			s.inFlight += s.sum.InFlight
		}
		s.sum.InFlight = v.InFlight
	}
	s.report = report
	s.parts++
}

func (s *slot) merged() Interval {
	v := s.sum
	v.InFlight += s.inFlight
	if s.parts > 1 {
		v.P50, v.P90, v.P99, v.LatenessP99, v.TTFTP50, v.TTFTP99 = nil, nil, nil, nil, nil, nil
		v.Response, v.Service = attack.Sketch{}, attack.Sketch{}
	}
	return v
}
