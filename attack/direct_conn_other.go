//go:build !linux

package attack

import "net"

// directConn is for Linux only: on other systems, system calls go through the
// system's library.
type directConn struct {
	out       []byte
	steps     int
	firstSend *firstSend
}

func newDirectConn(net.Conn) *directConn { return nil }

func wrapForTLS(conn net.Conn) net.Conn { return conn }

func (*directConn) buffer(net.Conn, []byte) (int, error) { return 0, nil }

func (*directConn) read([]byte) (int, error) { return 0, nil }

func (*directConn) hasMore(net.Conn, int64, int) bool { return false }
