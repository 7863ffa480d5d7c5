package attack

import "time"

// Bounds are the longest times that one request may take to be good; 0 is none.
type Bounds struct {
	Response, Service  time.Duration
	TTFT, ResponseTTFT time.Duration // see StreamLatencies
	TPOT               time.Duration
}

// hold reports whether the worker's success keeps every bound. One whose figure
// is missing, since it was no stream or too short a one, does not.
func (b *Bounds) hold(w *worker) bool {
	ex := &w.ex
	if b.Response > 0 && ex.end-ex.planned > int64(b.Response) || b.Service > 0 && ex.end-ex.sent > int64(b.Service) {
		return false
	}
	if b.TTFT == 0 && b.ResponseTTFT == 0 && b.TPOT == 0 {
		return true
	}
	s := w.reply.stream
	if !w.reply.streaming || s.Chunks == 0 || b.TTFT > 0 && s.First-ex.sent > int64(b.TTFT) || b.ResponseTTFT > 0 && s.First-ex.planned > int64(b.ResponseTTFT) {
		return false
	}
	tpot, ok := tpotOf(s)
	return b.TPOT == 0 || ok && tpot <= int64(b.TPOT)
}
