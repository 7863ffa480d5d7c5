package attack

// claimSize is how many tickets of a closed loop a worker takes at once: the
// counter that all share is then touched once in so many requests.
const claimSize = 16

// claim is a worker's stock of tickets of a closed loop.
type claim struct {
	from, end uint64
	stage     int // of the last one
}

// take gives a worker's next ticket, planned for the instant since which the
// worker has been free, or for now where that is negative; ok is false when the
// run has none left. Where records are kept, a later ticket is never planned for
// an earlier instant, but for now: readers of results count on that (vegeta's
// plot refuses others). The lock that it takes is little beside writing the
// record.
func (c *claim) take(run *Run, free Instant) (tk ticket, ok bool) {
	if run.recorder != nil {
		run.orderMu.Lock()
		defer run.orderMu.Unlock()
	}
	now := free
	if free < 0 || run.recorder != nil {
		now = run.clock.Now()
	}
	if now >= run.end.Load() {
		return tk, false
	}
	tk = ticket{planned: now, begin: now, warm: now < run.measured.Load()}
	if tk.warm {
		tk.index, ok = run.warming.Add(1)-1, true
	} else {
		tk.index, ok = c.next(run)
		if run.borders != nil {
			c.stage = run.stageOf(c.stage, now)
			tk.stage = uint8(c.stage)
		}
	}
	return tk, ok
}

// next gives the next ticket's index; ok is false when all are taken.
func (c *claim) next(run *Run) (index uint64, ok bool) {
	if c.from == c.end {
		size := uint64(claimSize)
		if run.recorder != nil || run.plan.Concurrency == 1 {
			size = 1
		} else if limit := run.plan.Requests; limit > 0 {
			// Near the end, and for short runs, single tickets: no worker shall
			// sit on tickets that others have time for.
			left := limit - min(limit, run.claimed.Load())
			size = min(max(left/uint64(8*run.plan.Concurrency), 1), claimSize)
		}
		c.end = run.claimed.Add(size)
		c.from = c.end - size
		// Where the last ticket is a session, slots run empty once none is left.
		if limit := run.plan.Requests; limit > 0 && (c.from < limit && c.end >= limit && !run.sessions || c.from == limit) {
			run.endWindow(run.clock.Now() + 1) // the last one: from now on slots run empty
		}
	}
	if limit := run.plan.Requests; limit > 0 && c.from >= limit {
		return 0, false
	}
	index = c.from
	c.from++
	return index, true
}
