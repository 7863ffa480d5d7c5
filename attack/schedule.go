package attack

import (
	"math"
	"time"
)

// schedule is the pure function from a ticket's number to its planned
// instant: first the warm-up's tickets, then the measured ones, which begin a
// schedule of their own at the warm-up's end. Several turns (and later several
// machines) can share it, each taking every n-th ticket.
type schedule struct {
	plan     *Plan
	warm     uint64 // tickets within the warm-up
	measured uint64 // measured tickets by the plan
	end      int64  // ns from the schedule's start; MaxInt64 without a duration
}

func newSchedule(p *Plan) schedule {
	s := schedule{plan: p, warm: Tickets(p.Rate, p.Warmup), measured: math.MaxUint64, end: math.MaxInt64}
	if p.Duration > 0 {
		s.measured = Tickets(p.Rate, p.Duration)
		s.end = int64(p.Warmup + p.Duration)
	}
	if p.Requests > 0 {
		s.measured = min(s.measured, p.Requests)
	}
	return s
}

// at gives ticket k's instant in ns from the schedule's start; ok is false
// past the last ticket.
func (s *schedule) at(k uint64) (at int64, ok bool) {
	if k < s.warm {
		d, ok := Instant(s.plan.Rate, k)
		return int64(d), ok
	}
	k -= s.warm
	if k >= s.measured {
		return 0, false
	}
	d, ok := Instant(s.plan.Rate, k)
	return int64(s.plan.Warmup + d), ok
}

// plannedBefore is the number of measured tickets with an instant before at.
func (s *schedule) plannedBefore(at int64) uint64 {
	return min(s.measured, Tickets(s.plan.Rate, time.Duration(at)-s.plan.Warmup))
}
