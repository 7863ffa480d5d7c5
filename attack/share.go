package attack

import (
	"math"
	"slices"
	"time"

	"brunt/attack/clock"
	"brunt/attack/host"
	"brunt/attack/plan"
	"brunt/payloads/setting"
)

// runShare is what a run sends of its plan: all of it, unless several runs send one plan.
// It is guarded by the locks of all loops together: one is enough to read it.
type runShare struct {
	part  plan.Plan // the plan with the shares that the run holds by now
	most  int       // requests in flight at a time by it
	waits bool      // a closed loop without a slot may get some yet
	begun bool      // it has begun
	asked int       // concurrency of all runs together

	expects  bool      // it joined others, and was given nothing yet
	portions []portion // of a closed loop
	voids    []void    // of them, what others send
	limit    uint64    // requests of them together, or unlimited
	inOrder  bool      // they are begun in order, so that what is left can be handed on
}

// unlimited is the number of requests of a closed loop that ends otherwise.
const unlimited = math.MaxUint64

// portion are numbers of a share: those of the requests of a closed loop.
type portion struct {
	share     plan.Share
	from, end uint64 // counted by the share
	yielded   bool
}

// void are requests, as the run counts them, that it has given up.
type void struct{ from, end uint64 }

// pastVoids is a count, or the first one after it that is no request given up.
func (s *runShare) pastVoids(count uint64) uint64 {
	for moved := true; moved; {
		moved = false
		for _, v := range s.voids {
			if count >= v.from && count < v.end {
				count, moved = v.end, true
			}
		}
	}
	return count
}

// number is that of a closed loop's request, counted by the run.
func (s *runShare) number(count uint64) uint64 {
	p := &s.portions[0]
	for i := 1; count >= p.end-p.from && i < len(s.portions); i++ {
		count -= p.end - p.from
		p = &s.portions[i]
	}
	return p.share.Number(p.from + count)
}

// mostInFlight is the most requests in flight of what the plan asks for.
func mostInFlight(p *plan.Plan) int {
	if p.Open() {
		return p.Bound(p.Concurrency)
	}
	return p.Part(p.Concurrency)
}

// deal gives the loops their parts of the run's shares.
func (r *Run) deal() {
	s := &r.share
	s.part, s.most, s.limit = r.plan, mostInFlight(&r.plan), unlimited
	r.sequence.Store(r.plan.FirstNumber())
	r.warming.Store(r.plan.FirstNumber())
	shares := r.plan.Shares
	if r.plan.Joined > 0 {
		r.expect()
		return
	}
	if shares == nil {
		shares = []plan.Share{{}}
	}
	if r.plan.Open() {
		for _, share := range shares {
			r.dealTickets(plan.Holding{Share: share})
		}
		return
	}
	s.waits = r.plan.Shares != nil && s.most > 0
	if r.plan.Requests == 0 {
		s.portions = []portion{{share: r.narrowed(shares[0]), end: unlimited}}
		return
	}
	s.limit, s.inOrder = 0, r.plan.Shares != nil
	for _, share := range shares {
		r.addPortion(share, 0)
	}
}

// expect has a run that joined others wait for what it is given.
func (r *Run) expect() {
	s := &r.share
	s.part.Shares = []plan.Share{}
	s.waits, s.expects = !r.plan.Open(), true
	own := portion{share: r.narrowed(r.plan.Shares[0])}
	if r.plan.Requests == 0 {
		own.from, own.end = r.plan.FirstNumber(), unlimited
	} else {
		s.limit, s.inOrder = 0, true
	}
	s.portions = []portion{own}
}

// dealTickets divides an open loop's tickets of a share among the loops.
func (r *Run) dealTickets(h plan.Holding) {
	schedule, n := r.schedule.Load(), uint64(len(r.loops))
	for i, l := range r.loops {
		part := plan.Holding{Share: h.Split(uint64(i), n), Since: h.Since, Until: h.Until}
		l.tickets.hold(class{schedule.First(part), part.Of, part})
	}
}

// narrowed is a share of a closed loop's request numbers.
func (r *Run) narrowed(s plan.Share) plan.Share {
	if r.plan.Shares == nil {
		return s
	}
	return s.Narrowed(r.plan.Shares[0].Of, uint64(r.plan.Concurrency))
}

// addPortion adds the share's requests from the given number on to those of a closed
// loop.
func (r *Run) addPortion(share plan.Share, number uint64) {
	s := &r.share
	p := portion{share: r.narrowed(share)}
	if share.Part(uint64(r.plan.Concurrency)) > 0 {
		p.end = p.share.Part(r.plan.Requests)
		p.from = min(p.share.Part(number), p.end)
	}
	s.portions = append(s.portions, p)
	s.limit += p.end - p.from
}

// slotsOver reports whether a closed loop has no slot left, and gets none any more: one
// that is part of a plan may have none for a while.
func (r *Run) slotsOver() bool {
	return r.present.Load() == 0 && !(r.share.waits && !r.over() && r.clock.Now() < r.end.Load() && r.requestsLeft())
}

// requestsLeft reports whether a closed loop has requests that no loop has claimed.
func (r *Run) requestsLeft() bool {
	if r.share.expects || r.share.pastVoids(r.claimed.Load()) < r.share.limit {
		return true
	}
	r.claimsMu.Lock()
	defer r.claimsMu.Unlock()
	return slices.ContainsFunc(r.leftClaims, func(c claim) bool { return c.from < r.share.limit })
}

// class is every stride-th ticket of the schedule, from the next one on: a loop's part of
// one share.
type class struct {
	next, stride uint64
	of           plan.Holding
}

// before is the number of its tickets that are left below a number.
func (c *class) before(number uint64) uint64 {
	if number <= c.next || c.stride == 0 {
		return 0
	}
	return (number-c.next-1)/c.stride + 1
}

// hold adds a class.
func (t *tickets) hold(c class) {
	if t.stride == 0 {
		t.class = c
		return
	}
	t.others = append(t.others, c)
	t.order()
}

// drop takes away the class whose next ticket is the first to come: others send the rest.
func (t *tickets) drop() {
	n := len(t.others)
	if n == 0 {
		t.class = class{}
		return
	}
	t.class, t.others = t.others[n-1], t.others[:n-1]
	t.order()
}

// advance goes on to the next ticket.
func (t *tickets) advance() {
	t.next += t.stride
	if len(t.others) > 0 {
		t.order()
	}
}

// order puts the class first whose next ticket is the first to come.
func (t *tickets) order() {
	for i := range t.others {
		if o := &t.others[i]; o.next < t.next {
			t.class, *o = *o, t.class
		}
	}
}

// spacing is how many tickets of the schedule there are to one of the loop's.
func (t *tickets) spacing() uint64 {
	if len(t.others) == 0 {
		return t.stride
	}
	density := 1 / float64(t.stride)
	for i := range t.others {
		density += 1 / float64(t.others[i].stride)
	}
	return max(1, uint64(1/density))
}

// lastLook is when a loop that has no ticket left looks for one for the last time. Where
// the plan's end is an instant, a change may yet bring some; and as long as others of the
// plan are to come, they may be handed over to this run.
func (r *Run) lastLook(s *plan.Schedule) Instant {
	end := r.end.Load()
	if end != never && (r.plan.Requests == 0 || s.Measured != r.plan.Requests) {
		return end
	}
	if r.plan.Shares == nil {
		return 0
	}
	if s.Measured == math.MaxUint64 {
		return end
	}
	if last, ok := s.LastInstant(); ok {
		return min(end, r.start.Add(last))
	}
	return 0
}

// nextSequence is the next number of {{seq}}, from 1 on. Where several runs send one
// plan, each has numbers of its own.
func (r *Run) nextSequence() uint64 {
	n := r.sequence.Add(1)
	if r.plan.Shares == nil {
		return n
	}
	return r.plan.Shares[0].Number(n-1) + 1
}

// maxLateStart is how long after its instant a run may be started.
const maxLateStart = time.Hour

// startClock starts the run's clock. Its origin is not after the start that the plan
// asks for.
func (r *Run) startClock() error {
	origin := time.Now()
	at := r.plan.StartAt
	if at.IsZero() {
		r.clock = clock.From(origin)
		return nil
	}
	wait := at.Sub(origin)
	if wait < -maxLateStart && r.plan.Joined == 0 {
		return setting.Errorf("the run was to start %v ago, by this machine's clock: look at the clocks, or give another time",
			(-wait).Round(time.Second))
	}
	r.clock = clock.From(origin.Add(min(0, wait)))
	r.start = Instant(max(0, wait))
	return nil
}

// setStart notes the schedule's start: now, unless the plan says when.
func (r *Run) setStart() {
	r.began = host.ReadUsage()
	if r.plan.Joined > 0 {
		r.joined = r.clock.Now()
	}
	if r.plan.StartAt.IsZero() {
		r.start = r.clock.Now().Add(startDelay)
	}
}

// costFromStart has what the run costs count from its start on where that is waited for.
func (r *Run) costFromStart() {
	wait := r.start.Sub(r.clock.Now())
	if wait <= startDelay || !r.rest(wait) {
		return
	}
	usage := host.ReadUsage()
	r.timeline.mu.Lock()
	r.began = usage
	r.timeline.mu.Unlock()
}
