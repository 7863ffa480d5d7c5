package attack

import (
	"slices"
	"strings"

	"brunt/attack/endpoint"
	"brunt/attack/spell"
	"brunt/payloads/setting"
)

// moves are the changes of the addresses that the target's name has.
type moves struct {
	count  int
	at     Instant // of the last one
	last   endpoint.Move
	closed int // connections to addresses that the name no longer has
}

// follow has connections follow the target's name: those to addresses that it no longer
// has are closed once they are free, and opened anew as they are needed.
func (r *Run) follow(m endpoint.Move) {
	closed := 0
	for _, l := range r.loops {
		l.lock()
		for _, s := range l.slots {
			if s != nil {
				closed += s.leaveGone()
			}
		}
		l.leave()
	}
	r.muxes(func(m *mux) { closed += m.leaveGone() })
	r.timeline.mu.Lock()
	defer r.timeline.mu.Unlock()
	r.moves.count++
	r.moves.at, r.moves.last = r.clock.Now(), m
	r.moves.closed += closed
}

// leaveGone closes connections that are free, and has one that is not closed after its
// reply, where a name has their address no longer. It returns their number.
func (s *slot) leaveGone() (n int) {
	s.parked = slices.DeleteFunc(s.parked, func(p parkedConn) bool {
		gone := p.conn.address.Gone()
		if gone {
			p.conn.close()
			n++
		}
		return gone
	})
	c := s.conn
	if c == nil || c.leaving || !c.address.Gone() {
		return n
	}
	if s.state == slotExchanging {
		c.leaving = true
	} else {
		s.drop()
	}
	return n + 1
}

// leaveGone has connections take no more streams whose address the target's name has no
// longer, and returns their number.
func (m *mux) leaveGone() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c, address := range m.conns {
		if address.Gone() && c.Leave() {
			n++
		}
	}
	return n
}

// warning is the line for the report where the name has moved, else empty. The timeline's
// lock is held.
func (m *moves) warning(start Instant) setting.Text {
	if m.count == 0 {
		return setting.Text{}
	}
	text := m.last.Name + " "
	switch gone, came := strings.Join(m.last.Gone, ", "), strings.Join(m.last.New, ", "); {
	case gone == "":
		text += "got the address " + came
	case came == "":
		text += "lost the address " + gone
	default:
		text += "moved from " + gone + " to " + came
	}
	text += " after " + spell.Span(max(0, m.at.Sub(start)))
	if m.count > 1 {
		text += ", the last of " + spell.Counted(uint64(m.count), "such change")
	}
	switch m.closed {
	case 0:
		text += ": only connections opened since then go by it"
	case 1:
		text += ": one connection was closed, after its reply, for the others"
	default:
		text += ": " + spell.Counted(uint64(m.closed), "connection") + " to what it no longer has were closed, each after its reply, and opened anew"
	}
	return setting.Plain(text)
}
