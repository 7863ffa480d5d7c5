package attack

import (
	"errors"
	"slices"
	"time"

	"brunt/attack/plan"
)

// Yielded is where a run ends to send a share: others may send the rest.
type Yielded struct {
	Share plan.Share
	// Until is the instant, since the schedule's start, from which on an open loop sends
	// none of its tickets.
	Until time.Duration
	// Request is the number from which on a closed loop sends none of its requests, where
	// the plan has a number of them; 0 where it has none.
	Request uint64
}

// Yield has a run that sends a part of a plan end to send a share that it has taken over:
// in an open loop from an instant since the schedule's start on, or from now on where that
// has passed; in a closed loop from now on, but for the requests in flight. An error
// leaves the run as it is: ErrOver once nothing more is to come, or one that says that it
// does not send that share.
func (r *Run) Yield(share plan.Share, from time.Duration) (y Yielded, err error) {
	r.changeMu.Lock()
	defer r.changeMu.Unlock()
	release := r.holdLoops()
	defer release()
	y.Share = share
	part := r.share.part
	at := slices.Index(part.Shares, share)
	switch {
	case at < 0:
		return y, errors.New("this run does not send that share")
	case r.over() || r.nothingToCome():
		return y, ErrOver
	}
	part.Shares = slices.Delete(slices.Clone(part.Shares), at, at+1)
	if r.plan.Open() {
		// A ticket that a loop has taken has an instant before now.
		y.Until = max(from, (r.clock.Now() + 1).Sub(r.start))
		r.yieldTickets(share, y.Until)
		r.narrow(&part)
	} else {
		y.Request = r.yieldRequests(share)
		r.share.most = mostInFlight(&part)
	}
	r.hold(&part)
	return y, nil
}

// yieldTickets has the loops send a share's tickets only until an instant.
func (r *Run) yieldTickets(share plan.Share, until time.Duration) {
	r.schedule.Store(r.schedule.Load().Yielding(share, until))
	n := uint64(len(r.loops))
	for i, l := range r.loops {
		t, own := &l.tickets, share.Split(uint64(i), n)
		end := func(c *class) {
			if c.stride > 0 && c.of.Share == own && c.of.Until == 0 {
				c.of.Until = until
			}
		}
		end(&t.class)
		for k := range t.others {
			end(&t.others[k])
		}
	}
}

// narrow takes away what less the plan's shares have of the requests in flight.
func (r *Run) narrow(part *plan.Plan) {
	for less := r.share.most - mostInFlight(part); less > 0; less-- {
		widest := slices.MaxFunc(r.loops, func(a, b *loop) int { return a.limit - b.limit })
		widest.limit--
		r.share.most--
	}
	for _, l := range r.loops {
		for l.idle != nil && l.size() > l.limit {
			s := l.idle
			l.idle, s.next = s.next, nil
			l.idles--
			l.putAway(s)
		}
	}
}

// putAway closes the connection of an open loop's slot that is one too many.
func (l *loop) putAway(s *slot) {
	s.drop()
	s.dropParked()
	l.away++
}

// yieldRequests gives up what a closed loop has not begun of a share's requests, and says
// from which number on.
func (r *Run) yieldRequests(share plan.Share) uint64 {
	s := &r.share
	if s.limit == unlimited {
		return 0
	}
	r.unclaim()
	own, before := r.narrowed(share), uint64(0)
	for i := range s.portions {
		p := &s.portions[i]
		size := p.end - p.from
		if p.share == own && size > 0 && !p.yielded {
			p.yielded = true
			used := min(max(r.claimed.Load(), before)-before, size)
			if used < size {
				s.voids = append(s.voids, void{before + used, before + size})
				r.claimed.Store(s.pastVoids(r.claimed.Load()))
			}
			return own.Number(p.from + used)
		}
		before += size
	}
	return own.Number(own.Part(r.plan.Requests))
}
