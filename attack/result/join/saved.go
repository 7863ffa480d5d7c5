package join

import (
	"fmt"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/s2"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/result/wire"
)

// Saved is all that an Accumulator knows at one moment, so that another one can go on from
// there. It stays as it is while the first one goes on.
type Saved struct {
	state savedState
	last  []*wire.Message
}

// savedState is how it is written down.
type savedState struct {
	Finished []result.Interval
	Until    time.Duration
	Followed result.Followed
	LeftOut  int
	Sums     *wire.Totals
	Parts    []savedPart
}

type savedPart struct {
	Name              string
	At, Shift         time.Duration
	Shifted           bool
	Clock, ClockError time.Duration
	Pending           []result.Interval
	Folded            time.Duration
	Begin, End        time.Duration
	Names, Kinds      []int
	Last              []byte // see wire.Message.Bare; empty before the first one
}

// Save gives all that is known but for which workers were lost, or came late: who goes on
// from there says that again.
func (a *Accumulator) Save() *Saved {
	s := &Saved{state: savedState{
		Finished: slices.Clone(a.finished), Until: a.until, LeftOut: a.leftOut, Sums: a.sums.Totals(),
		Followed: result.Followed{Names: slices.Clone(a.followed.Names), Kinds: slices.Clone(a.followed.Kinds), LeftOut: a.followed.LeftOut},
	}}
	for _, p := range a.parts {
		one := savedPart{
			Name: p.name, At: p.at, Shift: p.shift, Shifted: p.shifted, Clock: p.clock, ClockError: p.clockError,
			Folded: p.folded, Begin: p.begin, End: p.end, Names: slices.Clone(p.names), Kinds: slices.Clone(p.kinds),
		}
		for i := range p.pending {
			one.Pending = append(one.Pending, p.pending[i].Interval)
		}
		s.state.Parts, s.last = append(s.state.Parts, one), append(s.last, p.last)
	}
	return s
}

// MarshalBinary writes it down, compressed.
func (s *Saved) MarshalBinary() ([]byte, error) {
	for i, m := range s.last {
		if m == nil {
			continue
		}
		var err error
		if s.state.Parts[i].Last, err = m.Bare(); err != nil {
			return nil, err
		}
	}
	b, err := cbor.Marshal(&s.state)
	if err != nil {
		return nil, fmt.Errorf("what is merged cannot be written as CBOR: %w", err)
	}
	return s2.Encode(nil, b), nil
}

// Restore is an Accumulator of a run of that plan that goes on from what was saved of one.
func Restore(p *plan.Plan, b []byte) (*Accumulator, error) {
	b, err := s2.Decode(nil, b)
	if err != nil {
		return nil, fmt.Errorf("what was merged cannot be decompressed: %w", err)
	}
	var s savedState
	if err := cbor.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("what was merged cannot be read: %w", err)
	}
	a := New(p)
	a.until, a.leftOut, a.finished = s.Until, s.LeftOut, s.Finished
	for i := range a.finished {
		a.bytes += a.finished[i].Size()
	}
	for _, name := range s.Followed.Names {
		a.followed.Name(name)
	}
	for _, kind := range s.Followed.Kinds {
		a.followed.Kind(kind)
	}
	a.followed.LeftOut = s.Followed.LeftOut
	if s.Sums != nil {
		a.sums.Add(&wire.Message{More: s.Sums})
	}
	for i := range s.Parts {
		one := &s.Parts[i]
		part := &part{
			name: one.Name, at: one.At, shift: one.Shift, shifted: one.Shifted, clock: one.Clock, clockError: one.ClockError,
			folded: one.Folded, begin: one.Begin, end: one.End, names: one.Names, kinds: one.Kinds,
		}
		for _, iv := range one.Pending {
			a.piece++
			part.pending = append(part.pending, piece{iv, a.piece})
		}
		if len(one.Last) > 0 {
			if part.last, err = wire.Decode(one.Last); err != nil {
				return nil, err
			}
		}
		a.parts = append(a.parts, part)
	}
	return a, nil
}
