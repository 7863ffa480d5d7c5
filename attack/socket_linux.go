package attack

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socketsAreOwn: the loop makes a connection's system calls itself.
const socketsAreOwn = true

// socketOf takes the socket out of the connection, and out of the runtime's poller,
// which would otherwise be woken with the loop. The connection is closed.
func socketOf(conn net.Conn) (fd int, err error) {
	defer conn.Close()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return -1, err
	}
	if fault := raw.Control(func(old uintptr) { fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); fault != nil {
		return -1, fault
	}
	return fd, err
}

// The calls below never block, so that the scheduler need not know of them, unless
// they move so much that others would wait for this core.
const longCall = 32 << 10

// readSocket reads; errWouldBlock is that nothing has come.
func readSocket(fd int, p []byte) (int, error) {
	for {
		n, _, e := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch {
		case e == 0 && n == 0:
			return 0, io.EOF
		case e == 0:
			return int(n), nil
		case e == syscall.EAGAIN:
			return 0, errWouldBlock
		case e != syscall.EINTR:
			return 0, e
		}
	}
}

// writeSocket writes as much as the system takes now, of one piece and then another.
func writeSocket(fd int, first, second []byte) (n int, err error) {
	for {
		var done uintptr
		var e syscall.Errno
		switch {
		case len(second) > 0:
			done, e = writeBoth(fd, first, second)
		case len(first) <= longCall:
			done, _, e = syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&first[0])), uintptr(len(first)))
		default:
			done, _, e = syscall.Syscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&first[0])), uintptr(len(first)))
		}
		switch {
		case e == 0:
			return int(done), nil
		case e == syscall.EAGAIN:
			return 0, errWouldBlock
		case e != syscall.EINTR:
			return 0, e
		}
	}
}

func writeBoth(fd int, first, second []byte) (uintptr, syscall.Errno) {
	var pieces [2]unix.Iovec
	list := pieces[:0]
	for _, p := range [...][]byte{first, second} {
		if len(p) > 0 {
			list = append(list, unix.Iovec{Base: &p[0], Len: uint64(len(p))})
		}
	}
	n, _, e := syscall.Syscall(syscall.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&list[0])), uintptr(len(list)))
	return n, e
}

// openSocket reports whether the peer keeps an idle connection open. One that is open
// and idle has nothing to read: an end, an error or unsolicited bytes (a proxy's 408,
// TLS's close_notify) all mean that it must not be used again.
func openSocket(fd int) bool {
	var b [1]byte
	_, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), 1, syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
	return e == syscall.EAGAIN || e == syscall.EINTR
}

func closeSocket(fd int) { unix.Close(fd) }

// wrapForTLS returns what TLS is to write to and to read from.
func wrapForTLS(conn net.Conn) net.Conn { return &wire{Conn: conn} }

// takeWire is the wire under a connection with TLS, nil where there is none.
func takeWire(conn *tls.Conn) *wire {
	w, _ := conn.NetConn().(*wire)
	return w
}
