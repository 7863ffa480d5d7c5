package live

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxConnections bounds the connections; what they cost, the load would miss.
const maxConnections = 256

// connections keeps within maxConnections by closing the one that has been
// idle the longest for the sake of a new one, so that whoever holds many
// without a whole request keeps nobody out. A new one that finds all at work is
// closed itself.
type connections struct {
	mu   sync.Mutex
	open map[net.Conn]time.Time // since when idle, zero while at work
}

// note is an http.Server's ConnState.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		if len(c.open) >= maxConnections {
			c.makeRoom(conn)
		}
		c.open[conn] = time.Now()
	case http.StateIdle:
		c.open[conn] = time.Now()
	case http.StateActive:
		c.open[conn] = time.Time{}
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	}
}

func (c *connections) makeRoom(newest net.Conn) {
	victim, since := newest, time.Now()
	for conn, idle := range c.open {
		if !idle.IsZero() && idle.Before(since) {
			victim, since = conn, idle
		}
	}
	delete(c.open, victim)
	if t, ok := victim.(*tls.Conn); ok {
		victim = t.NetConn() // without a farewell, which could take its time
	}
	victim.Close() // its goroutine ends and tells
}
