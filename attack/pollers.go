package attack

import (
	"brunt/attack/plan"
	"brunt/attack/poll"
)

// newRing makes a poller that receives and sends; tests have it fail.
var newRing = poll.NewRing

// makePollers makes a poller for each loop, all of one kind: io_uring where it is asked
// for and is to be had, else the system's own. With an error come those that were made.
func (r *Run) makePollers(tallies []*tally) ([]poll.Poller, error) {
	if r.plan.Poller == plan.PollerRing && !r.blocking && r.mux == nil {
		if rings := r.makeRings(tallies); rings != nil {
			return rings, nil
		}
	}
	var pollers []poll.Poller
	for _, t := range tallies {
		if r.blocking && r.mux == nil {
			pollers = append(pollers, poll.NewGoroutines(r.clock, &t.mu))
			continue
		}
		p, err := poll.New(r.clock, &t.mu)
		if err != nil {
			return pollers, err
		}
		pollers = append(pollers, p)
	}
	return pollers, nil
}

// makeRings makes a ring for each loop, or none where one is not to be had.
func (r *Run) makeRings(tallies []*tally) []poll.Poller {
	var rings []poll.Poller
	for _, t := range tallies {
		ring, err := newRing(r.clock, &t.mu)
		if err != nil {
			for _, p := range rings {
				p.Close()
			}
			return nil
		}
		rings = append(rings, ring)
	}
	return rings
}
