package attack

import (
	"sync"
	"sync/atomic"
	"time"

	"brunt/attack/plan"
)

// lateEnough is the lateness from which a ticket counts as late in
// the verdict: far above that of a healthy wake-up, even on a noisy machine.
const lateEnough = 10 * time.Millisecond

// dispatcher hands the tickets k, k+stride, k+2·stride … of a schedule to its
// workers. It is no goroutine: its workers are leader and followers. The leader
// waits for the next ticket's instant, makes another worker the leader and sends
// that ticket itself, so that no wake-up of another goroutine lies between the
// instant and the send. Several dispatchers share one schedule, each taking every
// n-th ticket, so that no lock is shared by all cores.
type dispatcher struct {
	run         *Run
	timer       *preciseTimer
	replyPoller *preciseTimer // that looks for replies
	stride      uint64
	limit       int // most workers of this dispatcher

	next  uint64 // touched by the leader only, as stage is
	stage int    // of the last ticket

	skipped       atomic.Uint64 // tickets dropped for being late
	skippedNoSlot atomic.Uint64 // of them, those for which no slot was free

	mu         sync.Mutex
	hasLeader  bool
	done       bool
	slotsTaken bool    // all slots were taken when the leader last changed
	idle       *worker // free workers, last come first served: warm connections stay few
	workers    int
	growth     growth

	_ [64]byte // dispatchers of different cores share no cache line
}

// ticket is one planned request that a worker took.
type ticket struct {
	index   uint64  // payload index
	planned Instant // planned instant
	begin   Instant // when it was taken
	warm    bool    // within the warm-up
	noSlot  bool    // it waited for a slot
	stage   uint8   // of the plan's
	turn    uint32  // of a session
}

// take waits for the worker's next ticket. ok is false when there is none left for
// it.
func (d *dispatcher) take(w *worker) (tk ticket, ok bool) {
	if !d.becomeLeader(w) {
		return tk, false
	}
	run := d.run
	for {
		s := run.schedule.Load()
		due, planned := s.At(d.next)
		at := run.start.Add(due)
		if !planned {
			// Where the plan's end is an instant, a change may yet bring tickets.
			if at = run.end.Load(); at == never || run.plan.Requests > 0 && s.Measured == run.plan.Requests {
				at = 0
			}
		}
		now := run.clock.Now()
		noSlot := d.slotsTaken
		if now < at {
			d.slotsTaken, noSlot = false, false
			now = d.timer.wait(now, at.Add(s.Slack(at.Sub(run.start), d.stride)))
		}
		switch {
		case run.over() || !planned && now >= at:
			d.finish()
			return tk, false
		case now < at: // the schedule has changed
			continue
		case run.plan.CatchUp == plan.CatchUpSkip && now.Sub(at) > plan.SkipAfter:
			if d.next >= s.Warm {
				d.skipped.Add(1)
				if noSlot {
					d.skippedNoSlot.Add(1)
				}
			}
			d.next += d.stride
			continue
		}
		tk = ticket{planned: at, begin: now, noSlot: noSlot}
		if tk.warm = d.next < s.Warm; tk.warm {
			tk.index = d.next
		} else {
			tk.index = d.next - s.Warm
			if run.borders != nil {
				d.stage = run.stageOf(d.stage, at)
				tk.stage = uint8(d.stage)
			}
		}
		if d.passOn(s, now.Sub(at) > ownDelay) {
			return tk, true
		}
	}
}

// becomeLeader returns true once the worker is the leader, and false when there is
// no more ticket to take.
func (d *dispatcher) becomeLeader(w *worker) bool {
	d.mu.Lock()
	if w.free >= 0 { // it is no new one
		d.growth.workerFreed = true
	}
	if d.done {
		d.mu.Unlock()
		return false
	}
	if !d.hasLeader {
		d.hasLeader = true
		d.growth.ticketWaits = false
		d.mu.Unlock()
		return true
	}
	w.nextIdle, d.idle = d.idle, w
	d.mu.Unlock()
	<-w.wake
	return !d.done // written before the wake-up, never again after
}

// passOn takes the next ticket and makes a free worker the leader, or starts one;
// where every slot is taken, the first worker that comes free becomes the leader. It
// returns false, and takes nothing, when the schedule is no longer s.
func (d *dispatcher) passOn(s *plan.Schedule, late bool) bool {
	d.mu.Lock()
	if d.run.schedule.Load() != s {
		d.mu.Unlock()
		return false
	}
	d.next += d.stride
	d.growth.late = late
	if next := d.idle; next != nil {
		d.idle, next.nextIdle = next.nextIdle, nil
		d.mu.Unlock()
		next.wake <- struct{}{}
		return true
	}
	d.hasLeader = false
	switch {
	case d.workers >= d.limit:
		d.slotsTaken = true
		d.mu.Unlock()
	case d.run.mux != nil:
		d.growAndUnlock(true)
	default:
		d.pollReplies()
		d.mu.Unlock()
	}
	return true
}

// finish ends the dispatcher: no worker takes another ticket of it.
func (d *dispatcher) finish() {
	d.mu.Lock()
	d.done = true
	d.stopTimer()
	idle := d.idle
	d.idle = nil
	d.mu.Unlock()
	for idle != nil {
		next := idle.nextIdle
		idle.wake <- struct{}{}
		idle = next
	}
}
