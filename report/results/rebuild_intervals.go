package results

import (
	"maps"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/histogram"
	"brunt/attack/result"
)

// maxFilled is the longest run, in seconds, of which those are written down too
// in which nothing happened: a file may claim any instant.
const maxFilled = 24 * 3600

// shortStart is the length below which a first interval is joined to the second:
// rates over a few milliseconds mean nothing.
const shortStart = 200 * time.Millisecond

// second is one interval while it is being filled.
type second struct {
	result.Interval
	response, service, lateness *hdrhistogram.PackedHistogram
	ttft, tpot                  *hdrhistogram.PackedHistogram // nil without any
	counts                      result.IntervalCounts
}

// at is the interval that the instant lies in.
func (b *rebuilder) at(t time.Time) *second {
	since := t.Sub(b.base)
	k := int64(since / time.Second)
	if since%time.Second < 0 {
		k--
	}
	s := b.seconds[k]
	if s == nil {
		s = &second{response: histogram.New(), service: histogram.New(), lateness: histogram.New()}
		b.seconds[k] = s
	}
	return s
}

// intervals are the seconds in order, those in which nothing happened too. They
// count from the first result in the file, which need not be the first planned:
// shift is by how much it is later, and makes a shorter or longer first interval.
func (b *rebuilder) intervals(shift time.Duration) []result.Interval {
	edge := func(k int64) time.Duration { return max(0, time.Duration(k)*time.Second+shift) }
	keys := slices.Sorted(maps.Keys(b.seconds))
	if len(keys) > 1 && edge(keys[1]) < shortStart {
		b.seconds[keys[1]].join(b.seconds[keys[0]])
		keys = keys[1:]
	}
	list := make([]result.Interval, 0, len(keys))
	fill := keys[len(keys)-1]-keys[0] <= maxFilled
	inFlight, until := int64(0), time.Duration(0)
	for i, k := range keys {
		for i > 0 && fill && until < edge(k) {
			list = append(list, result.Interval{At: until, Width: time.Second, InFlight: uint64(inFlight)})
			until += time.Second
		}
		in := b.seconds[k]
		if i > 0 {
			in.At = edge(k)
		}
		in.Width = edge(k+1) - in.At
		inFlight = max(0, inFlight+int64(in.Sent)-int64(in.Succeeded+in.Failed+in.CutOff))
		in.InFlight, until = uint64(inFlight), edge(k+1)
		in.Response, in.Service, in.Lateness = histogram.SketchOf(
			in.response,
		), histogram.SketchOf(
			in.service,
		), histogram.SketchOf(
			in.lateness,
		)
		in.TTFT, in.TPOT = sketchOf(in.ttft), sketchOf(in.tpot)
		in.Names, in.Kinds = in.counts.Lists()
		list = append(list, in.Interval)
	}
	return list
}

// join adds what another one holds.
func (s *second) join(o *second) {
	s.Planned, s.Sent, s.Succeeded = s.Planned+o.Planned, s.Sent+o.Sent, s.Succeeded+o.Succeeded
	s.Failed, s.CutOff = s.Failed+o.Failed, s.CutOff+o.CutOff
	s.BytesIn, s.BytesOut = s.BytesIn+o.BytesIn, s.BytesOut+o.BytesOut
	s.response.Merge(o.response)
	s.service.Merge(o.service)
	s.lateness.Merge(o.lateness)
	s.Chunks, s.Tokens = s.Chunks+o.Chunks, s.Tokens+o.Tokens
	s.counts.Join(&o.counts)
	if o.ttft != nil {
		made(&s.ttft).Merge(o.ttft)
	}
	if o.tpot != nil {
		made(&s.tpot).Merge(o.tpot)
	}
}

// sketchOf is the sketch of a histogram that there may not be.
func sketchOf(h *hdrhistogram.PackedHistogram) histogram.Sketch {
	if h == nil {
		return histogram.Sketch{}
	}
	return histogram.SketchOf(h)
}
