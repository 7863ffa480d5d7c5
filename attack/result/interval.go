package result

import (
	"time"

	"brunt/attack/histogram"
)

// Interval is one stretch of the timeline. Counts are of what happened within
// it: a request sent in one interval may succeed in a later one.
type Interval struct {
	At, Width                        time.Duration // since the measured start
	Planned, Sent, Succeeded, Failed uint64
	CutOff                           uint64
	Completed, CompletedOK           uint64 // of Window, in this stretch
	InFlight                         uint64 // at the interval's end
	BytesIn, BytesOut                uint64
	Chunks                           uint64 // with output that came in streams, whatever became of those
	Tokens                           uint64 // output tokens of the successes that ended in it
	// Names and Kinds are what ended in it by payload name and by kind of failure, as
	// Snapshot.Followed numbers them, in the order of their indexes.
	Names []IntervalNamed
	Kinds []KindCount
	// Histograms of nanoseconds; TTFT and TPOT are of the streams that ended.
	Response, Service, Lateness, TTFT, TPOT histogram.Sketch
}

// Join adds the interval that follows.
func (iv *Interval) Join(next *Interval) { iv.JoinWith(next, &histogram.Sketcher{}) }

// JoinWith is Join with a sketcher that the caller has.
func (iv *Interval) JoinWith(next *Interval, s *histogram.Sketcher) {
	iv.Width += next.Width
	iv.Planned += next.Planned
	iv.Sent += next.Sent
	iv.Succeeded += next.Succeeded
	iv.Failed += next.Failed
	iv.CutOff += next.CutOff
	iv.Completed += next.Completed
	iv.CompletedOK += next.CompletedOK
	iv.InFlight = next.InFlight
	iv.BytesIn += next.BytesIn
	iv.BytesOut += next.BytesOut
	iv.Chunks += next.Chunks
	iv.Tokens += next.Tokens
	iv.Names, iv.Kinds = JoinNames(iv.Names, next.Names, s), JoinKinds(iv.Kinds, next.Kinds)
	shared := iv.Service.Equal(iv.Response) && next.Service.Equal(next.Response)
	iv.Response = s.Join(iv.Response, next.Response)
	if shared {
		iv.Service = iv.Response // still one copy
	} else {
		iv.Service = s.Join(iv.Service, next.Service)
	}
	iv.Lateness = s.Join(iv.Lateness, next.Lateness)
	iv.TTFT, iv.TPOT = s.Join(iv.TTFT, next.TTFT), s.Join(iv.TPOT, next.TPOT)
}

// Size is what the interval's sketches and names take.
func (iv *Interval) Size() int {
	n := iv.Response.Size() + iv.Lateness.Size() + iv.TTFT.Size() + iv.TPOT.Size()
	for i := range iv.Names {
		n += namedSize + iv.Names[i].Response.Size()
	}
	if !iv.Service.Equal(iv.Response) {
		n += iv.Service.Size()
	}
	return n
}

// Empty reports whether nothing happened in the interval.
func (iv *Interval) Empty() bool {
	return iv.Planned+iv.Sent+iv.Succeeded+iv.Failed+iv.CutOff+iv.Completed+iv.Chunks == 0
}
