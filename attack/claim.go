package attack

// claimSize is how many tickets of a closed loop a worker takes at once: the
// counter that all share is then touched once in so many requests.
const claimSize = 16

// claim is a worker's stock of tickets of a closed loop.
type claim struct{ from, end uint64 }

// next gives the next ticket's index; ok is false when all are taken.
func (c *claim) next(run *Run) (index uint64, ok bool) {
	if c.from == c.end {
		size := uint64(claimSize)
		if limit := run.plan.Requests; limit > 0 {
			// Near the end, and for short runs, single tickets: no worker shall
			// sit on tickets that others have time for.
			left := limit - min(limit, run.claimed.Load())
			size = min(max(left/uint64(8*run.plan.Concurrency), 1), claimSize)
		} else if run.plan.Concurrency == 1 {
			size = 1
		}
		c.end = run.claimed.Add(size)
		c.from = c.end - size
	}
	if limit := run.plan.Requests; limit > 0 && c.from >= limit {
		return 0, false
	}
	index = c.from
	c.from++
	return index, true
}
