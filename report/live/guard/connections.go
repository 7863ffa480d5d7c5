package guard

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// MaxViewers bounds the event streams; each costs a connection.
const MaxViewers = 100

// The most connections of the page. The load needs what they cost: file descriptors
// above all.
const (
	// MaxAuthenticated has room for all event streams and for other requests of their
	// pages.
	MaxAuthenticated = MaxViewers + 28
	MaxAnonymous     = 32
	// filesShare divides the files that this process may open, where there are few: the
	// page has one part.
	filesShare = 8
	// minShare is what a page needs in any case.
	minShare = 12
)

// share is how many connections the page may have at a time.
type share struct{ authenticated, anonymous int }

// shareOf is the page's share of limit files, 0 for any number.
func shareOf(limit uint64) share {
	all := uint64(MaxAuthenticated + MaxAnonymous)
	if limit > 0 {
		all = min(all, max(limit/filesShare, minShare))
	}
	strangers := int(all) / 5
	return share{int(all) - strangers, strangers}
}

// FilesFor is how many files a page may have open where its process may open limit,
// 0 for any number: its connections, its listener, and a connection that is
// accepted before another one is closed for it.
func FilesFor(limit uint64) int {
	s := shareOf(limit)
	return s.authenticated + s.anonymous + 2
}

// Connections bounds the connections of the page. Each is anonymous until it has made a
// complete request that may act. Anonymous ones have a small share, within which the
// oldest is closed for a new one, so that a client that holds many keeps nobody out.
type Connections struct {
	limit share

	mu            sync.Mutex
	open          map[net.Conn]*tracked
	authenticated int // of open
}

// tracked is what is known of one connection.
type tracked struct {
	from          netip.Addr // network of the peer
	authenticated bool
	idle          bool      // the last request was served, and there is no other one
	since         time.Time // the last change
}

// NewConnections bounds them to the page's share of limit files that this process
// may open, 0 for any number.
func NewConnections(limit uint64) *Connections {
	return &Connections{limit: shareOf(limit), open: map[net.Conn]*tracked{}}
}

// ConnState is an http.Server's ConnState.
func (c *Connections) ConnState(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.open[conn]
	switch {
	case state == http.StateNew:
		if len(c.open)-c.authenticated >= c.limit.anonymous {
			c.evict(c.evictionCandidate())
		}
		c.open[conn] = &tracked{from: network(conn), since: time.Now()}
	case h == nil: // was evicted
	case state == http.StateActive, state == http.StateIdle:
		h.idle, h.since = state == http.StateIdle, time.Now()
	default:
		c.remove(conn)
	}
}

// authenticate notes that the connection's request may act. Where there is no room for
// one more it stays anonymous.
func (c *Connections) authenticate(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.open[conn]
	if h == nil || h.authenticated {
		return
	}
	if c.authenticated >= c.limit.authenticated {
		idle := c.first(func(o *tracked) bool { return o.authenticated && o.idle })
		if idle == nil {
			return
		}
		c.evict(idle)
	}
	h.authenticated = true
	c.authenticated++
}

// evictionCandidate is the anonymous connection to close for a new one: of the network
// that has the most of them, an idle one before one whose request is still to be served,
// the oldest first. So a new one has time until all others have been closed for later
// ones.
func (c *Connections) evictionCandidate() net.Conn {
	count, most := map[netip.Addr]int{}, 0
	for _, h := range c.open {
		if !h.authenticated {
			count[h.from]++
			most = max(most, count[h.from])
		}
	}
	crowd := func(h *tracked) bool { return !h.authenticated && count[h.from] == most }
	if conn := c.first(func(h *tracked) bool { return crowd(h) && h.idle }); conn != nil {
		return conn
	}
	return c.first(crowd)
}

// first is the oldest that matches, nil where none does.
func (c *Connections) first(matches func(*tracked) bool) (found net.Conn) {
	for conn, h := range c.open {
		if matches(h) && (found == nil || h.since.Before(c.open[found].since)) {
			found = conn
		}
	}
	return found
}

func (c *Connections) remove(conn net.Conn) {
	if h := c.open[conn]; h != nil && h.authenticated {
		c.authenticated--
	}
	delete(c.open, conn)
}

func (c *Connections) evict(conn net.Conn) {
	c.remove(conn)
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn() // without TLS's closing message, which could take its time
	}
	conn.Close() // its goroutine ends, and reports it
}

// network is what one customer of a provider has: an IPv4 address, or 64 bits of IPv6.
func network(conn net.Conn) netip.Addr {
	at, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	from := at.AddrPort().Addr().Unmap()
	if prefix, err := from.Prefix(64); err == nil && from.Is6() {
		return prefix.Addr()
	}
	return from
}

// Count is how many connections there are, and how many of them are authenticated.
func (c *Connections) Count() (all, known int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open), c.authenticated
}

type connKey struct{}

// ConnContext is an http.Server's ConnContext.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// Authenticated notes that the request's connection may act.
func (c *Connections) Authenticated(req *http.Request) {
	if conn, ok := req.Context().Value(connKey{}).(net.Conn); ok {
		c.authenticate(conn)
	}
}
