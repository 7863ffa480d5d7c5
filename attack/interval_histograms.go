package attack

import (
	"brunt/attack/figure"
	"brunt/attack/histogram"
)

// intervalHistograms holds the histograms of one stretch of time, in nanoseconds, by figure;
// those of streams are nil until there is one.
type intervalHistograms [figure.Len]*histogram.Buckets

func newSlice() *intervalHistograms {
	s := new(intervalHistograms)
	for f := range figure.Len {
		if !f.OfStreams() {
			s[f] = new(histogram.Buckets)
		}
	}
	return s
}

// beginStreams makes the histograms of streams, unless there are some.
func (s *intervalHistograms) beginStreams() {
	if s.streamed() {
		return
	}
	for _, f := range figure.Streamed() {
		s[f] = new(histogram.Buckets)
	}
}

func (s *intervalHistograms) streamed() bool { return s[figure.FirstChunk] != nil }

// addTo adds s to another one and empties s for its next use.
func (s *intervalHistograms) addTo(o *intervalHistograms) {
	if s.streamed() {
		o.beginStreams()
	}
	for f, b := range s {
		if b != nil {
			b.AddTo(o[f])
		}
	}
}
