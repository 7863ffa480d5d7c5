package result

import (
	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/figure"
	"brunt/attack/histogram"
)

// Latencies are a run's histograms of nanoseconds (see histogram.New) by figure.
// Those of streams are nil where no success was one, the others never.
type Latencies [figure.Len]*hdrhistogram.PackedHistogram

// NewLatencies are those of a run without streams, empty.
func NewLatencies() (l Latencies) {
	for f := range figure.Len {
		if !f.OfStreams() {
			l[f] = histogram.New()
		}
	}
	return l
}

// BeginStreams makes the histograms of streams, unless there are some.
func (l *Latencies) BeginStreams() {
	if l.Streamed() {
		return
	}
	for _, f := range figure.Streamed() {
		l[f] = histogram.New()
	}
}

// Streamed reports whether there are histograms of streams.
func (l *Latencies) Streamed() bool { return l[figure.FirstChunk] != nil }

func (l *Latencies) Clone() (c Latencies) {
	for f, h := range l {
		if h != nil {
			c[f] = h.Clone()
		}
	}
	return c
}
