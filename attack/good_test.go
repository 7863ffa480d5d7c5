package attack

import (
	"testing"
	"time"

	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/stream"
)

// TestBoundsOfAllFigures: a bound on any figure that a request has is one that the
// request can break.
func TestBoundsOfAllFigures(t *testing.T) {
	const ms = 1_000_000
	w := &slot{ex: exchange{ticket: ticket{planned: 1 * ms, begin: 3 * ms}, sent: 5 * ms, first: 7 * ms, end: 50 * ms}}
	w.reply = &reply{streaming: true}
	w.reply.stream = &stream.Stream{}
	w.reply.stream.Reset(stream.Events)
	for _, at := range []Instant{11 * ms, 21 * ms, 41 * ms} {
		w.reply.stream.Feed([]byte(`data: {"choices":[{"delta":{"content":"a"}}]}`+"\n\n"), at)
	}
	for _, f := range figure.All() {
		var narrow, wide plan.Bounds
		narrow[f], wide[f] = time.Nanosecond, time.Hour
		if got := w.keeps(&narrow); got == f.OfRequests() {
			t.Errorf("%s: within 1 ns: %v", f, got)
		}
		if !w.keeps(&wide) {
			t.Errorf("%s: not within 1 h", f)
		}
	}
}
