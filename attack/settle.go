package attack

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/steady"
	"brunt/payloads/setting"
)

const (
	// settleShare is how many medians of such a warm-up there are per interval of the
	// timeline.
	settleShare = 5
	// settleLead is how far ahead the measured start is set, so that no reply and no
	// ticket of a later instant has been counted by the old one.
	settleLead = 10 * time.Millisecond
	// maxWarmupTimes is how many response times one tally keeps per median.
	maxWarmupTimes = 1024
)

// warmupTimes are the response times of a warm-up since they were last looked at: the
// first ones of each interval, which is enough for a median. It has no room, and keeps
// none, unless the warm-up ends once latency has settled.
type warmupTimes []time.Duration

func (t *warmupTimes) add(ex *exchange) {
	if ex.status > 0 && len(*t) < cap(*t) {
		*t = append(*t, ex.end.Sub(ex.planned))
	}
}

// settle ends the warm-up once latency has settled, or when it has lasted as long as it
// may, and goes on to the measured part. A run that sends a part of a plan does not end it
// by itself: see Settle.
func (r *Run) settle() {
	if r.awaitSettled() {
		close(r.steady)
		if r.plan.Shares == nil {
			_ = r.endWarmup(nil)
		}
	}
	for r.clock.Now() < r.measured.Load() && r.restWarming(r.measured.Load().Sub(r.clock.Now())) {
	}
	r.followMeasured()
}

// Settled returns a channel that is closed once the run's own latency has settled within
// a warm-up that lasts until then. It is never closed where latency does not settle, or
// where the warm-up is another one.
func (r *Run) Settled() <-chan struct{} { return r.steady }

// Settle ends the warm-up, which was to last until latency has settled, at an instant
// since the schedule's start: given in time to all runs of one plan, their measured parts
// begin as one. An error leaves the warm-up as it is: it is another one, or the instant
// or the warm-up's end has passed. An instant later than the longest warm-up changes
// nothing, and neither does the end of a warm-up whose length was known at the start.
func (r *Run) Settle(at time.Duration) error {
	if !r.plan.WarmupUntilSettled && at == r.plan.Warmup {
		return nil // a worker that came late is told both ways
	}
	if !r.plan.WarmupUntilSettled {
		return errors.New("this run's warm-up has a length of its own")
	}
	return r.endWarmup(&at)
}

// restWarming waits, and returns false when the run ends first, or when the warm-up's end
// is moved.
func (r *Run) restWarming(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.settling:
		return false
	case <-r.ending:
		return false
	}
}

// awaitSettled returns true once latency has settled, and false when it has not by the
// warm-up's end, or when the run is stopped.
func (r *Run) awaitSettled() bool {
	var medians []float64
	each := r.timeline.width / settleShare
	for at := r.start.Add(each); at < r.measured.Load(); at = at.Add(each) {
		if !r.restWarming(max(0, at.Sub(r.clock.Now()))) {
			return false
		}
		times := r.takeWarmupTimes()
		if len(times) == 0 {
			continue
		}
		slices.Sort(times)
		medians = append(medians, float64(times[len(times)/2]))
		if steady.Settled(medians) {
			return true
		}
	}
	if !r.over() && !r.settled.Load() {
		r.warn(setting.Textf(
			"latency had not settled after %v of warm-up: what was measured then may still be of its beginning",
			endpoint.Exactly(r.plan.Warmup),
		))
	}
	return false
}

func (r *Run) takeWarmupTimes() (times []time.Duration) {
	for _, l := range r.loops {
		t := l.tally
		t.mu.Lock()
		times = append(times, t.warmup...)
		t.warmup = t.warmup[:0]
		t.mu.Unlock()
	}
	return times
}

// errSettled is an end of a warm-up that has ended, or whose end has been moved.
var errSettled = errors.New("this run's warm-up has ended, or its end has been set already")

// endWarmup has the measured part begin at an instant since the schedule's start, nil for
// now. It holds all loops meanwhile: a ticket that one of them has taken has an instant
// before now, so that both schedules agree on it.
func (r *Run) endWarmup(when *time.Duration) error {
	r.timeline.mu.Lock() // before changeMu, as a snapshot takes them
	defer r.timeline.mu.Unlock()
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	release := r.holdLoops()
	defer release()
	now, before := r.clock.Now(), r.measured.Load()
	at := now.Add(settleLead)
	if when != nil {
		at = r.start.Add(*when)
	}
	switch {
	case when != nil && r.settled.Load() && at < before, when != nil && !r.settled.Load() && now >= before:
		return errSettled
	case r.settled.Load():
		return nil
	case at <= now:
		return fmt.Errorf("the warm-up was to end %v ago", now.Sub(at).Round(time.Millisecond))
	}
	r.settled.Store(true)
	if at >= before { // the longest warm-up is about to end, or has: nothing measured moves
		return nil
	}
	r.replan(r.schedule.Load().Settled(at.Sub(r.start)))
	r.planMeasured(at)
	r.timeline.boundary = at
	for i := range r.changes { // those of an open loop that are to come move with the measured start
		if c := &r.changes[i]; c.at > at && r.plan.Open() {
			c.at = max(at, c.at.Add(at.Sub(before)))
		}
	}
	close(r.settling)
	return nil
}
