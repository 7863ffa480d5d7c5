package attack

import (
	"math"
	"math/bits"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// schedule is the pure function from a ticket's number to its planned
// instant: first the warm-up's tickets, then the measured ones, which begin a
// schedule of their own at the warm-up's end. Several turns (and later several
// machines) can share it, each taking every n-th ticket. A change of the rate
// makes another schedule that agrees with this one on all that is past.
type schedule struct {
	plan     *Plan
	segments []segment // in order of tickets and of instants
	warm     uint64    // tickets within the warm-up
	measured uint64    // measured tickets by the plan
	end      int64     // ns from the schedule's start; MaxInt64 without a duration
}

// segment is a stretch of constant rate, up to the next one's first ticket.
type segment struct {
	first uint64 // number of its first ticket
	at    int64  // that ticket's instant, ns from the schedule's start
	rate  vegeta.Rate
}

func newSchedule(p *Plan) *schedule {
	s := &schedule{plan: p, end: math.MaxInt64}
	if p.Duration > 0 {
		s.end = int64(p.Warmup + p.Duration)
	}
	if p.Warmup > 0 {
		s.warm = Tickets(p.Rate, p.Warmup)
		s.segments = append(s.segments, segment{rate: p.Rate})
	}
	s.segments = append(s.segments, segment{first: s.warm, at: int64(p.Warmup), rate: p.Rate})
	s.count()
	return s
}

// count works out how many tickets are measured.
func (s *schedule) count() {
	s.measured = math.MaxUint64
	if s.end != math.MaxInt64 {
		s.measured = s.before(s.end) - s.warm
	}
	if s.plan.Requests > 0 {
		s.measured = min(s.measured, s.plan.Requests)
	}
}

// rate is the rate at the schedule's end.
func (s *schedule) rate() vegeta.Rate { return s.segments[len(s.segments)-1].rate }

// at gives ticket k's instant in ns from the schedule's start; ok is false
// past the last ticket.
func (s *schedule) at(k uint64) (at int64, ok bool) {
	if k >= s.warm && k-s.warm >= s.measured {
		return 0, false
	}
	at, _ = s.next(k)
	return at, at < math.MaxInt64
}

// before is the number of tickets with an instant before at, whatever the
// number of requests asked for.
func (s *schedule) before(at int64) uint64 {
	if list := s.plan.Instants; list != nil {
		n, _ := slices.BinarySearch(list, at)
		return uint64(n)
	}
	i := len(s.segments) - 1
	for i > 0 && s.segments[i].at >= at {
		i--
	}
	g := &s.segments[i]
	n := Tickets(g.rate, time.Duration(at-g.at))
	n, carry := bits.Add64(g.first, n, 0)
	if carry != 0 {
		n = math.MaxUint64
	}
	if i+1 < len(s.segments) {
		n = min(n, s.segments[i+1].first)
	}
	return n
}

// plannedBefore is the number of measured tickets with an instant before at.
func (s *schedule) plannedBefore(at int64) uint64 {
	n := s.before(at)
	return min(s.measured, n-min(n, s.warm))
}

// changed is the schedule that has another rate from the instant on. The
// first ticket after it comes as soon as it is due by the new rate, the part of
// the interval that has passed being counted: a rate that is changed again and
// again makes no bursts.
func (s *schedule) changed(from int64, rate vegeta.Rate) *schedule {
	last := len(s.segments) - 1
	for last > 0 && s.segments[last].at >= from {
		last--
	}
	n := &schedule{plan: s.plan, end: s.end, warm: s.warm, segments: slices.Clone(s.segments[:last+1])}
	first := s.before(from)
	due, by := s.next(first)
	wait := float64(due-from) * PerSecond(by) / PerSecond(rate)
	at := from + int64(min(wait, float64(math.MaxInt64-from)/2))
	warmup := int64(s.plan.Warmup)
	if from < warmup {
		n.warm = first
		if at < warmup {
			n.add(segment{first, at, rate})
			n.warm = first + Tickets(rate, time.Duration(warmup-at))
		}
		first, at = n.warm, warmup
	}
	n.add(segment{first, at, rate})
	n.count()
	return n
}

// next is the instant of ticket k, even past the schedule's end, and the rate
// that it follows from.
func (s *schedule) next(k uint64) (at int64, rate vegeta.Rate) {
	if list := s.plan.Instants; list != nil {
		if k >= uint64(len(list)) {
			return math.MaxInt64, s.plan.Rate
		}
		return list[k], s.plan.Rate
	}
	i := len(s.segments) - 1
	for i > 0 && s.segments[i].first > k {
		i--
	}
	g := &s.segments[i]
	d, _ := Instant(g.rate, k-g.first)
	return g.at + min(int64(d), math.MaxInt64-g.at), g.rate
}

// add appends a segment, in place of one that never had a ticket.
func (s *schedule) add(g segment) {
	if last := len(s.segments) - 1; last >= 0 && s.segments[last].first == g.first {
		s.segments = s.segments[:last]
	}
	s.segments = append(s.segments, g)
}

const (
	// sparse is the least time between a turn's tickets at which each is worth
	// a wake-up of its own.
	sparse = 50 * time.Microsecond
	// batching is how long denser ones are waited for, to be sent together.
	batching = 100 * time.Microsecond
)

// slack is how much later than its instant a ticket may be taken where
// tickets come so densely that waking up for each would cost more than the
// request does. Lateness tells of it as of any other delay.
func (s *schedule) slack(stride uint64) int64 {
	if float64(stride)*1e9 >= PerSecond(s.rate())*float64(sparse) {
		return 0
	}
	return int64(batching)
}
