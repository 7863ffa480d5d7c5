package main

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
	"time"
)

const (
	bufferSize = 16 << 10
	// edge is as much of a body as is looked at, at either end.
	edge = 40
)

// stream is a connection by TCP or a Unix socket, for which lingering means nothing.
type stream interface {
	net.Conn
	CloseWrite() error
}

// connection is one client's.
type connection struct {
	stream
	in     *bufio.Reader
	number uint32
}

// request is one that arrived.
type request struct {
	at    int64  // first bytes read
	index uint32 // as in a record
	close bool   // the client wants the connection closed
	sound bool   // complete, and its body whole
}

// serve logs and answers a connection's requests. After a fault that leaves
// the connection half open it goes on reading: whatever the client still sends
// there arrived, and counts.
func (s *server) serve(c stream) {
	defer c.Close()
	conn := &connection{
		stream: c,
		in:     bufio.NewReaderSize(c, bufferSize),
		number: uint32(s.log.head.connections.Add(1)),
	}
	silent := false
	for replies := 1; ; replies++ {
		if s.keepAlive > 0 {
			_ = c.SetReadDeadline(time.Now().Add(s.keepAlive))
		}
		if _, err := conn.in.Peek(1); err != nil {
			return
		}
		for end := s.log.now() + int64(s.work); s.work > 0 && s.log.now() < end; {
		}
		r := request{at: s.log.now(), index: noIndex}
		r.read(conn.in)
		slot := s.log.slot()
		as := s.faults.draw(r.index, slot)
		switch {
		case !r.sound:
			as = malformed
		case silent:
			as = unanswered
		}
		s.log.write(slot, r.at, r.index, conn.number, as)
		if !r.sound {
			return
		}
		if !silent {
			silent = !s.answer(conn, as, r.close)
		}
		if as == reset || r.close || replies == s.last {
			return
		}
	}
}

// read takes one request off the connection.
func (r *request) read(in *bufio.Reader) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return
	}
	r.close = bytes.Contains(line, []byte(" HTTP/1.0\r"))
	length := 0
	for {
		line, err = in.ReadSlice('\n')
		if err != nil {
			return
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return
			}
		case bytes.EqualFold(name, []byte("Connection")):
			r.close = bytes.EqualFold(value, []byte("close")) ||
				r.close && !bytes.EqualFold(value, []byte("keep-alive"))
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return // brunt always knows a body's length
		}
	}
	r.sound = length == 0 || r.body(in, length)
}

// body reads the body and the index at both of its ends.
func (r *request) body(in *bufio.Reader, length int) (whole bool) {
	start, err := in.Peek(min(length, edge))
	if err != nil {
		return false
	}
	digits, ok := bytes.CutPrefix(start, []byte(`{"i":`))
	if !ok {
		return false
	}
	end := bytes.IndexByte(digits, ',')
	if end < 0 {
		return false
	}
	index, err := strconv.ParseUint(string(digits[:end]), 10, 31)
	if err != nil {
		return false
	}
	r.index = uint32(index) + firstIndex
	if _, err := in.Discard(max(0, length-edge)); err != nil {
		return false
	}
	rest, err := in.Peek(min(length, edge))
	if err != nil {
		return false
	}
	whole = bytes.HasSuffix(rest, []byte(`"end":`+strconv.FormatUint(index, 10)+"}"))
	_, err = in.Discard(len(rest))
	return whole && err == nil
}
