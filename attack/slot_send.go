package attack

import (
	"errors"
	"syscall"

	"brunt/attack/endpoint"
	"brunt/payloads/file"
)

// send hands head and body to the system. The body may lie in a mapped file that
// somebody shrinks: reading it then faults, which ends the run and not the process.
func (s *slot) send() {
	s.state = slotExchanging
	if !s.timed { // its time was over while the connection was opened
		s.loop.timers.set(s, s.deadline)
	}
	if err := s.write(); err != nil {
		s.fail(err)
		return
	}
	s.writeOn()
}

// write readies head and body to be written.
func (s *slot) write() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = goneBody(r)
		}
	}()
	own := s.conn.blocking != nil
	buf := s.loop.sendBuf
	switch {
	case own:
		buf = s.buf
	case s.conn.by != nil:
		buf = s.conn.by.Buffer()
	}
	buf = s.expandHead((*s.run.heads.Load())[s.item.Variant].append(buf[:0], s.pathOf()))
	buf, rest, tail := s.startBody(buf, &s.item, &s.run.kinds[s.item.Variant])
	if n := min(len(rest), maxCopied); n == len(rest) || s.conn.tls != nil {
		buf, rest = append(buf, rest[:n]...), rest[n:]
	}
	if len(rest) == 0 && len(tail) > 0 {
		buf, tail = append(buf, tail...), nil
	}
	switch {
	case own:
		s.buf = buf
	case s.conn.by != nil:
		s.conn.by.Keep(buf)
	default:
		s.loop.sendBuf = buf
	}
	s.conn.begin(s.deadline, buf, rest, tail)
	return nil
}

// goneBody is a body that could not be read, for the reason that a panic tells.
func goneBody(r any) error { return &payloadError{file.Fault(r)} }

// goneIfFault is what a write's error means: the system cannot read a body that is gone
// either.
func goneIfFault(err error) error {
	if errors.Is(err, syscall.EFAULT) {
		return &payloadError{
			errors.New("payload file shrank while in use; leave payload files alone during a run, and run again"),
		}
	}
	return err
}

// writeOn writes what is left of the request. An endpoint may answer and close without
// reading to the end (413): its reply says more than the broken pipe does.
func (s *slot) writeOn() {
	c := s.conn
	waited := c.blocked
	done, err := s.writeSome()
	switch {
	case done:
		if waited {
			s.wantWrite(false)
		}
	case err == nil:
		if len(c.out) > 0 && !waited && c.blocking == nil {
			s.buf = c.keep(s.buf)
		}
		if !waited {
			s.wantWrite(true)
		}
	case endpoint.Reset(err) && c.by != nil && c.end == nil: // its end comes, after a reply
	case endpoint.Reset(err):
		s.readable(true)
	default:
		s.fail(goneIfFault(err))
	}
}

// wantWrite has the loop told when the connection takes more bytes, or no longer.
func (s *slot) wantWrite(want bool) {
	if s.conn.blocking == nil {
		s.loop.poller.WantWrite(s.socket(), want)
	}
}

// writeSome is the connection's write, of a body that may be gone.
func (s *slot) writeSome() (done bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = goneBody(r)
		}
	}()
	return s.conn.write()
}

// writable goes on with the request once the system takes more.
func (s *slot) writable() {
	if s.state == slotExchanging && s.conn.blocked {
		s.writeOn()
	}
}
