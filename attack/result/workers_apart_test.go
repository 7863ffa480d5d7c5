package result

import (
	"testing"
	"time"
)

// Workers that began at the same instant, as far as the clocks tell it, are not told of;
// those that may not have are, with the most that it can be.
func TestWorkersApart(t *testing.T) {
	worker := func(name string, at, uncertain time.Duration, sent uint64) Worker {
		return Worker{Name: name, At: at, ClockError: uncertain, Sent: sent}
	}
	for want, list := range map[string][]Worker{
		"": {worker("1 (a)", 2*time.Millisecond, 8*time.Millisecond, 5), worker("2 (b)", -10*time.Millisecond, 0, 5), worker("3 (c)", time.Second, 0, 0)},
		"worker 2 (b) may have begun up to 14.0 ms before or after the run did, as far as the clocks tell": {
			worker("1 (a)", 0, 0, 5), worker("2 (b)", -6*time.Millisecond, 8*time.Millisecond, 5),
		},
		"workers 1 (a) and 2 (b) may have begun up to 1.50 s before or after the run did, as far as the clocks tell": {
			worker("1 (a)", 0, 11*time.Millisecond, 5), worker("2 (b)", 1500*time.Millisecond, 0, 5),
		},
	} {
		s := &Snapshot{Workers: list}
		if got := s.apart(); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
