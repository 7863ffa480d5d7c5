package attack

import (
	"cmp"
	"slices"
	"time"

	"brunt/attack/result"
	"brunt/attack/spell"
)

// maxIDLength is how much of a request's id is kept, in bytes.
const maxIDLength = 120

// maxSlowest is how many of the slowest replies a report shows.
const maxSlowest = result.MaxSlowest

// slowReply is one entry, of fixed size: nothing is allocated while a slowing
// endpoint makes every reply a new slowest.
type slowReply struct {
	response, service time.Duration
	planned           Instant
	index             uint64
	turn              uint32
	status            int
	idLen             int
	id                [maxIDLength]byte
}

// slowest keeps the slowest complete replies, in a heap with the fastest of
// them on top.
type slowest struct {
	n    int
	heap [maxSlowest]slowReply
}

// offer adds the slot's exchange if it is among the slowest.
func (s *slowest) offer(w *slot) {
	response := w.ex.end.Sub(w.ex.planned)
	if s.n == maxSlowest && response <= s.heap[0].response {
		return
	}
	i := 0
	if s.n < maxSlowest {
		i = s.n
		s.n++
		for i > 0 && s.heap[(i-1)/2].response > response {
			s.heap[i] = s.heap[(i-1)/2]
			i = (i - 1) / 2
		}
	} else {
		for {
			child := 2*i + 1
			if child+1 < s.n && s.heap[child+1].response < s.heap[child].response {
				child++
			}
			if child >= s.n || s.heap[child].response >= response {
				break
			}
			s.heap[i] = s.heap[child]
			i = child
		}
	}
	e := &s.heap[i]
	e.response, e.service, e.planned = response, w.ex.end.Sub(w.ex.sent), w.ex.planned
	e.index, e.turn, e.status = w.ex.index, w.ex.turn, w.ex.status
	e.idLen = copy(e.id[:], w.reply.requestID())
}

// slowestOf merges the tallies' entries, slowest first.
func (r *Run) slowestOf(all []slowReply) []result.Slow {
	slices.SortFunc(all, func(a, b slowReply) int { return cmp.Compare(b.response, a.response) })
	all = all[:min(len(all), maxSlowest)]
	list := make([]result.Slow, len(all))
	for i, e := range all {
		list[i] = result.Slow{
			At:        e.planned.Sub(r.measured.Load()),
			Response:  e.response,
			Service:   e.service,
			Status:    e.status,
			Payload:   r.payloads.WhereTurn(e.index, int(e.turn)),
			RequestID: r.shownID(e.id[:e.idLen]),
		}
	}
	return list
}

// shownID is a request's id as it may be shown. One as long as there is room for
// may have been cut, within what the endpoint repeats of its request.
func (r *Run) shownID(id []byte) string {
	text := spell.OneLine(string(id), maxIDLength)
	if len(id) == maxIDLength {
		return r.endpoint.RedactCut(text)
	}
	return r.endpoint.Redact(text)
}
