package attack

import (
	"testing"
	"time"
)

// A stop that is seen has an instant: there is no moment at which the run has
// stopped at its very beginning.
func TestStopHasAnInstant(t *testing.T) {
	r := &Run{clock: clock{time.Now()}}
	if at, stopped := r.stopInstant(); stopped || r.stopping() {
		t.Errorf("stopped at %d", at)
	}
	r.stopAt.Store(beginsToStop)
	from := r.clock.now()
	if at, stopped := r.stopInstant(); !stopped || !r.stopping() || at < from {
		t.Errorf("stopping at %d, not before %d: %v", at, from, stopped)
	}
	r.stopAt.Store(int64(time.Second))
	if at, stopped := r.stopInstant(); !stopped || at != int64(time.Second) {
		t.Errorf("stopped at %d: %v", at, stopped)
	}
}
