package host

import (
	"testing"
	"time"
)

// TestGCCost: what a thread waits for a core is no cost of what it would do there.
func TestGCCost(t *testing.T) {
	for _, c := range []struct{ held, cpu, waited, want time.Duration }{
		{time.Second, 10 * time.Second, 0, time.Second},
		{8 * time.Second, 3 * time.Second, 13 * time.Second, 1500 * time.Millisecond},
		{5 * time.Second, time.Second, 0, time.Second},
		{time.Second, 0, time.Second, 0},
	} {
		if got := gcCost(c.held, c.cpu, c.waited); got != c.want {
			t.Errorf("%v held while running for %v and waiting for %v: %v, want %v", c.held, c.cpu, c.waited, got, c.want)
		}
	}
}
