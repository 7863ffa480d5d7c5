package attack

import (
	"slices"

	"brunt/attack/endpoint"
	"brunt/payloads/setting"
)

// runHost is a host that the run's requests go to. The first is the target's own.
type runHost struct {
	target endpoint.Target
	dialer *endpoint.Dialer
	mux    *mux // of HTTP/2
}

// findKinds notes what requests of each payload variant have in common, and the hosts
// that they go to.
func (r *Run) findKinds() error {
	r.hosts = []*runHost{{target: r.target, dialer: r.dialer}}
	for _, other := range r.endpoint.Others() {
		r.hosts = append(r.hosts, &runHost{target: other.Target, dialer: other.Dialer})
	}
	variants, hasBodies := r.payloads.Variants(), r.payloads.MaxBody() > 0
	r.kinds = make([]requestKind, len(variants))
	for i := range variants {
		k := r.request.kindOf(&variants[i], hasBodies)
		if variants[i].Origin != "" {
			var known bool
			if k.host, known = r.endpoint.HostOf(variants[i].Origin); !known {
				return setting.Errorf("requests for %s: it is not the target's host, and has not been opened", variants[i].Origin)
			}
		}
		r.kinds[i] = k
	}
	return nil
}

// readyHosts prepares connections to all hosts.
func (r *Run) readyHosts() {
	for i, h := range r.hosts {
		switch {
		case r.plan.HTTP2:
			h.dialer.UseHTTP2()
			h.mux = newMux(r, i)
		case !r.blocking:
			h.dialer.WrapUnderTLS(wrapForTLS)
		}
	}
	r.mux = r.hosts[0].mux
}

// layered reports whether connections to some host are of TLS within TLS.
func (r *Run) layered() bool {
	return slices.ContainsFunc(r.hosts, func(h *runHost) bool { return h.dialer.Layered() })
}

// addresses lists those that connections were opened to, of all hosts, and those to
// which the last attempt has failed.
func (r *Run) addresses() (used, dead []string) {
	for _, h := range r.hosts {
		used, dead = append(used, h.dialer.Addresses()...), append(dead, h.dialer.Dead()...)
	}
	return used, dead
}

// muxes are those of all hosts; none over HTTP/1.1.
func (r *Run) muxes(visit func(m *mux)) {
	for _, h := range r.hosts {
		if h.mux != nil {
			visit(h.mux)
		}
	}
}

// maxParked is the most idle connections that a slot keeps to hosts other than that of
// its last request.
const maxParked = 16

// parkedConn is an idle connection to another host than that of the slot's last request.
type parkedConn struct {
	host int
	conn *connection
}

// turnTo has the slot's connection be one to the host, if it has any.
func (s *slot) turnTo(host int) {
	if s.conn != nil {
		if s.conn.blocking != nil { // its goroutine serves the slot's connection only
			s.drop()
		} else {
			s.parked = append(s.parked, parkedConn{s.host, s.conn})
			s.conn = nil
		}
	}
	s.host, s.lost = host, false
	if at := slices.IndexFunc(s.parked, func(p parkedConn) bool { return p.host == host }); at >= 0 {
		s.conn = s.parked[at].conn
		s.parked = slices.Delete(s.parked, at, at+1)
	} else if len(s.parked) > maxParked {
		s.parked[0].conn.close()
		s.parked = slices.Delete(s.parked, 0, 1)
	}
}

// dropParked closes the slot's connections to other hosts.
func (s *slot) dropParked() {
	for _, p := range s.parked {
		p.conn.close()
	}
	s.parked = nil
}

// senderTo is the slot's sender to the host, over HTTP/2.
func (s *slot) senderTo(host int) *muxSender {
	if host == 0 {
		return s.sender
	}
	if s.others == nil {
		s.others = make([]*muxSender, len(s.run.hosts))
	}
	if s.others[host] == nil {
		s.others[host] = s.run.hosts[host].mux.newSender(s.sender.number)
	}
	return s.others[host]
}

// pathOf is the path of the slot's request where it has one of its own; else nil. It may
// lie in a mapped file that somebody shrinks.
func (s *slot) pathOf() []byte {
	if !s.run.pathed {
		return nil
	}
	var path []byte
	if s.run.sessions {
		path = s.session.of.Path(int(s.ex.turn))
	} else {
		path = s.run.payloads.Path(s.ex.index)
	}
	if path != nil && s.run.request.Withhold {
		shown, _ := endpoint.WithholdQuery(string(path))
		return []byte(shown)
	}
	return path
}

// pathString is pathOf as HTTP/2 wants it: a copy, for the connection's tables outlive
// the request.
func (s *slot) pathString() (path string, err error) {
	if !s.run.pathed {
		return "", nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = goneBody(r)
		}
	}()
	return string(s.pathOf()), nil
}

// ownPath is the path that the request of a payload has of its own, for messages.
func (r *Run) ownPath(index uint64, turn uint32) (path string) {
	defer func() { _ = recover() }() // the file was cut: there is none
	switch {
	case !r.pathed:
		return ""
	case r.sessions:
		return string(r.payloads.Session(index).Path(int(turn)))
	}
	return string(r.payloads.Path(index))
}
