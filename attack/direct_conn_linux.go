package attack

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"
	"unsafe"

	"brunt/attack/endpoint"
)

// directConn makes a connection's system calls itself, in one call into the
// runtime's poller: the request is written and its reply waited for, without the
// read that net.Conn's Read begins with and that finds nothing, a third of all
// calls. An end of the connection that came before that call may be missed where the
// peer goes on reading; connection.begin sees to it that it is read in time. The
// calls never block, so the scheduler need not know of them.
//
// Under TLS it is the connection that crypto/tls writes its records to: the records
// of a request are held back until its reply is read.
type directConn struct {
	net.Conn
	raw       syscall.RawConn
	stepFunc  func(fd uintptr) bool // step, bound once: a read allocates nothing
	out       []byte                // still to be written
	in        []byte                // to be read into
	steps     int                   // calls of step in this read
	got       int                   // bytes read; writeBlocked where the system took only part of out
	fault     syscall.Errno
	firstSend *firstSend // the exchange's; nil during the TLS handshake

	received  int64 // bytes of records read since the last buffer
	noRead    bool  // reads find nothing
	oneByte   [1]byte
	buffering bool   // what is written is kept in records
	records   []byte // records
}

const writeBlocked = -1

// wrapForTLS returns the connection that TLS is to write to and read from.
func wrapForTLS(conn net.Conn) net.Conn {
	if d := ofTCP(conn); d != nil {
		return d
	}
	return conn
}

// newDirectConn returns nil for a connection whose system calls cannot be made
// directly.
func newDirectConn(conn net.Conn) *directConn {
	c, ok := conn.(*tls.Conn)
	if !ok {
		return ofTCP(conn)
	}
	d, _ := c.NetConn().(*directConn)
	return d
}

func ofTCP(conn net.Conn) *directConn {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	d := &directConn{Conn: conn, raw: raw}
	d.stepFunc = d.step
	return d
}

// SyscallConn lets endpoint.Idle look at an idle connection.
func (d *directConn) SyscallConn() (syscall.RawConn, error) { return d.raw, nil }

// Write implements io.Writer for TLS.
func (d *directConn) Write(p []byte) (int, error) {
	if d.buffering {
		d.records = append(d.records, p...)
		return len(p), nil
	}
	d.firstSend.beforeWrite()
	return d.Conn.Write(p)
}

// Read implements io.Reader for TLS.
func (d *directConn) Read(p []byte) (int, error) {
	if d.noRead {
		return 0, errNoMore
	}
	n, err := d.read(p)
	d.received += int64(n)
	return n, err
}

// maxRecordOverhead is what a TLS record of the usual ciphers adds to its content
// [RFC 8446 §5.2, RFC 5288 §3].
const maxRecordOverhead = 5 + 8 + 16

// hasMore reports whether TLS holds bytes after the given ones that it has returned
// in so many pieces since the last buffer. It asks TLS only where the given bytes
// may not be all: most replies are one record.
func (d *directConn) hasMore(over net.Conn, given int64, pieces int) bool {
	if pieces == 1 && d.received <= given+maxRecordOverhead {
		return false
	}
	d.noRead = true
	n, _ := over.Read(d.oneByte[:])
	d.noRead = false
	return n > 0
}

// errNoMore answers TLS in place of a read that would wait. TLS can go on after it,
// since it is temporary.
var errNoMore net.Error = noMore{}

type noMore struct{}

func (noMore) Error() string   { return "nothing more was received" }
func (noMore) Timeout() bool   { return true }
func (noMore) Temporary() bool { return true }

// buffer has TLS write msg into records, which the next read sends.
func (d *directConn) buffer(over net.Conn, msg []byte) (int, error) {
	d.buffering, d.records, d.received = true, d.records[:0], 0
	n, err := over.Write(msg)
	d.buffering, d.out = false, d.records
	return n, err
}

// read sends what is to be sent and waits for bytes, as net.Conn's Read does.
func (d *directConn) read(p []byte) (int, error) {
	d.in, d.fault, d.steps = p, 0, 0
	for {
		err := d.raw.Read(d.stepFunc)
		switch {
		case err != nil:
			return 0, err
		case d.got > 0:
			return d.got, nil
		case d.fault != 0:
			return 0, d.fault
		case d.got != writeBlocked:
			return 0, io.EOF
		}
		n, err := d.Conn.Write(d.out)
		d.out = d.out[n:]
		if endpoint.Reset(err) {
			d.fault = syscall.EPIPE // a reply may be there all the same
		} else if err != nil {
			return 0, err
		}
	}
}

// step makes the calls once. It returns false when there is nothing to read yet: the
// poller then calls it again.
func (d *directConn) step(fd uintptr) bool {
	d.got = 0
	d.steps++
	if len(d.out) > 0 && d.fault == 0 {
		d.firstSend.beforeWrite()
		n, e := call(syscall.SYS_WRITE, fd, d.out)
		d.out = d.out[n:]
		switch {
		case e != 0 && e != syscall.EAGAIN && e != syscall.EINTR:
			d.fault = e
		case len(d.out) > 0:
			d.got = writeBlocked
			return true
		default:
			return false // whatever arrives from now on makes the poller call step again
		}
	}
	n, e := call(syscall.SYS_READ, fd, d.in)
	for e == syscall.EINTR {
		n, e = call(syscall.SYS_READ, fd, d.in)
	}
	switch {
	case e == 0:
		d.got = n
	case d.fault != 0: // of the write, which came first
	case e == syscall.EAGAIN:
		return false
	default:
		d.fault = e
	}
	return true
}

// call reads into b or writes it; b is not empty. A socket of the runtime's
// poller does not block.
func call(number, fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}
