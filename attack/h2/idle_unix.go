//go:build !windows

package h2

import (
	"net"
	"syscall"
)

// peek looks at what a connection's reader has not been given yet. Build it
// once per connection: a look then allocates nothing.
type peek struct {
	raw   syscall.RawConn
	look  func(fd uintptr)
	buf   [1]byte
	found unread
}

func newPeek(conn net.Conn) *peek {
	p := &peek{}
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	if c, ok := conn.(syscall.Conn); ok {
		p.raw, _ = c.SyscallConn()
	}
	p.look = func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), p.buf[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EAGAIN, err == syscall.EWOULDBLOCK, err == syscall.EINTR:
			p.found = nothing
		case err == nil && n > 0:
			p.found = something
		default:
			p.found = theEnd
		}
	}
	return p
}

// unread looks. It does not wait for the reader, which waits in a read.
func (p *peek) unread() unread {
	if p.raw == nil {
		return nothing
	}
	if p.raw.Control(p.look) != nil {
		return theEnd
	}
	return p.found
}
