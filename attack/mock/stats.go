package mock

import "sync"

// Stats is what a server counted for itself, independently of any client. At
// every moment Arrived = Σ Answered + Queued + InService + Returning.
type Stats struct {
	// Arrived is the requests read to their end, whatever became of them, save
	// those for the endpoint's details.
	Arrived uint64 `json:"arrived"`
	// Answered is the replies made, by status; a client that has gone may not
	// have got its own.
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
	e.counts.add(&st)
	st.Queued = e.line.waiting(now)
	st.InService = e.line.serving(now)
	st.Returning = int(st.Arrived-e.counts.replies()) - st.Queued - st.InService
	e.mu.Unlock()

	s.strays.mu.Lock()
	s.strays.add(&st)
	s.strays.mu.Unlock()
	return st
}
