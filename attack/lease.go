package attack

import "time"

// leaseLook is how often a slot of a closed loop looks whether its run may send again.
const leaseLook = 50 * time.Millisecond

// TakeUntil has the run begin no request from the instant on, by this machine's clock,
// until it is called again with a later one: so another machine can be sure that it
// does not, and send the rest of its share. Requests whose instant passes meanwhile are
// sent late.
func (r *Run) TakeUntil(at time.Time) {
	now := r.clock.Now()
	until := now.Add(time.Until(at))
	if before := r.lease.Swap(until); before == 0 || before > now || until <= now {
		return
	}
	for _, l := range r.loops { // they have been waiting for this
		l.lock()
		l.leave()
	}
}

// TakeUpTo has a closed loop that has a number of requests begin no more than n of its
// shares' together, counted from the run's start, until it is called again with more: so
// another machine can be sure that it has not begun those beyond. n is at least 1.
func (r *Run) TakeUpTo(n uint64) {
	// Each loop may have looked just before another one took the last.
	r.allowed.Store(max(1, n-min(n, uint64(len(r.loops)))))
}

// Taken is how many requests of its shares a closed loop has begun, warm-up excluded.
func (r *Run) Taken() uint64 { return r.claimed.Load() }

// StoppedAt is the instant since the measured start from which on the run takes no
// tickets since it was stopped; false where it was not.
func (r *Run) StoppedAt() (time.Duration, bool) {
	at, stopped := r.stopInstant()
	return at.Sub(r.measured.Load()), stopped
}

// usedUp reports whether a closed loop has begun as many requests as it may for now. One
// of the loops' locks is held.
func (r *Run) usedUp() bool {
	n := r.claimed.Load()
	allowed := r.allowed.Load()
	return allowed != 0 && n >= allowed && n < r.share.limit
}

// unleased reports whether the run may begin no request now.
func (r *Run) unleased(now Instant) bool {
	lease := r.lease.Load()
	return lease != 0 && now >= lease
}

// waitsForLease has the slot of a closed loop take its next ticket later, where the run
// may begin no request now; now is negative where it is not known.
func (s *slot) waitsForLease(now Instant) bool {
	if now < 0 {
		now = s.run.clock.Now()
	}
	end := s.run.end.Load()
	if !s.run.unleased(now) && !s.run.usedUp() || now >= end {
		return false
	}
	s.wait(min(now.Add(leaseLook), end), (*slot).take)
	return true
}

// Leave ends the run's sending as Stop does, as of an instant since the measured start
// from which on others send its share: planned is what was before that. It waits until
// then.
func (r *Run) Leave(from time.Duration) {
	at := r.measured.Load().Add(from)
	select {
	case <-time.After(at.Sub(r.clock.Now())):
	case <-r.ending:
		return
	}
	r.endOnce.Do(func() {
		r.stopAt.Store(at)
		r.endWindow(at)
		close(r.ending)
		r.wakeLoops()
	})
}
