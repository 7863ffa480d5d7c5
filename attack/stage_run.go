package attack

import (
	"math"
	"time"

	"brunt/attack/plan"
	"brunt/attack/result"
)

// stageOf is the number of the stage at an instant of the clock, looked for from
// the one before on: an instant is seldom before the last one.
func (r *Run) stageOf(before int, at Instant) int {
	if before > 0 && at < r.borders[before-1] {
		before = 0
	}
	for before < len(r.borders)-1 && at >= r.borders[before] {
		before++
	}
	return before
}

// markBorders works out when stages end. No slot reads that before the measured start.
func (r *Run) markBorders() {
	r.borders = nil
	at := r.measured.Load()
	for i := range r.plan.Stages {
		at = at.Add(r.plan.Stages[i].Length)
		r.borders = append(r.borders, at)
	}
}

// planStages completes what was counted of each stage.
func (r *Run) planStages(s *result.Snapshot) {
	if len(s.Stages) == 0 {
		return
	}
	counted := s.Stages // other snapshots have them too
	s.Stages = make([]result.StageFigures, len(counted))
	schedule := r.schedule.Load()
	from, before := time.Duration(0), uint64(0)
	for i := range s.Stages {
		g := &s.Stages[i]
		g.Stage, g.From, g.Named = r.plan.Stages[i], from, counted[i].Named
		from += g.Length
		if g.Planned = g.Sent; r.plan.Open() {
			by := schedule.PlannedBefore(schedule.Warmup + min(from, s.PlanElapsed))
			g.Planned = max(g.Sent, by-min(by, before))
			before = by
		}
	}
}

// leastStep is the least time between two changes of a closed loop's ramp.
const leastStep = 10 * time.Millisecond

// followStages changes a closed loop's concurrency as the plan's stages say, until
// the end or until somebody else changes it.
func (r *Run) followStages() {
	from := r.measured.Load()
	for i := range r.plan.Stages {
		g := &r.plan.Stages[i]
		step := g.Length
		if rise := g.ToConcurrency - g.Concurrency; rise != 0 {
			step = max(leastStep, g.Length/time.Duration(max(rise, -rise)))
		}
		for into := time.Duration(0); into < g.Length; into += step {
			if !r.rest(max(0, from.Add(into).Sub(r.clock.Now()))) || !r.restage(g.ConcurrencyAt(into)) {
				return
			}
		}
		from = from.Add(g.Length)
	}
}

// restage is resize unless the run has been changed by hand.
func (r *Run) restage(concurrency int) bool {
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	return len(r.changesSoFar()) == 0 && r.resize(concurrency)
}

const (
	// aheadOf is how long before a jump of the rate its connections are opened.
	aheadOf = time.Second
	// jumpFrom is the rise of the rate from which a border is a jump.
	jumpFrom = 1.1
)

// openAhead opens, before each jump of an open loop's rate, the connections that the
// new rate is going to need if responses take as long as they do before it. Without
// that the jump would have its first requests wait for connections, all at once.
func (r *Run) openAhead() {
	from := r.measured.Load()
	for i := range r.plan.Stages {
		g := &r.plan.Stages[i]
		if i > 0 {
			last := &r.plan.Stages[i-1]
			if had, will := plan.PerSecond(last.ToRate), plan.PerSecond(g.Rate); had > 0 && will > jumpFrom*had {
				ahead := min(aheadOf, last.Length/2)
				if !r.rest(max(0, from.Add(-ahead).Sub(r.clock.Now()))) {
					return
				}
				r.prepare(will/had, ahead)
			}
		}
		from = from.Add(g.Length)
	}
}

// prepare adds so many slots as make those that are busy times as many, evenly
// within the time.
func (r *Run) prepare(times float64, within time.Duration) {
	need := make([]int, len(r.loops))
	most := 0
	for i, l := range r.loops {
		l.lock()
		need[i] = max(0, min(l.limit, int(math.Ceil(float64(l.busy())*times)))-l.size())
		l.unlock()
		most = max(most, need[i])
	}
	begin := r.clock.Now()
	for n := range most {
		due := begin.Add(within * time.Duration(n) / time.Duration(most))
		if wait := due.Sub(r.clock.Now()); wait > 0 && !r.rest(wait) || r.over() {
			return
		}
		for i, l := range r.loops {
			if n < need[i] {
				l.prepare()
			}
		}
	}
}

// prepare adds a slot that opens its connection before it takes a ticket.
func (l *loop) prepare() {
	l.lock()
	defer l.leave()
	if l.tickets.ended || l.size() >= l.limit {
		return
	}
	now := l.run.clock.Now()
	s := l.newSlot()
	l.growth.opening++
	s.ahead, s.deadline = true, now.Add(l.run.plan.Timeout)
	s.ex = exchange{ticket: ticket{begin: now, warm: now < l.run.measured.Load()}}
	s.open()
}

// staged reports whether the plan's rate is steered by stages that jump, over
// connections that carry one request at a time.
func staged(p *plan.Plan) bool { return len(p.Stages) > 1 && p.Open() && !p.HTTP2 && p.KeepAlive }
