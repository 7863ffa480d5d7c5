package wire

import (
	"errors"
	"fmt"

	"brunt/attack/histogram"
	"brunt/attack/result"
)

// Receiver puts the messages of one run together again. The zero Receiver has none.
type Receiver struct {
	last      *Message
	intervals []result.Interval
	halvings  int
	sketcher  histogram.Sketcher
	sums      Sums
}

// Take takes the next message. An error says that one before it is missing; the receiver
// then stays as it was.
func (r *Receiver) Take(m *Message) error {
	list, halvings := r.intervals, r.halvings
	switch {
	case m.From == 0:
		list, halvings = nil, m.Halvings
	case m.Halvings < halvings:
		return errors.New("the snapshot is older than one that came before it")
	}
	for ; halvings < m.Halvings; halvings++ {
		list = r.halved(list)
	}
	if m.From > len(list) {
		return fmt.Errorf("the snapshot begins with interval %d, and only %d came before it", m.From, len(list))
	}
	if more := m.Snapshot.Intervals; m.From > 0 && len(more) > 0 && more[0].At != list[m.From-1].At+list[m.From-1].Width {
		return fmt.Errorf("interval %d of the snapshot does not follow on those that came before it", m.From)
	}
	again, err := m.After(r.last)
	if err != nil {
		return err
	}
	if again {
		r.sums.Remove(r.last)
	}
	r.sums.Add(m)
	if m.From < len(list) {
		list = list[:m.From:m.From] // earlier snapshots have the others
	}
	r.last, r.intervals, r.halvings = m, append(list, m.Snapshot.Intervals...), halvings
	return nil
}

// halved joins neighbours; an odd last one is left out, since it comes again.
func (r *Receiver) halved(list []result.Interval) []result.Interval {
	out := make([]result.Interval, len(list)/2)
	for i := range out {
		out[i] = list[2*i]
		out[i].JoinWith(&list[2*i+1], &r.sketcher)
	}
	return out
}

// Snapshot is the run's as of the last message; nil before the first one. Nobody may
// write to it.
func (r *Receiver) Snapshot() *result.Snapshot {
	if r.last == nil {
		return nil
	}
	s := withoutTotals(r.last.Snapshot) // a copy
	r.sums.fill(s)
	s.Intervals = r.intervals[:len(r.intervals):len(r.intervals)]
	return s
}
