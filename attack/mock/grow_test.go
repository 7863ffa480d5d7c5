package mock

import (
	"testing"
	"time"
)

// Once no slot has been free for as long as autoscale says, there are twice as
// many, and never more than that; a free slot in between begins the time anew.
func TestLineScalesUp(t *testing.T) {
	l := newSlotQueue(Config{Concurrency: 2, Autoscale: 100 * time.Millisecond})
	arrive := func(from, to int64) {
		for now := from; now < to; now += 2 * ms { // five at a time are needed
			l.plan(now, 10*ms)
		}
	}
	arrive(0, 90*ms)
	arrive(1000*ms, 1090*ms) // it was idle in between
	if len(l.free) != 2 {
		t.Fatalf("%d slots before it was full for long enough", len(l.free))
	}
	arrive(1090*ms, 1400*ms)
	if len(l.free) != 4 {
		t.Fatalf("%d slots after it was full for long enough", len(l.free))
	}
	for i := l.head + 1; i < len(l.queue); i++ {
		if l.queue[i] < l.queue[i-1] {
			t.Fatalf("the queue is out of order: %v", l.queue[l.head:])
		}
	}
	arrive(1400*ms, 2000*ms)
	if len(l.free) != 4 {
		t.Errorf("it scaled up twice, to %d", len(l.free))
	}
	// Twice the slots, twice the rate: 400/s.
	done := 0
	for now := 3000 * ms; now < 4000*ms; now += ms {
		if l.plan(now, 10*ms) < 4000*ms {
			done++
		}
	}
	if done < 380 || done > 400 {
		t.Errorf("%d of 400 done", done)
	}
}

func TestRateLimitAndStalls(t *testing.T) {
	e := newEndpoint(Config{Name: "m", Concurrency: 1 << 10, RateLimit: 100, Stalls: 0.02, Stall: 300 * time.Millisecond, Latency: 20 * time.Millisecond})
	served, stalled := 0, 0
	const seconds = 200
	for now := int64(0); now < seconds*int64(time.Second); now += int64(time.Second) / 400 {
		switch c := e.admit(func() int64 { return now }, 1, &shape{}); {
		case c.fate == fateLimited:
		case c.slotTime == 320*ms:
			stalled++
			served++
		case c.slotTime == 20*ms:
			served++
		default:
			t.Fatalf("%+v", c)
		}
	}
	if want := 100 * seconds; served < want || served > want+11 {
		t.Errorf("%d let in within %d s, for 100/s", served, seconds)
	}
	if share := float64(stalled) / float64(served); share < 0.016 || share > 0.024 {
		t.Errorf("a share of %v stalled", share)
	}
}
