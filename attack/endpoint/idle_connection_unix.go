//go:build !windows

package endpoint

import (
	"net"
	"syscall"
)

// Idle looks at a connection that has not been used for a while. Build it once
// per connection: a look then allocates nothing.
type Idle struct {
	raw   syscall.RawConn
	look  func(fd uintptr)
	buf   [1]byte
	alive bool
}

// NewIdle prepares looks at conn, which may be a TLS connection.
func NewIdle(conn net.Conn) *Idle {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	c, ok := conn.(syscall.Conn)
	if !ok {
		return &Idle{}
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return &Idle{}
	}
	i := &Idle{raw: raw}
	i.look = func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), i.buf[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		// A connection that is open and idle has nothing to read. An end, an error or
		// unsolicited bytes (a proxy's 408, TLS's close_notify) all mean that it must
		// not be used again.
		i.alive = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
	}
	return i
}

// Alive reports whether the peer still keeps the connection open, as far as
// this side can know without sending anything. Somebody may be reading meanwhile.
func (i *Idle) Alive() bool {
	if i.raw == nil {
		return true
	}
	i.alive = false
	return i.raw.Control(i.look) == nil && i.alive
}
