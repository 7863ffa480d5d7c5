package attack

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// lateEnough is the lateness from which a ticket counts as late in the
// verdict's evidence: far above a healthy wake-up, even on a noisy machine.
const lateEnough = int64(10 * time.Millisecond)

// turn hands the tickets k, k+stride, k+2·stride … of a schedule to its
// workers, leader and followers: one worker has the turn, waits for the next
// ticket's instant, passes the turn on and sends that ticket itself, so that
// no wake-up lies between the instant and the send. Several turns interleave
// on one schedule, so that no lock is shared by all cores.
type turn struct {
	run    *Run
	alarm  *alarm
	scout  *alarm // that looks for replies
	stride uint64
	limit  int // most workers of this turn

	next  uint64 // touched only by the worker that leads, as stage is
	stage int    // of the last ticket

	skipped atomic.Uint64 // tickets dropped for being late
	noRoom  atomic.Uint64 // of them, those for which no slot was free

	mu      sync.Mutex
	led     bool
	done    bool
	starved bool    // all slots were taken when the turn was last passed on
	idle    *worker // free workers, last come first served: warm connections stay few
	workers int
	growth  growth

	_ [64]byte // turns of different cores share no cache line
}

// ticket is one planned request that a worker took.
type ticket struct {
	index   uint64 // payload index
	planned int64  // planned instant
	begin   int64  // when it was taken
	warm    bool   // within the warm-up
	noSlot  bool   // it waited for a slot
	stage   uint8  // of the plan's
}

// take waits for the worker's next ticket; ok is false when the run has none
// left for it.
func (t *turn) take(w *worker) (tk ticket, ok bool) {
	if !t.lead(w) {
		return tk, false
	}
	run := t.run
	for {
		s := run.schedule.Load()
		at, planned := s.at(t.next)
		at += run.start
		if !planned {
			// Where the plan's end is an instant, a change may yet bring tickets.
			if at = run.end; at == math.MaxInt64 || s.plan.Requests > 0 && s.measured == s.plan.Requests {
				at = 0
			}
		}
		now := run.clock.now()
		noSlot := t.starved
		if now < at {
			t.starved, noSlot = false, false
			now = t.alarm.wait(now, at+s.slack(at-run.start, t.stride))
		}
		switch {
		case run.over() || !planned && now >= at:
			t.finish()
			return tk, false
		case now < at: // the schedule has changed
			continue
		case run.plan.CatchUp == CatchUpSkip && now-at > int64(SkipAfter):
			if t.next >= s.warm {
				t.skipped.Add(1)
				if noSlot {
					t.noRoom.Add(1)
				}
			}
			t.next += t.stride
			continue
		}
		tk = ticket{planned: at, begin: now, noSlot: noSlot}
		if tk.warm = t.next < s.warm; tk.warm {
			tk.index = t.next
		} else {
			tk.index = t.next - s.warm
			if run.borders != nil {
				t.stage = run.stageOf(t.stage, at)
				tk.stage = uint8(t.stage)
			}
		}
		if t.pass(s, now-at > hurry) {
			return tk, true
		}
	}
}

// lead returns once the worker has the turn; false when there is nothing more
// to take.
func (t *turn) lead(w *worker) bool {
	t.mu.Lock()
	if w.free >= 0 { // it is no new one
		t.growth.freed = true
	}
	if t.done {
		t.mu.Unlock()
		return false
	}
	if !t.led {
		t.led = true
		t.growth.held = false
		t.mu.Unlock()
		return true
	}
	w.nextIdle, t.idle = t.idle, w
	t.mu.Unlock()
	<-w.wake
	return !t.done // written before the wake-up, never again after
}

// pass settles that the next ticket is taken, and gives the turn to a free
// worker, or starts another one, or, with every slot taken, leaves it for the
// first that comes free. It returns false when the ticket is not to be had
// after all, for the schedule is no longer s.
func (t *turn) pass(s *schedule, late bool) bool {
	t.mu.Lock()
	if t.run.schedule.Load() != s {
		t.mu.Unlock()
		return false
	}
	t.next += t.stride
	t.growth.late = late
	if next := t.idle; next != nil {
		t.idle, next.nextIdle = next.nextIdle, nil
		t.mu.Unlock()
		next.wake <- struct{}{}
		return true
	}
	t.led = false
	switch {
	case t.workers >= t.limit:
		t.starved = true
		t.mu.Unlock()
	case t.run.mux != nil:
		t.grow(true)
	default:
		t.look()
		t.mu.Unlock()
	}
	return true
}

// finish ends the turn: no worker takes another ticket of it.
func (t *turn) finish() {
	t.mu.Lock()
	t.done = true
	t.disarm()
	idle := t.idle
	t.idle = nil
	t.mu.Unlock()
	for idle != nil {
		next := idle.nextIdle
		idle.wake <- struct{}{}
		idle = next
	}
}
