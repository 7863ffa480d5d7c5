package attack

import (
	"sync"
	"sync/atomic"

	"golang.org/x/net/http2/hpack"

	"brunt/attack/endpoint"
	"brunt/attack/h2"
	"brunt/attack/plan"
	"brunt/payloads/setting"
)

// mux holds the HTTP/2 connections of a run, which are opened as they are needed.
// Each serves a share of the slots, so that no lock is common to all of them.
type mux struct {
	run           *Run
	host          int // among the run's
	config        h2.Config
	heads         atomic.Pointer[[][]hpack.HeaderField] // by payload variant; replaced when credentials change
	places        []place
	share         atomic.Int64 // slots per connection; 0 where their number is fixed
	wide          atomic.Int64 // that number
	spoken        atomic.Bool  // the endpoint is known to speak HTTP/2
	queued        atomic.Int64 // measured requests that waited noticeably for a stream
	fewestStreams atomic.Int64 // fewest concurrent streams that a connection has allowed

	mu    sync.Mutex
	conns map[*h2.Conn]*endpoint.Address // all that may be open, also those that take no more streams, and where they go
	prune int                            // size at which closed ones are removed
}

// minPlaces leaves room for connections of slots that a later change of the load
// starts.
const minPlaces = 4096

// place is where one connection is, and of those that replace it.
type place struct {
	mu      sync.Mutex
	conn    *h2.Conn // nil while there is none
	opening *opening
	lost    bool          // the last connection was closed
	permit  bool          // the pacer has allowed to open one
	pacing  chan struct{} // closed when the slot that waits for the pacer has been allowed
}

// opening is a connection that is being opened, with the slots that wait for it.
type opening struct {
	done    chan struct{}
	err     error        // valid once done is closed
	waiting []*muxSender // guarded by the place's lock
}

func newMux(r *Run, host int) *mux {
	m := &mux{run: r, host: host, conns: map[*h2.Conn]*endpoint.Address{}, prune: 64}
	m.buildHeads(&r.request)
	m.config = h2.Config{
		Now:       r.clock.Now,
		Time:      r.clock.Time,
		Timeout:   r.plan.Timeout,
		CheckIdle: &r.unannounced.seen,
		Success:   (*[1000]bool)(&r.plan.Success),
		Fields:    r.plan.Expect != nil && len(r.plan.Expect.Headers) > 0,
	}
	if r.plan.Connections > 0 {
		m.places = make([]place, min(r.plan.Connections, r.plan.Concurrency))
		m.wide.Store(int64(min(r.plan.Bound(r.plan.Connections), len(m.places))))
		return m
	}
	m.places = make([]place, max(r.plan.Concurrency, minPlaces))
	m.share.Store(plan.StreamsPerConnection)
	return m
}

// buildHeads builds the header fields of all requests to the host.
func (m *mux) buildHeads(request *Request) {
	variants := m.run.payloads.Variants()
	heads := make([][]hpack.HeaderField, len(variants))
	for i := range variants {
		if k := &m.run.kinds[i]; k.host == m.host {
			heads[i] = request.fields(m.run.hosts[k.host], &variants[i], k)
		}
	}
	m.heads.Store(&heads)
}

// placeOf returns the place of a slot's connection. A closed loop spreads its
// slots evenly; an open one fills a connection before it opens the next.
func (m *mux) placeOf(number int) *place {
	share := int(m.share.Load())
	switch {
	case share == 0:
		return &m.places[number%int(m.wide.Load())]
	case m.run.plan.Open():
		return &m.places[number/share]
	default:
		wide := (int(m.run.wanted.Load()) + share - 1) / share
		return &m.places[number%min(max(wide, 1), len(m.places))]
	}
}

// limitShare spreads the slots over more connections where the endpoint allows
// fewer concurrent streams on one than there are slots to it.
func (m *mux) limitShare(streams int) {
	m.spoken.Store(true)
	streams = max(streams, 1)
	for {
		was := m.fewestStreams.Load()
		if was > 0 && int64(streams) >= was || m.fewestStreams.CompareAndSwap(was, int64(streams)) {
			break
		}
	}
	for {
		share := m.share.Load()
		if share <= int64(streams) || m.share.CompareAndSwap(share, int64(streams)) {
			return
		}
	}
}

// join puts the slots that waited for the place's new connection in its queue, in
// the order in which their requests began, unless they belong to another place by
// now; opener always does. The place's lock is held. Without a connection nobody has
// joined one.
func (m *mux) join(o *opening, s *place, opener *muxSender) {
	var streams []*h2.Stream
	for _, l := range o.waiting {
		if l.joined = nil; s.conn != nil && (l == opener || m.placeOf(l.number) == s) {
			l.joined = s.conn
			streams = append(streams, l.stream)
		}
	}
	o.waiting = nil
	if s.conn != nil {
		s.conn.Join(streams)
	}
}

// add keeps a connection for the cut, which must also reach those that have lost
// their place and still have replies to bring.
func (m *mux) add(c *h2.Conn, address *endpoint.Address) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns[c] = address
	if address.Gone() {
		c.Leave()
	}
	if len(m.conns) < m.prune {
		return
	}
	for c := range m.conns {
		if c.Closed() {
			delete(m.conns, c)
		}
	}
	m.prune = 2*len(m.conns) + 64
}

// cut closes all connections.
func (m *mux) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		c.Close(errCut)
	}
}

// close closes all connections and waits for their goroutines. No slot may be
// left.
func (m *mux) close() {
	m.cut()
	for c := range m.conns {
		c.Wait()
	}
}

// warning is the line for the report where requests waited for a stream, else empty.
func (m *mux) warning() setting.Text {
	n := m.queued.Load()
	if n == 0 {
		return setting.Text{}
	}
	return setting.Textf(
		"%d requests waited over 10 ms for a stream, for the endpoint takes %d at once on a connection: raise %v, or leave it out",
		n,
		m.fewestStreams.Load(),
		setting.Connections,
	)
}
