package attack

import (
	"testing"
	"time"

	"brunt/attack/clock"
)

// A stop that is seen has an instant: there is no moment at which the run has
// stopped at its very beginning.
func TestStopHasAnInstant(t *testing.T) {
	r := &Run{clock: clock.From(time.Now())}
	if at, stopped := r.stopInstant(); stopped || r.stopping() {
		t.Errorf("stopped at %d", at)
	}
	r.stopAt.Store(beginsToStop)
	from := r.clock.Now()
	if at, stopped := r.stopInstant(); !stopped || !r.stopping() || at < from {
		t.Errorf("stopping at %d, not before %d: %v", at, from, stopped)
	}
	r.stopAt.Store(Instant(time.Second))
	if at, stopped := r.stopInstant(); !stopped || at != Instant(time.Second) {
		t.Errorf("stopped at %d: %v", at, stopped)
	}
}
