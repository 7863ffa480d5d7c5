package attack

import "container/heap"

// timers are the slots of a loop that wait for an instant, the earliest on top. The
// loop's lock guards them.
type timers []*slot

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].wakeAt < t[j].wakeAt }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].timer, t[j].timer = i+1, j+1
}

// Push and Pop are for container/heap.
func (t *timers) Push(x any) {
	s := x.(*slot)
	*t = append(*t, s)
	s.timer = len(*t)
}

func (t *timers) Pop() any {
	last := len(*t) - 1
	s := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	s.timer = 0
	return s
}

// set has the slot wait until the instant.
func (t *timers) set(s *slot, at Instant) {
	s.wakeAt = at
	if s.timer > 0 {
		heap.Fix(t, s.timer-1)
		return
	}
	heap.Push(t, s)
}

// stop has the slot wait no more.
func (t *timers) stop(s *slot) {
	if s.timer > 0 {
		heap.Remove(t, s.timer-1)
	}
}

// deadlines are the slots whose exchange ends with the plan's time-out, in the order
// in which they began: each is put in and taken out in a few steps, however many there
// are.
type deadlines struct{ first, last *slot }

// add puts in a slot whose deadline is later than that of all others.
func (d *deadlines) add(s *slot) {
	s.timed, s.before, s.after = true, d.last, nil
	if d.last != nil {
		d.last.after = s
	} else {
		d.first = s
	}
	d.last = s
}

// remove takes out a slot, unless it is out.
func (d *deadlines) remove(s *slot) {
	if !s.timed {
		return
	}
	if s.timed = false; s.before != nil {
		s.before.after = s.after
	} else {
		d.first = s.after
	}
	if s.after != nil {
		s.after.before = s.before
	} else {
		d.last = s.before
	}
	s.before, s.after = nil, nil
}
