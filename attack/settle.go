package attack

import (
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
// may, and goes on to the measured part.
func (r *Run) settle() {
	if r.awaitSettled() {
		r.endWarmup()
	}
	r.followMeasured()
}

// awaitSettled returns true once latency has settled, and false when it has not by the
// warm-up's end, or when the run is stopped.
func (r *Run) awaitSettled() bool {
	var medians []float64
	each := r.timeline.width / settleShare
	for at := r.start.Add(each); at < r.measured.Load(); at = at.Add(each) {
		if !r.rest(max(0, at.Sub(r.clock.Now()))) {
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
	if !r.over() {
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

// endWarmup has the measured part begin now. It holds all loops meanwhile: a
// ticket that one of them has taken has an instant before now, so that both schedules
// agree on it.
func (r *Run) endWarmup() {
	r.timeline.mu.Lock() // before changeMu, as a snapshot takes them
	defer r.timeline.mu.Unlock()
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	r.settled.Store(true)
	release := r.holdLoops()
	defer release()
	before, at := r.measured.Load(), r.clock.Now().Add(settleLead)
	if at >= before { // the longest warm-up is about to end, or has: nothing measured moves
		return
	}
	r.schedule.Store(r.schedule.Load().Settled(at.Sub(r.start)))
	r.planMeasured(at)
	r.timeline.boundary = at
	for i := range r.changes {
		r.changes[i].At += before.Sub(at)
	}
}
