package join

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/attack/result/wire"
)

// Part is what one worker has measured.
type Part struct {
	Name     string           // of the worker
	Snapshot *result.Snapshot // nil where it has not reported
	At       time.Duration    // its measured start, less the run's
	Lost     *result.Lost     // nil where it was not lost
}

// Merge is the snapshot of all parts, judged by the whole plan.
func Merge(parts []Part, p *plan.Plan) (*result.Snapshot, error) {
	a := New(p)
	for i := range parts {
		a.Add(parts[i].Name)
	}
	for i := range parts {
		part := &parts[i]
		if part.Snapshot != nil {
			if err := a.Take(i, part.At, wire.Whole(part.Snapshot)); err != nil {
				return nil, fmt.Errorf("worker %s: %w", part.Name, err)
			}
		}
		if part.Lost != nil {
			a.Lose(i, *part.Lost)
		}
	}
	return a.Snapshot(), nil
}

// Accumulator merges what workers send while they run. It keeps the latest counts of each
// of them, and one timeline and one histogram of each kind, whatever their number. It is
// for one goroutine.
type Accumulator struct {
	plan  *plan.Plan
	parts []*part
	sums  wire.Sums // of all distributions

	finished []result.Interval // merged, and never changed again
	bytes    int               // of their sketches
	until    time.Duration     // end of the last one
	followed result.Follow
	leftOut  int // most names that a part does not follow
	scratch  scratch
	piece    uint64      // number of the last one
	folds    []foldSoFar // of intervals that are not finished
}

// part is what is known of one worker.
type part struct {
	name    string
	at      time.Duration
	last    *wire.Message // nil before the first one
	shift   time.Duration // of its instants to those of the run
	shifted bool          // is known
	lost    *result.Lost
	joined  *result.Joined
	// clock is how far its clock is ahead, and clockError by how much that can be wrong.
	clock, clockError time.Duration

	pending []piece       // in the run's time, not finished yet
	folded  time.Duration // end of the last one that is
	begin   time.Duration // of the first one
	end     time.Duration // of the last one
	names   []int         // its numbers of names, in the merged list
	kinds   []int
}

// New is an Accumulator of a run of that plan, without workers.
func New(p *plan.Plan) *Accumulator { return &Accumulator{plan: p} }

// Add adds a worker and gives its number, from 0 on. The timeline waits for its first
// message, or until it is lost; what it has measured before it was added counts with what
// comes next.
func (a *Accumulator) Add(name string) int {
	a.parts = append(a.parts, &part{name: name})
	return len(a.parts) - 1
}

// Take takes a worker's next message; at is its measured start less the run's, as far as
// the clocks tell. An error says that the message does not follow on those before it, or
// is not of a worker that is there; nothing has changed then.
func (a *Accumulator) Take(number int, at time.Duration, m *wire.Message) error {
	if number < 0 || number >= len(a.parts) {
		return fmt.Errorf("there is no worker %d among %d", number+1, len(a.parts))
	}
	p := a.parts[number]
	if p.lost != nil {
		return errors.New("the worker was lost, and its requests are handed on")
	}
	p.place(at, m, a.plan)
	again, err := m.After(p.last)
	if err == nil {
		err = p.check(m)
	}
	if err != nil {
		return err
	}
	if again {
		a.sums.Remove(p.last)
	}
	a.sums.Add(m)
	p.last, p.at = m, at
	a.number(p, &m.Snapshot.Followed)
	a.place(p, m)
	a.finish()
	return nil
}

// Lose says that a worker was lost: no message of it is taken any more.
func (a *Accumulator) Lose(number int, lost result.Lost) {
	if p := a.parts[number]; p.lost == nil {
		p.lost = &lost
		a.finish()
	}
}

// Joined says that a worker came when the run was under way, at an instant since its
// measured start, and whose share it has taken over: empty where it has not yet.
func (a *Accumulator) Joined(number int, at time.Duration, of string) {
	a.parts[number].joined = &result.Joined{At: at, Of: of}
}

// Clock says how far a worker's clock is ahead of the coordinator's, and by how much that
// can be wrong at most.
func (a *Accumulator) Clock(number int, offset, uncertain time.Duration) {
	a.parts[number].clock, a.parts[number].clockError = offset, uncertain
}

// place finds where the worker's timeline lies in the run's: by whole intervals, so that
// borders fall on borders.
func (p *part) place(at time.Duration, m *wire.Message, plan *plan.Plan) {
	if p.shifted {
		return
	}
	width := time.Second
	if plan.Interval > 0 {
		width = plan.Interval
	}
	if list := m.Snapshot.Intervals; len(list) > 0 {
		p.shifted = true
	}
	p.shift = max(0, at.Round(width))
}

// check reports whether the message's intervals follow on those that are known.
func (p *part) check(m *wire.Message) error {
	list := m.Snapshot.Intervals
	if len(list) == 0 {
		return nil
	}
	from := list[0].At + p.shift
	if m.From > 0 && from > p.end {
		return fmt.Errorf("intervals from %v to %v are missing", p.end-p.shift, list[0].At)
	}
	for i := range list {
		if iv := &list[i]; iv.At+p.shift < p.folded && iv.At+iv.Width+p.shift > p.folded {
			return fmt.Errorf("the interval from %v on has been counted in part", iv.At)
		}
	}
	return nil
}

// number gives the part's names and kinds their numbers in the merged lists.
func (a *Accumulator) number(p *part, f *result.Followed) {
	for i := len(p.names); i < len(f.Names); i++ {
		p.names = append(p.names, a.followed.Name(f.Names[i]))
	}
	for i := len(p.kinds); i < len(f.Kinds); i++ {
		p.kinds = append(p.kinds, a.followed.Kind(f.Kinds[i]))
	}
	if f.LeftOut < 0 {
		a.followed.LeftOut = -1
	}
	a.leftOut = max(a.leftOut, f.LeftOut)
}

// piece is an interval of a part's, with a number that no other one has.
type piece struct {
	result.Interval
	number uint64
}

// place puts the message's intervals in place of those that were known from there on.
func (a *Accumulator) place(p *part, m *wire.Message) {
	for i := range m.Snapshot.Intervals {
		iv := m.Snapshot.Intervals[i]
		if iv.At += p.shift; i == 0 {
			p.pending = slices.DeleteFunc(p.pending, func(old piece) bool { return old.At >= iv.At })
			if m.From == 0 {
				p.begin = iv.At
			}
		}
		p.end = iv.At + iv.Width
		if p.end <= p.folded && (iv.Width > 0 || p.end < p.folded) {
			continue // it came before
		}
		iv.Names, iv.Kinds = renumbered(iv.Names, p.names), renumberedKinds(iv.Kinds, p.kinds)
		a.piece++
		p.pending = append(p.pending, piece{iv, a.piece})
	}
}

// ended reports whether the part's timeline will not change any more.
func (p *part) ended() bool {
	return p.lost != nil || p.last != nil && p.last.Snapshot.State == result.Done
}

func renumbered(list []result.IntervalNamed, to []int) []result.IntervalNamed {
	out := slices.Clone(list)
	for i := range out {
		if out[i].Index != result.OtherNames {
			out[i].Index = to[out[i].Index]
		}
	}
	return out
}

func renumberedKinds(list []result.KindCount, to []int) []result.KindCount {
	out := slices.Clone(list)
	for i := range out {
		out[i].Index = to[out[i].Index]
	}
	return out
}
