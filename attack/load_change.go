package attack

import (
	"errors"
	"fmt"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/attack/host"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads/setting"
)

// maxChanges is the most changes of one run; each is kept for the reports.
const maxChanges = 1000

// ErrOver is a change of a run that sends nothing more.
var ErrOver = errors.New("the run sends no more: start another one")

// loadChange is a change of the load, which may be yet to come.
type loadChange struct {
	at          Instant
	rate        vegeta.Rate
	concurrency int
}

// Change gives an open loop another rate or a closed loop another concurrency,
// from now on; the other argument is zero. What was planned before stays as it
// was planned, changes that were to come are dropped. An error leaves the load as it is.
func (r *Run) Change(rate vegeta.Rate, concurrency int) error {
	return r.changeAt(nil, rate, concurrency)
}

// ChangeAt is Change from an instant since the measured start on, before which the load
// stays as it is: given in time to all runs of one plan, they change it as one. Of
// changes that are to come, those at that instant or later are dropped. One that comes
// too late is made all the same, for the runs to agree on what is left, and a warning
// tells.
func (r *Run) ChangeAt(from time.Duration, rate vegeta.Rate, concurrency int) error {
	at := r.measured.Load().Add(from)
	if err := r.changeAt(&at, rate, concurrency); err != nil {
		return err
	}
	if late := r.clock.Now().Sub(at); late > result.LateEnough && at > r.joined {
		r.warn(setting.Textf("a change of the load for %v was made %v later: what was sent in between was sent by the load before",
			endpoint.Exactly(from), late.Round(time.Millisecond)))
	}
	return nil
}

// changeAt makes a change at the instant, nil for now.
func (r *Run) changeAt(when *Instant, rate vegeta.Rate, concurrency int) error {
	if err := r.changeable(rate, concurrency); err != nil {
		return err
	}
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	if len(r.changes) >= maxChanges {
		return fmt.Errorf("this run has been changed %d times: stop it and start another one", maxChanges)
	}
	if r.over() || r.clock.Now() >= r.end.Load() {
		return ErrOver
	}
	c := loadChange{r.clock.Now(), rate, concurrency}
	if when != nil {
		c.at = *when
	}
	switch {
	case r.plan.Open():
		c.at = r.reschedule(when, rate)
	case c.at > r.clock.Now():
		go r.resizeAt(c)
	case !r.resize(concurrency):
		return ErrOver
	}
	r.changes = slices.DeleteFunc(r.changes, func(later loadChange) bool { return later.at >= c.at })
	r.changes = append(r.changes, c)
	return nil
}

// changeable reports what makes a change none for this run.
func (r *Run) changeable(rate vegeta.Rate, concurrency int) error {
	if err := CheckChange(&r.plan, rate, concurrency); err != nil || concurrency == 0 {
		return err
	}
	return r.fits(concurrency)
}

// CheckChange says why a run of the plan cannot be given such a load while it is under
// way; nil where it can.
func CheckChange(p *plan.Plan, rate vegeta.Rate, concurrency int) error {
	switch {
	case p.Instants != nil:
		return errors.New("this run replays a record at its own pace: stop it and start one with a rate")
	case p.Open() && (concurrency != 0 || rate.Freq <= 0):
		return errors.New("this run keeps a rate: change that, or stop it and start one with a concurrency")
	case !p.Open() && (rate.Freq != 0 || concurrency <= 0):
		return errors.New("this run keeps a concurrency: change that, or stop it and start one with a rate")
	case rate.Freq > 0 && plan.PerSecond(rate) > plan.MaxRatePerSecond:
		return setting.Wrong(setting.Rate, "", "must be above 0 and at most 10,000,000/s")
	}
	return nil
}

// changesSoFar are the changes whose instant has come. changeMu is held.
func (r *Run) changesSoFar() (list []plan.Change) {
	now, measured := r.clock.Now(), r.measured.Load()
	for _, c := range r.changes {
		if c.at <= now {
			list = append(list, plan.Change{At: c.at.Sub(measured), Rate: c.rate, Concurrency: c.concurrency})
		}
	}
	return list
}

// resizeAt makes a closed loop's change once its instant has come, unless it has been
// dropped by then.
func (r *Run) resizeAt(c loadChange) {
	for wait := c.at.Sub(r.clock.Now()); wait > 0; wait = c.at.Sub(r.clock.Now()) {
		if !r.rest(wait) || r.clock.Now() >= r.end.Load() {
			return
		}
	}
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	if slices.Contains(r.changes, c) {
		r.resize(c.concurrency)
	}
}

// reschedule gives the schedule another rate from the instant on, nil for now. It holds
// all loops meanwhile: a ticket that one of them has taken has an instant before now, so
// that both schedules agree on it.
func (r *Run) reschedule(when *Instant, rate vegeta.Rate) (at Instant) {
	release := r.holdLoops()
	if at = r.clock.Now() + 1; when != nil {
		at = *when
	}
	r.replan(r.schedule.Load().Changed(max(at.Sub(r.start), 1), rate))
	r.planWindow()
	release()
	return at
}

// replan puts another schedule in place, which agrees with the last one on all that was
// taken. All loops are held.
func (r *Run) replan(s *plan.Schedule) {
	r.schedule.Store(s)
	now := r.clock.Now().Sub(r.start)
	for _, l := range r.loops {
		l.tickets.replan(s, now)
	}
}

// fits refuses a concurrency that the open-file limit, or the plan's Connections,
// does not allow.
func (r *Run) fits(concurrency int) error {
	p := r.plan
	p.Concurrency = concurrency
	if err := p.Validate(); err != nil {
		return err
	}
	_, err := p.FitFiles(host.MaxFiles(), r.embedded)
	return err
}

// resize makes a closed loop larger or smaller by starting slots, and by telling some to
// leave once their request is done; false when all have left. The concurrency is the
// plan's, of which the run has its part.
func (r *Run) resize(concurrency int) bool {
	release := r.holdLoops()
	defer release()
	return r.resizeHeld(concurrency)
}

// resizeHeld is resize while all loops are held.
func (r *Run) resizeHeld(concurrency int) bool {
	if r.share.begun && r.slotsOver() {
		return false
	}
	r.share.begun, r.share.asked = true, concurrency
	concurrency = r.share.part.Part(concurrency)
	r.wanted.Store(int64(concurrency))
	n := len(r.loops)
	for i, l := range r.loops {
		want := concurrency / n
		if i < concurrency%n {
			want++
		}
		l.leaving = max(0, l.present-want)
		for range want - l.present { // those without a ticket leave at once
			l.join()
		}
	}
	return true
}

// slotLeft notes that a slot of a closed loop has left. With the last one the run is
// over, for all loops.
func (r *Run) slotLeft() {
	if r.present.Add(-1) == 0 {
		r.wakeLoops()
	}
}
