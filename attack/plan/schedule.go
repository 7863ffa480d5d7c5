package plan

import (
	"math"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/arrivals"
)

// Schedule is the pure function from a ticket's number to its planned
// instant: first the warm-up's tickets, then the measured ones, which begin a
// sequence of their own at the warm-up's end. Several loops and several machines share
// it, each taking every n-th ticket: see Share. A change of the rate
// makes another schedule that agrees with this one on all that is past.
type Schedule struct {
	plan     *Plan
	warming  sequence      // the warm-up's tickets, from the schedule's start
	sequence sequence      // the measured ones, from the warm-up's end
	Warmup   time.Duration // from the schedule's start
	Warm     uint64        // tickets within it
	Measured uint64        // measured tickets by the plan
	end      time.Duration // since the schedule's start; MaxInt64 without a duration
	holdings []Holding     // shares whose tickets are counted as planned; nil for all
}

// sequence gives tickets that are counted from 0 their instants, counted from its
// own beginning.
type sequence struct {
	curve arrivals.Curve
	gaps  *arrivals.Gaps // nil where they are even
	rate  vegeta.Rate    // of a sequence that has only one and even gaps, else zero: the quick way
}

// Streams of random gaps.
const measuredGaps, warmupGaps = 0, 1

// constant is the sequence of a rate that stays the same.
func constant(rate vegeta.Rate, gaps *arrivals.Gaps) (q sequence) {
	q.gaps = gaps
	q.curve.Append(arrivals.Forever, rate, rate)
	if gaps == nil {
		q.rate = rate
	}
	return q
}

// instant is that of ticket k; MaxInt64 where it has none.
func (q *sequence) instant(k uint64) time.Duration {
	if q.rate.Freq > 0 {
		at, _ := OffsetOf(q.rate, k)
		return at
	}
	at, _ := q.curve.Instant(q.gaps.Position(k))
	return at
}

// before is the number of tickets with an instant before at.
func (q *sequence) before(at time.Duration) uint64 {
	if q.rate.Freq > 0 {
		return Tickets(q.rate, at)
	}
	if at <= 0 {
		return 0
	}
	return q.gaps.Before(q.curve.Reached(at))
}

// changed is the sequence that has another rate from the instant on.
func (q *sequence) changed(from time.Duration, rate vegeta.Rate) sequence {
	n := sequence{curve: q.curve.Until(from), gaps: q.gaps}
	n.curve.Append(arrivals.Forever, rate, rate)
	return n
}

func NewSchedule(p *Plan) *Schedule {
	s := &Schedule{plan: p, Warmup: p.Warmup, end: math.MaxInt64}
	if p.Duration > 0 {
		s.end = p.Warmup + p.Duration
	}
	gaps := arrivals.NewGaps(p.Law, p.Seed, measuredGaps)
	s.sequence = constant(p.Rate, gaps)
	first := p.Rate
	if len(p.Stages) > 0 {
		s.sequence = sequence{curve: p.Curve(nil), gaps: gaps}
		first = p.Stages[0].Rate
	}
	if p.Shares != nil {
		s.holdings = []Holding{}
	}
	for _, share := range p.Shares {
		if p.Joined == 0 {
			s.holdings = append(s.holdings, Holding{Share: share})
		}
	}
	if p.Warmup > 0 {
		s.warming = constant(first, arrivals.NewGaps(p.Law, p.Seed, warmupGaps))
	}
	s.count()
	return s
}

// count works out how many tickets there are.
func (s *Schedule) count() {
	if s.Warmup > 0 {
		s.Warm = s.warming.before(s.Warmup)
	}
	s.Measured = math.MaxUint64
	if s.end != math.MaxInt64 {
		s.Measured = s.Before(s.end) - s.Warm
	}
	if s.plan.Requests > 0 {
		s.Measured = min(s.Measured, s.plan.Requests)
	}
}

// At gives ticket k's instant, counted from the schedule's start; ok is false
// past the last ticket.
func (s *Schedule) At(k uint64) (at time.Duration, ok bool) {
	if k >= s.Warm && k-s.Warm >= s.Measured {
		return 0, false
	}
	at = s.Next(k)
	return at, at < math.MaxInt64
}

// Before is the number of tickets with an instant before at, whatever the
// number of requests asked for.
func (s *Schedule) Before(at time.Duration) uint64 {
	if list := s.plan.Instants; list != nil {
		n, _ := slices.BinarySearch(list, int64(at))
		return uint64(n)
	}
	warmup := s.Warmup
	if at <= warmup {
		return s.warming.before(at)
	}
	n := s.sequence.before(at - warmup)
	return s.Warm + min(n, math.MaxUint64-s.Warm)
}

// PlannedBefore is the number of measured tickets with an instant before at, of those
// that the schedule's shares hold.
func (s *Schedule) PlannedBefore(at time.Duration) uint64 { return s.held(s.planned(at)) }

// planned is the number of measured tickets with an instant before at, whoever holds them.
func (s *Schedule) planned(at time.Duration) uint64 {
	n := s.Before(at)
	return min(s.Measured, n-min(n, s.Warm))
}

// Changed is the schedule that has another rate from the instant on, in place of
// what stages are left. The first ticket after it comes as soon as it is due by the
// new rate, the part of the interval that has passed being counted: a rate that is
// changed again and again makes no bursts.
func (s *Schedule) Changed(from time.Duration, rate vegeta.Rate) *Schedule {
	n := &Schedule{plan: s.plan, Warmup: s.Warmup, end: s.end, warming: s.warming, holdings: s.holdings}
	if warmup := s.Warmup; from < warmup {
		n.warming = s.warming.changed(from, rate)
		n.sequence = constant(rate, s.sequence.gaps)
	} else {
		n.sequence = s.sequence.changed(from-warmup, rate)
	}
	n.count()
	return n
}

// Lasting is the schedule whose measured part lasts so long, 0 for without an end.
func (s *Schedule) Lasting(length time.Duration) *Schedule {
	n := *s
	n.end = math.MaxInt64
	if length > 0 {
		n.end = s.Warmup + length
	}
	n.count()
	return &n
}

// Settled is the schedule whose warm-up ends earlier, so long after the schedule's
// start; its measured tickets are the same ones, as much earlier.
func (s *Schedule) Settled(warmup time.Duration) *Schedule {
	n := *s
	n.Warmup = warmup
	if s.end != math.MaxInt64 {
		n.end = warmup + s.end - s.Warmup
	}
	n.count()
	return &n
}

// Next is the instant of ticket k, even past the schedule's end.
func (s *Schedule) Next(k uint64) (at time.Duration) {
	if list := s.plan.Instants; list != nil {
		if k >= uint64(len(list)) {
			return math.MaxInt64
		}
		return time.Duration(list[k])
	}
	if k < s.Warm {
		return s.warming.instant(k)
	}
	at = s.sequence.instant(k - s.Warm)
	return s.Warmup + min(at, math.MaxInt64-s.Warmup)
}

// rate is that by which tickets come at the instant, in requests per second.
func (s *Schedule) rate(at time.Duration) float64 {
	if s.plan.Instants != nil || s.sequence.rate.Freq > 0 {
		return PerSecond(s.plan.Rate)
	}
	if warmup := s.Warmup; at >= warmup {
		return s.sequence.curve.Rate(at - warmup)
	}
	return s.warming.curve.Rate(at)
}

const (
	// minWakeInterval is the least time between a loop's tickets at which each is worth
	// a wake-up of its own.
	minWakeInterval = 50 * time.Microsecond
	// batchDelay is how long denser ones are waited for, to be sent together.
	batchDelay = 100 * time.Microsecond
)

// Slack is how much later than its instant a ticket may be taken where
// tickets come so densely that waking up for each would cost more than the
// request does. Lateness tells of it as of any other delay.
func (s *Schedule) Slack(at time.Duration, stride uint64) time.Duration {
	if float64(stride)*1e9 >= s.rate(at)*float64(minWakeInterval) {
		return 0
	}
	return batchDelay
}
