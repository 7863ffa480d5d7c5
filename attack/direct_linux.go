package attack

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"
	"unsafe"

	"brunt/attack/endpoint"
)

// direct makes a connection's system calls itself, in one turn at the runtime's
// poller: the request is written and its reply waited for, without the look for
// it that net.Conn's Read begins with and that finds nothing, a third of all
// calls. An end of the connection that came before the turn may be missed so,
// where the peer goes on reading; wire.begin sees to it that there is a look in
// time. The calls never block, so the scheduler is not told of them.
//
// Beneath TLS it is the connection that crypto/tls writes records to: those of a
// request are held back until its reply is read.
type direct struct {
	net.Conn
	raw    syscall.RawConn
	turn   func(fd uintptr) bool // step, bound once: a turn allocates nothing
	out    []byte                // still to be written
	in     []byte                // to be read into
	steps  int                   // of this turn
	got    int                   // bytes read, noRoom where the rest of out must be waited with
	fault  syscall.Errno
	handed *handOver // of the exchange; nil while TLS shakes hands

	taken   int64 // bytes of records read since the last hold
	dry     bool  // reads find nothing
	one     [1]byte
	holding bool   // what is written is kept in held
	held    []byte // records
}

const noRoom = -1

// beneath is the connection as TLS shall have it.
func beneath(conn net.Conn) net.Conn {
	if d := directly(conn); d != nil {
		return d
	}
	return conn
}

// newDirect is nil for a connection whose calls cannot be made directly.
func newDirect(conn net.Conn) *direct {
	c, ok := conn.(*tls.Conn)
	if !ok {
		return directly(conn)
	}
	d, _ := c.NetConn().(*direct)
	return d
}

func directly(conn net.Conn) *direct {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	d := &direct{Conn: conn, raw: raw}
	d.turn = d.step
	return d
}

// SyscallConn is for looks at an idle connection.
func (d *direct) SyscallConn() (syscall.RawConn, error) { return d.raw, nil }

// Write implements io.Writer for TLS.
func (d *direct) Write(p []byte) (int, error) {
	if d.holding {
		d.held = append(d.held, p...)
		return len(p), nil
	}
	d.handed.mark()
	return d.Conn.Write(p)
}

// Read implements io.Reader for TLS.
func (d *direct) Read(p []byte) (int, error) {
	if d.dry {
		return 0, errDry
	}
	n, err := d.read(p)
	d.taken += int64(n)
	return n, err
}

// recordMost is what a TLS record of the usual ciphers adds to its content
// [RFC 8446 §5.2, RFC 5288 §3].
const recordMost = 5 + 8 + 16

// more reports whether TLS holds bytes past the ones that it gave, in so many
// pieces, since the last hold. It is asked only where those may not be all: most
// replies are one record.
func (d *direct) more(over net.Conn, given int64, pieces int) bool {
	if pieces == 1 && d.taken <= given+recordMost {
		return false
	}
	d.dry = true
	n, _ := over.Read(d.one[:])
	d.dry = false
	return n > 0
}

// errDry answers TLS in place of a read that would wait. TLS can go on after it,
// for it is temporary.
var errDry net.Error = dry{}

type dry struct{}

func (dry) Error() string   { return "nothing more was received" }
func (dry) Timeout() bool   { return true }
func (dry) Temporary() bool { return true }

// hold keeps the records of a message until the next read.
func (d *direct) hold(over net.Conn, msg []byte) (int, error) {
	d.holding, d.held, d.taken = true, d.held[:0], 0
	n, err := over.Write(msg)
	d.holding, d.out = false, d.held
	return n, err
}

// read sends what is to be sent and waits for bytes, as net.Conn's Read does.
func (d *direct) read(p []byte) (int, error) {
	d.in, d.fault, d.steps = p, 0, 0
	for {
		err := d.raw.Read(d.turn)
		switch {
		case err != nil:
			return 0, err
		case d.got > 0:
			return d.got, nil
		case d.fault != 0:
			return 0, d.fault
		case d.got != noRoom:
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

// step is one turn: false means that there is nothing to read yet.
func (d *direct) step(fd uintptr) bool {
	d.got = 0
	d.steps++
	if len(d.out) > 0 && d.fault == 0 {
		d.handed.mark()
		n, e := call(syscall.SYS_WRITE, fd, d.out)
		d.out = d.out[n:]
		switch {
		case e != 0 && e != syscall.EAGAIN && e != syscall.EINTR:
			d.fault = e
		case len(d.out) > 0:
			d.got = noRoom
			return true
		default:
			return false // whatever comes from now on wakes the next step
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
