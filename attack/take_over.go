package attack

import (
	"errors"
	"slices"
	"time"

	"brunt/attack/host"
	"brunt/attack/plan"
)

// ErrHeld is a share that a run sends already, at least in part.
var ErrHeld = errors.New("this run sends that share already, or a part of it")

// Take has a run that sends a part of a plan send another share of it, too: that of a run
// that was lost, or one of the parts that plan.Share.Split makes of it. An open loop sends
// the share's tickets with an instant at or after from, which counts from the measured
// start; what is overdue by now is sent at once, and late. Where until is above 0, it sends
// only those with an instant before that, which counts from the schedule's start. A closed
// loop begins as many requests at a time more as are the share's part of the concurrency;
// where the plan has a number of requests, it sends those of the share whose number is not
// below request.
// A share of a closed loop is best split into no more parts than it has requests at a time.
// An error leaves the run as it is: ErrOver once nothing more is to come, ErrHeld, or one
// that says what this machine lacks.
func (r *Run) Take(share plan.Share, from, until time.Duration, request uint64) error {
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	release := r.holdLoops()
	defer release()
	part := r.share.part
	switch {
	case part.Shares == nil:
		return errors.New("this run sends all of its plan: there is nothing to take over")
	case !share.Valid():
		return errors.New("that is no share: its number must be below that of the shares")
	case r.holds(share, until):
		return ErrHeld
	case r.over() || r.nothingToCome():
		return ErrOver
	}
	h := plan.Holding{Share: share, Since: r.measured.Load().Add(from).Sub(r.start)}
	if until > 0 && r.plan.Open() {
		h.Until = until
		r.takeTickets(h) // by the slots that there are
		r.share.expects = false
		return nil
	}
	part.Shares = append(slices.Clone(part.Shares), share)
	if r.plan.Open() {
		r.takeTickets(h)
		r.widen(&part)
	} else if err := r.takeSlots(share, request, &part); err != nil {
		return err
	}
	r.share.expects = false
	r.hold(&part)
	return nil
}

// holds reports whether the run sends any of the share's tickets already, of those with an
// instant before until where that is above 0. All loops are held.
func (r *Run) holds(share plan.Share, until time.Duration) bool {
	return slices.ContainsFunc(r.share.part.Shares, func(own plan.Share) bool {
		return share.Overlaps(own) && (until == 0 || !r.plan.Open() || r.schedule.Load().Since(own) < until)
	})
}

// hold has the run hold the plan's shares. All loops are held.
func (r *Run) hold(part *plan.Plan) {
	r.share.part = *part
	if r.pacer != nil && len(part.Shares) > 0 {
		r.pacer.divide(part.Fraction())
	}
	if r.plan.Connections > 0 {
		r.muxes(func(m *mux) { m.wide.Store(int64(min(part.Bound(part.Connections), len(m.places)))) })
	}
	if !r.plan.Open() {
		r.resizeHeld(r.share.asked)
	}
}

// nothingToCome reports whether all that the plan holds is over, whoever was to send it.
// All loops are held.
func (r *Run) nothingToCome() bool {
	now := r.clock.Now()
	if !r.plan.Open() {
		return now >= r.end.Load() || r.slotsOver()
	}
	last := r.lastLook(r.schedule.Load())
	return last > 0 && now >= last
}

// takeTickets adds the tickets of a share.
func (r *Run) takeTickets(h plan.Holding) {
	r.schedule.Store(r.schedule.Load().Taking(h))
	r.dealTickets(h)
}

// widen adds what more the plan's shares have of the requests in flight, as far as this
// machine has files for it.
func (r *Run) widen(part *plan.Plan) {
	if r.hasFiles(*part) != nil {
		return
	}
	more, n := max(0, mostInFlight(part)-r.share.most), len(r.loops) // one that joined has all from the start
	for i, l := range r.loops {
		l.limit += more / n
		if i < more%n {
			l.limit++
		}
	}
	r.share.most += more
}

// hasFiles is what this machine lacks for the plan's shares.
func (r *Run) hasFiles(part plan.Plan) error {
	_, err := part.FitFiles(host.MaxFiles(), r.embedded)
	return err
}

// takeSlots adds the requests of a share to those of a closed loop.
func (r *Run) takeSlots(share plan.Share, request uint64, part *plan.Plan) error {
	if err := r.hasFiles(*part); err != nil {
		return err
	}
	r.share.most = mostInFlight(part)
	if r.share.limit == unlimited {
		return nil
	}
	r.unclaim()
	r.addPortion(share, request)
	r.planWindow() // it had ended with the last request
	return nil
}

// unclaim gives back what loops have claimed beyond the last request so far.
func (r *Run) unclaim() {
	limit := r.share.limit
	for _, l := range r.loops {
		l.claim.upTo(limit)
	}
	r.claimsMu.Lock()
	for i := range r.leftClaims {
		r.leftClaims[i].upTo(limit)
	}
	r.claimsMu.Unlock()
	r.claimed.Store(min(r.claimed.Load(), limit))
}

// upTo gives back what was claimed beyond the last request.
func (c *claim) upTo(limit uint64) {
	c.end = min(c.end, limit)
	c.from = min(c.from, c.end)
}

// replan adjusts the classes that have not begun to another schedule, which may have
// other tickets before their instant. now counts from the schedule's start.
func (t *tickets) replan(s *plan.Schedule, now time.Duration) {
	renumber := func(c *class) {
		if c.of.Since > now {
			c.next = s.First(c.of)
		}
	}
	renumber(&t.class)
	for i := range t.others {
		renumber(&t.others[i])
	}
	t.order()
}
