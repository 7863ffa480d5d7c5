package attack

import (
	"sync"
	"time"

	"brunt/attack/result"
)

// delayWatch keeps the delays that the loops notice.
type delayWatch struct {
	mu   sync.Mutex
	seen result.Delays
}

// watchDelays has the loops look at the client's own delay from that instant on, in
// turns.
func (r *Run) watchDelays(from Instant) {
	for i, l := range r.loops {
		l.lock()
		l.lookAt = from.Add(result.DelayEvery * time.Duration(i))
		l.leave()
	}
}

func (w *delayWatch) record(delay time.Duration) {
	w.mu.Lock()
	w.seen.Record(delay)
	w.mu.Unlock()
}

// delays are those seen so far.
func (w *delayWatch) delays() result.Delays {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen
}
