package attack

import "time"

// Bounds are the longest times that one request may take to be good; 0 is none.
// They are counted as the histograms of the same names.
type Bounds struct {
	Response, Service, FirstByte time.Duration
	Lateness                     time.Duration
	TTFT, ResponseTTFT           time.Duration // see StreamLatencies
	FirstChunk, TPOT, EndToEnd   time.Duration
	InterChunk                   time.Duration // the longest gap of the request
}

// hold reports whether the worker's success keeps every bound. One whose figure
// is missing, since it was no stream or too short a one, does not.
func (b *Bounds) hold(w *worker) bool {
	ex := &w.ex
	if over(b.Response, ex.end-ex.planned) || over(b.Service, ex.end-ex.sent) || over(b.FirstByte, ex.first-ex.sent) || over(b.Lateness, ex.begin-ex.planned) {
		return false
	}
	if b.TTFT|b.ResponseTTFT|b.FirstChunk|b.TPOT|b.EndToEnd|b.InterChunk == 0 {
		return true
	}
	s := w.reply.stream
	if !w.reply.streaming || over(b.FirstChunk, s.Begun-ex.sent) {
		return false
	}
	if b.TTFT|b.ResponseTTFT|b.TPOT|b.EndToEnd|b.InterChunk == 0 {
		return true
	}
	if s.Chunks == 0 || over(b.TTFT, s.First-ex.sent) || over(b.ResponseTTFT, s.First-ex.planned) || over(b.EndToEnd, s.Last-ex.sent) {
		return false
	}
	if b.InterChunk > 0 {
		if len(s.Gaps) == 0 {
			return false
		}
		for _, gap := range s.Gaps {
			if gap > int64(b.InterChunk) {
				return false
			}
		}
	}
	tpot, ok := tpotOf(s)
	return b.TPOT == 0 || ok && tpot <= int64(b.TPOT)
}

// over reports whether a time in nanoseconds is more than there may be.
func over(bound time.Duration, ns int64) bool { return bound > 0 && ns > int64(bound) }
