package result

import (
	"fmt"
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

// Failures that are nearly all one worker's are said to be; those that are as many as its
// share of the requests lets expect, or too few to matter, are not.
func TestFailedAtOne(t *testing.T) {
	for _, c := range []struct {
		sent, failed []uint64
		want         string
	}{
		{[]uint64{500, 500}, []uint64{0, 60}, "100 % of the failed requests were sent by worker 2 (w1)"},
		{[]uint64{500, 500}, []uint64{95, 5}, "95 % of the failed requests were sent by worker 1 (w0)"},
		{[]uint64{500, 500}, []uint64{80, 20}, ""},
		{[]uint64{500, 20}, []uint64{60, 1}, ""},
		{[]uint64{500}, []uint64{60}, ""},
		{[]uint64{5000, 5000}, []uint64{0, 1}, ""},
	} {
		s := &Snapshot{}
		for i := range c.sent {
			s.Workers = append(s.Workers, Worker{Name: fmt.Sprintf("%d (w%d)", i+1, i), Sent: c.sent[i], Failed: c.failed[i]})
			s.Counts.Sent += c.sent[i]
			s.Counts.Failed += c.failed[i]
		}
		if got := s.failedAtOne(); got != c.want {
			t.Errorf("sent %v, failed %v: %q, not %q", c.sent, c.failed, got, c.want)
		}
	}
}
