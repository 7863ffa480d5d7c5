package attack

import (
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/net/http2/hpack"

	"brunt/attack/h2"
)

// mux are the HTTP/2 connections of a run, opened as they are needed. Each has
// its share of the workers, so that they meet at no lock of all.
type mux struct {
	run    *Run
	config h2.Config
	heads  atomic.Pointer[[][]hpack.HeaderField] // by payload variant; replaced when credentials change
	slots  []slot
	share  atomic.Int64 // workers per connection; 0 where their number is fixed
	spoken atomic.Bool  // the endpoint is known to speak HTTP/2
	queued atomic.Int64 // measured requests that waited noticeably for a stream
	narrow atomic.Int64 // fewest streams that a connection was seen to take

	mu    sync.Mutex
	conns map[*h2.Conn]struct{} // all that may be open, those that take no more included
	prune int                   // size at which closed ones are taken out
}

// spareSlots leaves room for connections of workers that a change brings.
const spareSlots = 4096

// slot is the place of one connection.
type slot struct {
	mu      sync.Mutex
	conn    *h2.Conn // nil before the first and between two
	opening *opening
	lost    bool          // the last connection closed
	permit  bool          // the pacer has been waited for
	pacing  chan struct{} // closed when somebody has done so
}

// opening is a connection on its way, with the workers that wait for it.
type opening struct {
	done chan struct{}
	err  error   // stands once done is closed
	line []*lane // guarded by the slot's lock
}

func newMux(r *Run) *mux {
	m := &mux{run: r, conns: map[*h2.Conn]struct{}{}, prune: 64}
	m.buildHeads(&r.request)
	m.config = h2.Config{Now: r.clock.now, Time: r.clock.time, Timeout: int64(r.plan.Timeout), Wary: &r.unsaid.seen, Success: (*[1000]bool)(&r.plan.Success)}
	if r.plan.Connections > 0 {
		m.slots = make([]slot, min(r.plan.Connections, r.plan.Concurrency))
		return m
	}
	m.slots = make([]slot, max(r.plan.Concurrency, spareSlots))
	m.share.Store(StreamsPerConnection)
	return m
}

// buildHeads builds all requests' headers.
func (m *mux) buildHeads(request *Request) {
	variants, hasBody := m.run.payloads.Variants(), m.run.payloads.MaxBody() > 0
	heads := make([][]hpack.HeaderField, len(variants))
	for i := range variants {
		heads[i] = request.fields(&m.run.target, &variants[i], hasBody)
	}
	m.heads.Store(&heads)
}

// slotOf gives a worker its connection's place. A closed loop spreads its
// workers evenly; an open one fills a connection before it opens the next.
func (m *mux) slotOf(worker int) *slot {
	share := int(m.share.Load())
	switch {
	case share == 0:
		return &m.slots[worker%len(m.slots)]
	case m.run.plan.Open():
		return &m.slots[worker/share]
	default:
		wide := (int(m.run.wanted.Load()) + share - 1) / share
		return &m.slots[worker%min(max(wide, 1), len(m.slots))]
	}
}

// learn spreads the workers over more connections where the endpoint takes
// fewer streams than they would make.
func (m *mux) learn(streams int) {
	m.spoken.Store(true)
	streams = max(streams, 1)
	for {
		was := m.narrow.Load()
		if was > 0 && int64(streams) >= was || m.narrow.CompareAndSwap(was, int64(streams)) {
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

// join puts those who waited for the slot's new connection in its line, who began
// first being first, unless they belong to another slot now. opener always does;
// the slot's lock is held. Without a connection nobody has joined one.
func (m *mux) join(o *opening, s *slot, opener *lane) {
	var streams []*h2.Stream
	for _, l := range o.line {
		if l.joined = nil; s.conn != nil && (l == opener || m.slotOf(l.number) == s) {
			l.joined = s.conn
			streams = append(streams, l.stream)
		}
	}
	o.line = nil
	if s.conn != nil {
		s.conn.Join(streams)
	}
}

// add keeps a connection for the cut, which is to find those too that have
// lost their slot and still owe replies.
func (m *mux) add(c *h2.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns[c] = struct{}{}
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

// cut closes everything.
func (m *mux) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range m.conns {
		c.Close(errCut)
	}
}

// close does so when no worker is left.
func (m *mux) close() {
	m.cut()
	for c := range m.conns {
		c.Wait()
	}
}

// warning tells the reader where streams were waited for.
func (m *mux) warning() string {
	n := m.queued.Load()
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d requests waited over 10 ms for a stream, for the endpoint takes %d at once on a connection: raise --connections, or leave it out", n, m.narrow.Load())
}
