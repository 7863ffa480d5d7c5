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

// Most connections of the page. What they cost, the load would miss: file
// descriptors above all.
const (
	// MaxKnown is room for all viewers, and for what their pages ask besides.
	MaxKnown     = MaxViewers + 28
	MaxStrangers = 32
	// fewFiles is the part of the files that this process may open which the
	// page has where there are few.
	fewFiles = 8
	// minShare is what a page needs whatever there is.
	minShare = 12
)

// share is how many connections the page may have at a time.
type share struct{ known, strangers int }

// shareOf is the page's share of limit files, 0 for any number.
func shareOf(limit uint64) share {
	all := uint64(MaxKnown + MaxStrangers)
	if limit > 0 {
		all = min(all, max(limit/fewFiles, minShare))
	}
	strangers := int(all) / 5
	return share{int(all) - strangers, strangers}
}

// Files is how many files a page may have open where its process may open limit,
// 0 for any number: its connections, its listener, and a connection that is
// accepted before another one is closed for it.
func Files(limit uint64) int {
	s := shareOf(limit)
	return s.known + s.strangers + 2
}

// Connections bounds those of the page. Each is a stranger's until it has made
// a whole request that was let in: who may not come in has a small share, within
// which the oldest makes room for a new one, so that whoever holds many keeps
// nobody out.
type Connections struct {
	most share

	mu    sync.Mutex
	open  map[net.Conn]*held
	known int // of open
}

// held is one connection.
type held struct {
	from  netip.Addr // network of the peer
	known bool
	idle  bool      // the last one was answered, and there is no other one
	since time.Time // the last change
}

// NewConnections bounds them to the page's share of limit files that this process
// may open, 0 for any number.
func NewConnections(limit uint64) *Connections {
	return &Connections{most: shareOf(limit), open: map[net.Conn]*held{}}
}

// Note is an http.Server's ConnState.
func (c *Connections) Note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.open[conn]
	switch {
	case state == http.StateNew:
		if len(c.open)-c.known >= c.most.strangers {
			c.evict(c.leastWanted())
		}
		c.open[conn] = &held{from: network(conn), since: time.Now()}
	case h == nil: // evicted
	case state == http.StateActive, state == http.StateIdle:
		h.idle, h.since = state == http.StateIdle, time.Now()
	default:
		c.forget(conn)
	}
}

// know says that the connection's request is let in. Where there is no room for
// one more it stays among the strangers.
func (c *Connections) know(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.open[conn]
	if h == nil || h.known {
		return
	}
	if c.known >= c.most.known {
		idle := c.first(func(o *held) bool { return o.known && o.idle })
		if idle == nil {
			return
		}
		c.evict(idle)
	}
	h.known = true
	c.known++
}

// leastWanted is the stranger that makes room: one that was answered before one
// that is still to be, the oldest first, of the network that has the most. So a
// newcomer has the time that all others take to follow it.
func (c *Connections) leastWanted() net.Conn {
	count, most := map[netip.Addr]int{}, 0
	for _, h := range c.open {
		if !h.known {
			count[h.from]++
			most = max(most, count[h.from])
		}
	}
	crowd := func(h *held) bool { return !h.known && count[h.from] == most }
	if conn := c.first(func(h *held) bool { return crowd(h) && h.idle }); conn != nil {
		return conn
	}
	return c.first(crowd)
}

// first is the oldest that is such, nil where there is none.
func (c *Connections) first(such func(*held) bool) (found net.Conn) {
	for conn, h := range c.open {
		if such(h) && (found == nil || h.since.Before(c.open[found].since)) {
			found = conn
		}
	}
	return found
}

func (c *Connections) forget(conn net.Conn) {
	if h := c.open[conn]; h != nil && h.known {
		c.known--
	}
	delete(c.open, conn)
}

func (c *Connections) evict(conn net.Conn) {
	c.forget(conn)
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn() // without TLS's closing message, which could take its time
	}
	conn.Close() // its goroutine ends and tells
}

// network is what one subscriber has: an IPv4 address, or 64 bits of IPv6.
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

// Open is how many connections there are, and how many of them have made a request
// that was let in.
func (c *Connections) Open() (all, known int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.open), c.known
}

type connKey struct{}

// Remember is an http.Server's ConnContext.
func Remember(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// Welcome has the request's connection known.
func (c *Connections) Welcome(req *http.Request) {
	if conn, ok := req.Context().Value(connKey{}).(net.Conn); ok {
		c.know(conn)
	}
}
