package attack

import (
	"net"
	"runtime/debug"

	"brunt/attack/endpoint"
)

// blockingRead is the size of a blocking connection's read buffer.
const blockingRead = 16 << 10

// blockingConn is a connection whose reads are made by a goroutine of its own, which
// runs the loop's part for what has come, and whose long writes are made by another. The
// loop's lock guards its fields.
type blockingConn struct {
	net.Conn
	of      *connection
	slot    *slot
	idle    *endpoint.Idle
	pending []byte // read, and not yet given
	err     error  // that ended the reading
	writing bool   // a long write is under way
	wrote   int    // what it has written once it is done
	fault   error  // its error
}

func newBlockingConn(conn net.Conn, of *connection) *blockingConn {
	return &blockingConn{Conn: conn, of: of, idle: endpoint.NewIdle(conn)}
}

// start begins to read for the slot.
func (b *blockingConn) start(s *slot) {
	b.slot = s
	s.run.helpers.Add(1)
	go b.readLoop()
}

func (b *blockingConn) readLoop() {
	defer b.slot.run.helpers.Done()
	debug.SetPanicOnFault(true)
	l := b.slot.loop
	buf := make([]byte, blockingRead)
	for {
		n, err := b.Conn.Read(buf)
		l.lock()
		if b.slot.conn != b.of {
			l.unlock()
			return
		}
		b.pending, b.err = buf[:n], err
		b.slot.readable(err != nil)
		over := err != nil || b.slot.conn != b.of
		l.leave()
		if over {
			return
		}
	}
}

// read gives what the goroutine has read.
func (b *blockingConn) read(p []byte) (int, error) {
	if len(b.pending) > 0 {
		n := copy(p, b.pending)
		b.pending = b.pending[n:]
		return n, nil
	}
	if b.err != nil {
		return 0, b.err
	}
	return 0, errWouldBlock
}

// write writes a short message at once: nothing else is on its way. A long one is left
// to a goroutine, which has the slot go on once it is done.
func (b *blockingConn) write(first, second []byte) (n int, err error) {
	switch {
	case b.writing:
		return 0, errWouldBlock
	case b.wrote > 0 || b.fault != nil:
		n, err = b.wrote, b.fault
		b.wrote, b.fault = 0, nil
		return n, err
	case len(first)+len(second) <= 2*maxCopied && b.of.written == len(first)+len(second):
		return b.Conn.Write(first)
	}
	b.writing = true
	b.slot.writes++
	b.slot.run.helpers.Add(1)
	go b.writeAll(first, second)
	return 0, errWouldBlock
}

func (b *blockingConn) writeAll(first, second []byte) {
	defer b.slot.run.helpers.Done()
	debug.SetPanicOnFault(true)
	n, err := b.writeBoth(first, second)
	l := b.slot.loop
	l.lock()
	b.slot.writes--
	b.writing, b.wrote, b.fault = false, n, err
	if b.slot.conn == b.of {
		b.slot.writable()
	}
	l.leave()
}

// writeBoth writes two pieces. The second may lie in a mapped file that somebody
// shrinks.
func (b *blockingConn) writeBoth(first, second []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = goneBody(r)
		}
	}()
	if len(first) > 0 {
		if n, err = b.Conn.Write(first); err != nil {
			return n, err
		}
	}
	if len(second) > 0 {
		var more int
		more, err = b.Conn.Write(second)
		n += more
	}
	return n, err
}

// open reports whether nothing has come, an end neither.
func (b *blockingConn) open() bool {
	return len(b.pending) == 0 && b.err == nil && b.idle.Alive()
}

func (b *blockingConn) close() { b.Conn.Close() }
