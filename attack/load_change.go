package attack

import (
	"errors"
	"fmt"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/host"
	"brunt/attack/plan"
	"brunt/payloads/setting"
)

// maxChanges is the most changes of one run; each is kept for the reports.
const maxChanges = 1000

// ErrOver is a change of a run that sends nothing more.
var ErrOver = errors.New("the run sends no more: start another one")

// Change gives an open loop another rate or a closed loop another concurrency,
// from now on; the other argument is zero. What was planned before stays as it
// was planned. An error leaves the load as it is.
func (r *Run) Change(rate vegeta.Rate, concurrency int) error {
	switch {
	case r.plan.Instants != nil:
		return errors.New("this run replays a record at its own pace: stop it and start one with a rate")
	case r.plan.Open() && (concurrency != 0 || rate.Freq <= 0):
		return errors.New("this run keeps a rate: change that, or stop it and start one with a concurrency")
	case !r.plan.Open() && (rate.Freq != 0 || concurrency <= 0):
		return errors.New("this run keeps a concurrency: change that, or stop it and start one with a rate")
	case rate.Freq > 0 && plan.PerSecond(rate) > plan.MaxRatePerSecond:
		return setting.Wrong(setting.Rate, "", "must be above 0 and at most 10,000,000/s")
	case concurrency > 0:
		if err := r.fits(concurrency); err != nil {
			return err
		}
	}
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	if len(r.changes) >= maxChanges {
		return fmt.Errorf("this run has been changed %d times: stop it and start another one", maxChanges)
	}
	if r.over() || r.clock.Now() >= r.end.Load() {
		return ErrOver
	}
	var at Instant
	if r.plan.Open() {
		at = r.reschedule(rate)
	} else {
		at = r.clock.Now()
		if !r.resize(concurrency) {
			return ErrOver
		}
	}
	r.changes = append(r.changes, plan.Change{At: at.Sub(r.measured.Load()), Rate: rate, Concurrency: concurrency})
	return nil
}

// reschedule gives the schedule another rate from now on. It holds all loops
// meanwhile: a ticket that one of them has taken has an instant before now, so
// that both schedules agree on it.
func (r *Run) reschedule(rate vegeta.Rate) (at Instant) {
	release := r.holdLoops()
	at = r.clock.Now() + 1
	r.schedule.Store(r.schedule.Load().Changed(max(at.Sub(r.start), 1), rate))
	r.planWindow()
	release()
	return at
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
// leave once their request is done; false when all have left.
func (r *Run) resize(concurrency int) bool {
	release := r.holdLoops()
	defer release()
	had := int(r.wanted.Swap(int64(concurrency)))
	if r.present.Load() == 0 && had > 0 {
		return false
	}
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
