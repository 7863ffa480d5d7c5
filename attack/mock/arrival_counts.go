package mock

import "sync"

// Stats is what a server counted for itself, independently of any client. At
// every moment Arrived = Σ Answered + Queued + InService + Returning.
type Stats struct {
	// Arrived is the requests read to their end, whatever became of them, save
	// those for the endpoint's details.
	Arrived uint64 `json:"arrived"`
	// Answered is the replies made, by status; a client that has disconnected
	// may not have received its own.
	Answered map[int]uint64 `json:"answered"`
	// Queued is the requests that wait for a slot now, InService those that hold
	// one, Returning those past it: in their overhead or being answered.
	Queued    int `json:"queued"`
	InService int `json:"in_service"`
	Returning int `json:"returning"`
	// BytesIn and BytesOut are those of the bodies of requests that arrived and
	// of their replies.
	BytesIn  uint64 `json:"bytes_in"`
	BytesOut uint64 `json:"bytes_out"`
	// Lookups is the requests for the endpoint's details.
	Lookups uint64 `json:"lookups"`
	// Broken is the requests that ended before they were whole, or were no HTTP;
	// they are in no other count.
	Broken uint64 `json:"broken"`
}

// Stats is a consistent picture of this moment.
func (s *Server) Stats() Stats {
	st := Stats{Answered: make(map[int]uint64)}
	e := s.endpoint
	e.mu.Lock()
	now := s.now()
	open := e.counts.arrived - e.counts.addTo(&st)
	st.Queued = e.queue.waiting(now)
	st.InService = e.queue.serving(now)
	st.Returning = int(open) - st.Queued - st.InService
	e.mu.Unlock()

	s.strays.mu.Lock()
	defer s.strays.mu.Unlock()
	s.strays.addTo(&st)
	st.Lookups, st.Broken = s.strays.lookups, s.strays.broken
	return st
}

// counts are guarded by the lock beside them.
type counts struct {
	arrived           uint64
	answered          [600]uint64 // by status
	bytesIn, bytesOut uint64
}

func (c *counts) arrive(bytesIn int) {
	c.arrived++
	c.bytesIn += uint64(bytesIn)
}

func (c *counts) answer(status, bytesOut int) {
	c.answered[status]++
	c.bytesOut += uint64(bytesOut)
}

// addTo returns the number of replies.
func (c *counts) addTo(st *Stats) (replies uint64) {
	st.Arrived += c.arrived
	st.BytesIn += c.bytesIn
	st.BytesOut += c.bytesOut
	for status, n := range c.answered {
		if n > 0 {
			st.Answered[status] += n
			replies += n
		}
	}
	return replies
}

// strays are the requests that reach the server, but not the model's endpoint.
type strays struct {
	mu sync.Mutex
	counts
	lookups, broken uint64
}

// countRejected counts a request and its reply.
func (s *strays) turnAway(bytesIn, status, bytesOut int) {
	s.mu.Lock()
	s.arrive(bytesIn)
	s.answer(status, bytesOut)
	s.mu.Unlock()
}

func (s *strays) lookUp() {
	s.mu.Lock()
	s.lookups++
	s.mu.Unlock()
}

func (s *strays) breakOff() {
	s.mu.Lock()
	s.broken++
	s.mu.Unlock()
}
