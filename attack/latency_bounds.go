package attack

import (
	"time"

	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/stream"
)

// keeps reports whether the slot's success keeps every bound. One whose figure
// is missing, since it was no stream or too short a one, does not.
func (w *slot) keeps(b *plan.Bounds) bool {
	ex := &w.ex
	if exceeds(b[figure.Response], ex.end.Sub(ex.planned)) || exceeds(b[figure.Service], ex.end.Sub(ex.sent)) ||
		exceeds(b[figure.FirstByte], ex.first.Sub(ex.sent)) ||
		exceeds(b[figure.Lateness], ex.begin.Sub(ex.planned)) {
		return false
	}
	output := b[figure.TTFT] | b[figure.ResponseTTFT] | b[figure.TPOT] | b[figure.EndToEnd] | b[figure.InterChunk] |
		b[figure.FirstVisible]
	if output|b[figure.FirstChunk] == 0 {
		return true
	}
	s := w.reply.stream
	if !w.reply.streaming || exceeds(b[figure.FirstChunk], s.Begun.Sub(ex.sent)) {
		return false
	}
	if output == 0 {
		return true
	}
	if s.Chunks == 0 || s.Dialect == stream.Unknown || exceeds(b[figure.TTFT], s.First.Sub(ex.sent)) ||
		exceeds(b[figure.ResponseTTFT], s.First.Sub(ex.planned)) ||
		exceeds(b[figure.EndToEnd], s.Last.Sub(ex.sent)) ||
		b[figure.FirstVisible] > 0 && (s.FirstVisible == 0 || s.FirstVisible.Sub(ex.sent) > b[figure.FirstVisible]) {
		return false
	}
	if b[figure.InterChunk] > 0 {
		if len(s.Gaps) == 0 {
			return false
		}
		for _, gap := range s.Gaps {
			if gap > b[figure.InterChunk] {
				return false
			}
		}
	}
	tpot, ok := s.TPOT()
	return b[figure.TPOT] == 0 || ok && tpot <= b[figure.TPOT]
}

// exceeds reports whether a time is longer than it may be; a bound of 0 is none.
func exceeds(bound, took time.Duration) bool { return bound > 0 && took > bound }
