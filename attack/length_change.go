package attack

import (
	"errors"
	"time"

	"brunt/attack/plan"
	"brunt/payloads/setting"
)

// Last has the run last so long from its measured start on, 0 for until it is stopped,
// in place of what its plan says. All runs of one plan that are told so before its end
// end as one. What was planned before stays as it was planned. An
// error leaves the run as it is: a length that is over already, or a run whose length
// follows from something else, or that sends no more (ErrOver).
func (r *Run) Last(length time.Duration) error {
	switch {
	case r.plan.Instants != nil:
		return errors.New("this run replays a record, which has its own length: stop it, or let it end")
	case len(r.plan.Stages) > 0:
		return errors.New("this run's stages have lengths of their own: stop it, or let it end")
	case length < 0:
		return setting.Wrong(setting.Duration, "", "must be above 0")
	}
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	release := r.holdLoops()
	defer release()
	now, end := r.clock.Now(), Instant(never)
	if length > 0 {
		end = r.measured.Load().Add(length)
	}
	switch {
	case r.over() || now >= r.end.Load():
		return ErrOver
	case end <= now:
		return setting.Wrong(setting.Duration, "", "is over already: give a longer one, or stop the run")
	}
	r.length.Store(&length)
	r.end.Store(end)
	if r.plan.Open() {
		r.replan(r.schedule.Load().Lasting(length))
	}
	r.planWindow()
	for _, l := range r.loops {
		l.endBy(end)
	}
	select {
	case r.endMoved <- struct{}{}:
	default: // whoever waits for the end looks again anyway
	}
	return nil
}

// lasting is the plan with the length that it has by now.
func (r *Run) lasting() plan.Plan {
	p := r.plan
	if changed := r.length.Load(); changed != nil {
		p.SetLength(*changed)
	}
	return p
}

// endBy has no slot wait longer than until the run's end.
func (l *loop) endBy(end Instant) {
	for _, s := range l.slots {
		if s != nil && s.state == slotWaiting && s.wakeAt > end {
			l.timers.set(s, end)
		}
	}
}
