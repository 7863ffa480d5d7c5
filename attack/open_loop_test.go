package attack

import (
	"testing"
	"time"
)

// TestFreedLate: a slot that comes free only after the plan's end makes no room for another
// one, also where new ones need no permission, as over HTTP/2; one that was put away does.
func TestFreedLate(t *testing.T) {
	p := h2Plan(0)
	p.Rate, p.Duration = mustRate(t, "1000"), time.Hour
	r := ticketRun(p, 1)
	r.mux = &mux{run: r, places: make([]place, 1)}
	r.mux.wide.Store(1)
	l := r.loops[0]
	l.limit = 0
	l.release(l.slotFor(0)) // put away
	l.limit = 1
	s := l.slotFor(0)
	if s == nil || l.slotFor(0) != nil || l.busy() != 1 {
		t.Fatal("another than one slot")
	}
	r.end.Store(1)
	s.free = 1
	l.release(s)
	if l.slotFor(1) != nil || !l.tickets.slotsTaken || l.busy() != 0 {
		t.Error("a slot after the plan's end")
	}
	for _, s := range l.slots {
		if s.work != nil {
			close(s.work)
		}
	}
}
