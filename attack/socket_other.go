//go:build !linux

package attack

import (
	"crypto/tls"
	"errors"
	"net"
)

// socketsAreOwn is false: on these systems goroutines make the system calls.
const socketsAreOwn = false

func socketOf(net.Conn) (int, error) { return -1, errors.ErrUnsupported }

func readSocket(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

func writeSocket(int, []byte, []byte) (int, error) { return 0, errors.ErrUnsupported }

func openSocket(int) bool { return false }

func closeSocket(int) {}

func wrapForTLS(conn net.Conn) net.Conn { return conn }

func takeWire(*tls.Conn) *wire { return nil }
