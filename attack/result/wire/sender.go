package wire

import (
	"time"

	"brunt/attack/histogram"
	"brunt/attack/result"
)

// maxHalvings is more than any run has: each takes as long as all before it.
const maxHalvings = 40

// Sender makes the messages of one run, each with what is new since the last one that was
// acknowledged. The zero Sender begins with all there is.
type Sender struct {
	acknowledged, last state
	sketcher           histogram.Sketcher
}

// state is what a message has told.
type state struct {
	number    int
	totals    *Totals // nil before the first one
	intervals []shape
	halvings  int
}

// shape tells an interval from what it may become: a later one that was joined to it
// makes it wider, or adds to its counts.
type shape struct {
	at, width time.Duration
	counts    uint64
}

func shapeOf(iv *result.Interval) shape {
	return shape{iv.At, iv.Width, iv.Planned + iv.Sent + iv.Succeeded + iv.Failed + iv.CutOff +
		iv.Completed + iv.CompletedOK + iv.BytesIn + iv.BytesOut + iv.Chunks + iv.Tokens}
}

// halved are the shapes after neighbours were joined; an odd last one is left out.
func halved(list []shape) []shape {
	out := make([]shape, len(list)/2)
	for i := range out {
		a, b := list[2*i], list[2*i+1]
		out[i] = shape{a.at, a.width + b.width, a.counts + b.counts}
	}
	return out
}

// Encode is the message of a snapshot. Until Acknowledged says that it has arrived, the
// next one tells the same again, and what is new besides.
func (s *Sender) Encode(snapshot *result.Snapshot) ([]byte, error) {
	now := make([]shape, len(snapshot.Intervals))
	for i := range now {
		now[i] = shapeOf(&snapshot.Intervals[i])
	}
	from, halvings := s.acknowledged.newIn(now)
	m := &Message{
		Snapshot: withoutTotals(snapshot), From: from, Halvings: halvings,
		Number: s.last.number + 1, Base: s.acknowledged.number, LatenessP99: snapshot.Latencies.OwnLateness(0.99),
	}
	s.last = state{m.Number, totalsOf(snapshot, &s.sketcher), now, halvings}
	if m.More = s.last.totals; m.Base > 0 {
		m.More, m.Less = m.More.since(s.acknowledged.totals, &s.sketcher)
	}
	return m.encode()
}

// newIn is the number of the first interval that was not told yet, after so many
// halvings.
func (t *state) newIn(now []shape) (from, halvings int) {
	before := t.intervals
	halvings = t.halvings
	for len(before) > 1 && len(now) > 0 && now[0] != before[0] && now[0].width > before[0].width {
		before = halved(before)
		halvings++
	}
	if len(now) > 0 && len(before) > 0 && now[0] != before[0] && halvings > t.halvings {
		// The first one was joined and has changed besides: nothing of it is known.
		return 0, t.halvings
	}
	for from < min(len(now), len(before)) && now[from] == before[from] {
		from++
	}
	return from, halvings
}

// Acknowledged says that the last message has arrived.
func (s *Sender) Acknowledged() { s.acknowledged = s.last }
