package attack

import (
	"crypto/tls"
	"net"
	"time"
)

// wire is the connection under TLS. During the handshake it is the dialled connection
// itself. After it, reads do not wait, and what TLS writes is kept in records.
type wire struct {
	net.Conn
	conn *connection // after the handshake

	records  []byte // what TLS has written
	gone     int    // of it, bytes that the system has taken
	received int64  // bytes read since the request's beginning
	noRead   bool   // reads find nothing
	oneByte  [1]byte
}

// Write implements net.Conn for TLS.
func (w *wire) Write(p []byte) (int, error) {
	if w.conn == nil {
		return w.Conn.Write(p)
	}
	w.records = append(w.records, p...)
	return len(p), nil
}

// unwritten are the records' bytes that the system has not taken yet.
func (w *wire) unwritten() []byte { return w.records[w.gone:] }

// wrote notes that the system has taken n bytes more.
func (w *wire) wrote(n int) {
	if w.gone += n; w.gone == len(w.records) {
		w.records, w.gone = w.records[:0], 0
	}
}

// Read implements net.Conn for TLS.
func (w *wire) Read(p []byte) (int, error) {
	switch {
	case w.conn == nil:
		return w.Conn.Read(p)
	case w.noRead:
		return 0, errWouldBlock
	}
	n, err := w.readNow(p)
	w.received += int64(n)
	return n, err
}

func (w *wire) readNow(p []byte) (int, error) {
	if w.conn.by == nil {
		return readSocket(w.conn.fd, p)
	}
	came, err := w.conn.next(len(p))
	return copy(p, came), err
}

// Close does nothing after the handshake: the connection closes its socket.
func (w *wire) Close() error {
	if w.conn == nil {
		return w.Conn.Close()
	}
	return nil
}

// SetDeadline and its like have no effect after the handshake: nothing waits.
func (w *wire) SetDeadline(t time.Time) error {
	if w.conn == nil {
		return w.Conn.SetDeadline(t)
	}
	return nil
}

// SetReadDeadline is as SetDeadline.
func (w *wire) SetReadDeadline(t time.Time) error {
	if w.conn == nil {
		return w.Conn.SetReadDeadline(t)
	}
	return nil
}

// SetWriteDeadline is as SetDeadline.
func (w *wire) SetWriteDeadline(t time.Time) error {
	if w.conn == nil {
		return w.Conn.SetWriteDeadline(t)
	}
	return nil
}

// maxRecordOverhead is what a TLS record of the usual ciphers adds to its content
// [RFC 8446 §5.2, RFC 5288 §3].
const maxRecordOverhead = 5 + 8 + 16

// hasMore reports whether TLS holds bytes after the given ones that it has returned
// in so many pieces. It asks TLS only where the given bytes may not be all: most
// replies are one record.
func (w *wire) hasMore(over *tls.Conn, given int64, pieces int) bool {
	if pieces == 1 && w.received <= given+maxRecordOverhead {
		return false
	}
	w.noRead = true
	n, _ := over.Read(w.oneByte[:])
	w.noRead = false
	return n > 0
}
