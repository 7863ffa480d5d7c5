package plan

import (
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/payloads/setting"
)

// Bounds of the parts that a plan is divided into: those that it begins with, and those
// that shares may be split into afterwards.
const (
	MaxShares = 10_000
	maxSplit  = 1 << 40
)

// Share is every Of-th ticket of a schedule, from ticket Index on. Its zero value is
// everything. The shares {0, n} to {n-1, n} have each ticket once.
type Share struct{ Index, Of uint64 }

// stride is the distance of the share's tickets.
func (s Share) stride() uint64 { return max(s.Of, 1) }

// Part is how many numbers below the total are the share's. Over all shares of a whole
// they add up to the total, whatever the remainder.
func (s Share) Part(total uint64) uint64 {
	if total <= s.Index {
		return 0
	}
	return (total-s.Index-1)/s.stride() + 1
}

// From is the first of the share's numbers that is not below the given one.
func (s Share) From(number uint64) uint64 { return s.Number(s.Part(number)) }

// Number is the i-th of the share's numbers, counted from 0.
func (s Share) Number(i uint64) uint64 { return s.Index + s.stride()*i }

// Split is the i-th of the n parts of the share, counted from 0: so a share is handed on
// to several.
func (s Share) Split(i, n uint64) Share {
	n = max(n, 1)
	return Share{s.Index + s.stride()*i, s.stride() * n}
}

// Narrowed is the share's request numbers in a closed loop whose plan began with so many
// shares and has so many requests at a time: where there are more shares than those, the
// shares without one send nothing, so that the others have all numbers.
func (s Share) Narrowed(shares, slots uint64) Share {
	if shares > slots {
		s.Of = slots
	}
	return s
}

// Overlaps reports whether some number belongs to both shares.
func (s Share) Overlaps(o Share) bool {
	a, b := s.stride(), o.stride()
	for b > 0 {
		a, b = b, a%b
	}
	return s.Index%a == o.Index%a
}

// Valid reports whether it is a share: its index lies below the number of shares, and
// that is not beyond all bounds.
func (s Share) Valid() bool { return s.Index < s.stride() && s.Of <= maxSplit }

// Part is how much of a total (requests in flight, connections) the plan's shares hold.
func (p *Plan) Part(total int) int {
	if p.Shares == nil {
		return total
	}
	part := uint64(0)
	for _, s := range p.Shares {
		part += s.Part(uint64(max(total, 0)))
	}
	return int(part)
}

// Bound is Part of a bound that must let at least one through, as those on connections
// and on an open loop's requests in flight; 0 stays 0, which stands for no bound.
func (p *Plan) Bound(total int) int {
	if total == 0 {
		return 0
	}
	return max(1, p.Part(total))
}

// Fraction is which fraction of a rate the plan's shares hold.
func (p *Plan) Fraction() float64 {
	if p.Shares == nil {
		return 1
	}
	sum := 0.0
	for _, s := range p.Shares {
		sum += 1 / float64(s.stride())
	}
	return sum
}

// joinedApart is the distance between the request numbers of runs that joined.
const joinedApart = 1 << 32

// FirstNumber is from which of its request numbers on a run counts that numbers its
// requests itself: one that has joined begins where no other run's come.
func (p *Plan) FirstNumber() uint64 { return p.Joined * joinedApart }

// wholeOf is the largest total of which the plan's shares hold no more than so many.
func (p *Plan) wholeOf(part uint64) uint64 {
	switch {
	case p.Shares == nil:
		return part
	case len(p.Shares) == 1:
		hi, lo := bits.Mul64(part, p.Shares[0].stride())
		if hi > 0 {
			return math.MaxUint64
		}
		return lo
	}
	spare := uint64(len(p.Shares)) // each may hold one more than its fraction
	whole := float64(part-min(part, spare)) / p.Fraction()
	return max(1, uint64(min(whole, math.MaxInt64)))
}

// Own is the plan that a machine of its own would be given for what the shares hold, so
// that it can be judged by its own load: lower rates and concurrencies at the same times.
func (p *Plan) Own() Plan {
	own := *p
	if p.Shares == nil {
		return own
	}
	own.Shares = nil
	own.Rate, own.Concurrency = p.ownRate(p.Rate), p.Part(p.Concurrency)
	if p.Open() {
		own.Concurrency = p.Bound(p.Concurrency)
	}
	own.Stages = append([]Stage(nil), p.Stages...)
	for i := range own.Stages {
		g := &own.Stages[i]
		g.Rate, g.ToRate = p.ownRate(g.Rate), p.ownRate(g.ToRate)
		g.Concurrency, g.ToConcurrency = p.Part(g.Concurrency), p.Part(g.ToConcurrency)
	}
	return own
}

// ownRate is a rate times the plan's fraction.
func (p *Plan) ownRate(rate vegeta.Rate) vegeta.Rate {
	if rate.Freq <= 0 {
		return rate
	}
	whole := float64(rate.Per) / p.Fraction()
	if whole < math.MaxInt64/2 {
		return vegeta.Rate{Freq: rate.Freq, Per: time.Duration(whole)}
	}
	return vegeta.Rate{Freq: max(1, int(float64(rate.Freq)*p.Fraction())), Per: rate.Per}
}

// plainID reports whether an id stands in bodies, headers and file names as it is.
func plainID(id string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return len(id) <= 64 && strings.Trim(id, letters+"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

// validShares reports what makes the plan's shares, or the id that their runs have in
// common, none.
func (p *Plan) validShares() error {
	wrong := func(s Share, why string, args ...any) error {
		return &setting.FieldError{
			Subject: setting.Textf("share %d of %d", s.Index, s.Of),
			Reason:  setting.Textf(why, args...),
		}
	}
	if !plainID(p.RunID) {
		return &setting.FieldError{Subject: setting.Plain("the run's id"), Reason: setting.Plain("must be of at most 64 letters, digits, dots, hyphens and underscores")}
	}
	if p.Shares != nil && len(p.Shares) == 0 {
		return &setting.FieldError{Subject: setting.Plain("no share"), Reason: setting.Plain("give one, or leave them out")}
	}
	for i, s := range p.Shares {
		switch {
		case s.Of > MaxShares:
			return wrong(s, "there are at most %d shares", MaxShares)
		case !s.Valid():
			return wrong(s, "its number must be below that of the shares")
		}
		for _, o := range p.Shares[:i] {
			if s.Overlaps(o) {
				return wrong(s, "it has tickets of share %d of %d", o.Index, o.Of)
			}
		}
	}
	return nil
}

// Holding is a share that a run holds from an instant of its schedule on, and until
// another one.
type Holding struct {
	Share
	Since time.Duration // since the schedule's start
	Until time.Duration // the same; 0 for good
}

// Holdings are the shares that the schedule counts planned tickets of; nil for all.
// Nobody may write to them.
func (s *Schedule) Holdings() []Holding { return s.holdings }

// Taking is the schedule that counts another share's tickets, too, from an instant since
// the schedule's start on, and until another one where that is not 0.
func (s *Schedule) Taking(h Holding) *Schedule {
	n := *s
	n.holdings = append(s.holdings[:len(s.holdings):len(s.holdings)], h)
	return &n
}

// Yielding is the schedule that counts the tickets of a share that it held for good only
// until an instant since its start.
func (s *Schedule) Yielding(share Share, until time.Duration) *Schedule {
	n := *s
	n.holdings = slices.Clone(s.holdings)
	for i := range n.holdings {
		if h := &n.holdings[i]; h.Share == share && h.Until == 0 {
			h.Until = until
		}
	}
	return &n
}

// Since is the instant, since the schedule's start, from which on a share is held for good:
// 0 where it is from the start on, or is not held.
func (s *Schedule) Since(share Share) time.Duration {
	for _, h := range s.holdings {
		if h.Share == share && h.Until == 0 {
			return h.Since
		}
	}
	return 0
}

// First is the first ticket of a holding.
func (s *Schedule) First(h Holding) uint64 {
	if h.Since <= 0 {
		return h.Index
	}
	return h.From(s.Before(h.Since))
}

// heldOf is how many of the first n measured tickets a holder of the share sends.
func (s *Schedule) heldOf(h Holding, n uint64) uint64 {
	from, to := max(s.Warm, s.First(h)), s.Warm+min(n, math.MaxUint64-s.Warm)
	if h.Until > 0 {
		to = min(to, s.Before(h.Until))
	}
	if to <= from {
		return 0
	}
	return h.Part(to) - h.Part(from)
}

// held is how many of the first n measured tickets the shares hold.
func (s *Schedule) held(n uint64) (sum uint64) {
	if s.holdings == nil {
		return n
	}
	for _, h := range s.holdings {
		sum += s.heldOf(h, n)
	}
	return sum
}

// PlannedOf is how many of the measured tickets with an instant from one to before
// another, counted from the schedule's start, a share holds: what it leaves when its
// worker is lost at the first instant and found to be at the second.
func (s *Schedule) PlannedOf(share Share, from, to time.Duration) uint64 {
	return s.heldOf(Holding{Share: share, Since: from}, s.planned(to))
}

// LastInstant is that of the last measured ticket, counted from the schedule's start; ok
// is false where there is no last one.
func (s *Schedule) LastInstant() (at time.Duration, ok bool) {
	if s.Measured == math.MaxUint64 || s.Warm+s.Measured == 0 {
		return 0, false
	}
	at = s.Next(s.Warm + s.Measured - 1)
	return at, at < math.MaxInt64
}
