package h2

import (
	"runtime"
	"strconv"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/clock"
	"brunt/attack/endpoint"
	"brunt/payloads/file"
)

const (
	// flushSize is how much is gathered for one write, and how much of a body
	// is written before other streams may write.
	flushSize = 64 << 10
	// maxSharedInstant is how far apart two requests may begin in a write and share its
	// instant: one behind a body is handed over only after it.
	maxSharedInstant = 16 << 10
	// maxKeptBuffer is the largest write buffer that is kept.
	maxKeptBuffer = 4 * flushSize
	// maxControl is how much of the reader's own frames may wait to be written:
	// thousands of answers that the peer does not read.
	maxControl = 64 << 10
)

// sendMark notes the instant at which the byte at a place in the buffer, a request's
// first, is handed over.
type sendMark struct {
	place int
	at    *clock.AtomicInstant
}

// begin opens the stream: its header, and as much of the body as may be sent. The pump
// sends the rest.
func (c *Conn) begin(s *Stream, r *Request) error {
	c.wmu.Lock()
	n, err := c.register(s, len(r.Body))
	if err != nil {
		c.wmu.Unlock()
		return err
	}
	c.sendMarks = append(c.sendMarks, sendMark{len(c.out), s.written})
	c.appendHeader(s, r)
	// Where the body cannot be read the header is sent all the same, since its table
	// entries are part of the connection's state; endStream resets the stream.
	err = c.appendBody(s, r.Body[:n], n == len(r.Body))
	switch {
	case err != nil:
		c.bodyFailed(s.id, err)
	case n < len(r.Body):
		c.upload(s, r.Body[n:])
		c.wmu.Unlock()
		return nil
	}
	c.flushAfterOthers()
	return err
}

// register gives the stream its number and takes what may be sent of length.
func (c *Conn) register(s *Stream, length int) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.placeUsed(s)
	switch {
	case c.err != nil || c.noMoreStreams:
		return 0, ErrUnsent
	case c.active > c.limit:
		return 0, ErrPlaceLost
	}
	s.id, s.window = c.nextID, c.initial
	if c.nextID += 2; c.nextID > lastID {
		c.stopAccepting()
	}
	c.streams[s.id] = s
	return c.takeWindow(s, length), nil
}

// takeWindow takes up to length bytes off the windows. c.mu is held.
func (c *Conn) takeWindow(s *Stream, length int) int {
	n := max(0, min(int64(length), s.window, c.window, flushSize))
	s.window -= n
	c.window -= n
	return int(n)
}

// appendHeader encodes the request's header for this connection. Both ends keep a
// table of earlier fields (HPACK), so headers must be sent in the order encoded.
func (c *Conn) appendHeader(s *Stream, r *Request) {
	c.fields.Reset()
	if size := c.tableSize.Swap(-1); size >= 0 {
		c.encoder.SetMaxDynamicTableSize(uint32(size))
	}
	for i := range r.Head {
		_ = c.encoder.WriteField(r.Head[i]) // into memory, so it cannot fail
	}
	if r.Length {
		_ = c.encoder.WriteField(hpack.HeaderField{Name: "content-length", Value: strconv.Itoa(len(r.Body))})
	}
	kind, flags, maxPart := http2.FrameHeaders, http2.Flags(0), int(c.peerMaxFrame.Load())
	if len(r.Body) == 0 {
		flags = http2.FlagHeadersEndStream
	}
	for b := c.fields.Bytes(); ; {
		part := b[:min(len(b), maxPart)]
		if b = b[len(part):]; len(b) == 0 {
			flags |= http2.FlagHeadersEndHeaders
		}
		c.out = append(appendFrame(c.out, kind, flags, s.id, len(part)), part...)
		s.Out += 9 + len(part)
		if len(b) == 0 {
			return
		}
		kind, flags = http2.FrameContinuation, 0
	}
}

// appendBody adds DATA frames. Reading a body whose file shrank faults: then
// nothing of this piece is sent.
func (c *Conn) appendBody(s *Stream, body []byte, last bool) (err error) {
	mark, out := len(c.out), s.Out
	defer func() {
		if r := recover(); r != nil {
			c.out, s.Out = c.out[:mark], out
			err = &BodyError{file.Fault(r)}
		}
	}()
	for maxPart := int(c.peerMaxFrame.Load()); len(body) > 0; {
		part := body[:min(len(body), maxPart)]
		body = body[len(part):]
		flags := http2.Flags(0)
		if last && len(body) == 0 {
			flags = http2.FlagDataEndStream
		}
		c.out = append(appendFrame(c.out, http2.FrameData, flags, s.id, len(part)), part...)
		s.Out += 9 + len(part)
	}
	return nil
}

// flushAfterOthers is called with the buffer's lock held, after adding to it. It
// writes at once where the buffer is full, else after the goroutines that are ready
// to add to it have done so; where none is, yielding costs next to nothing.
func (c *Conn) flushAfterOthers() {
	if len(c.out) < flushSize {
		if c.flushPending || len(c.out) == 0 {
			c.wmu.Unlock()
			return
		}
		c.flushPending = true
		c.wmu.Unlock()
		runtime.Gosched()
		c.wmu.Lock()
		c.flushPending = false
	}
	c.flush()
	c.wmu.Unlock()
}

// flush writes everything out. c.wmu is held.
func (c *Conn) flush() {
	c.ctlMu.Lock()
	c.out = append(c.out, c.ctl...)
	freed := c.placesToFree
	c.ctl, c.placesToFree, c.controlPending = c.ctl[:0], 0, false
	c.ctlMu.Unlock()
	if len(c.out) == 0 {
		return
	}
	err := c.writeOut()
	clear(c.sendMarks)
	c.sendMarks = c.sendMarks[:0]
	if c.out = c.out[:0]; cap(c.out) > maxKeptBuffer {
		c.out = nil
	}
	if freed > 0 && c.free(freed) {
		c.spawn(func() { c.fail(errClosed) })
	}
	if err != nil {
		c.writeFailed(err)
	}
}

// writeOut hands over what was gathered, unless the connection has failed. The
// requests of which nothing was handed over have no instant then.
func (c *Conn) writeOut() (err error) {
	for from, next := 0, 0; from < len(c.out) && err == nil && !c.writesStopped.Load(); {
		to, now := len(c.out), c.config.Now()
		for ; next < len(c.sendMarks); next++ {
			if c.sendMarks[next].place >= from+maxSharedInstant {
				to = c.sendMarks[next].place
				break
			}
			c.sendMarks[next].at.Store(now)
		}
		var n int
		if n, err = c.write(c.out[from:to], now); err != nil {
			for _, s := range c.sendMarks[:next] {
				if s.place >= from+n {
					s.at.Store(0)
				}
			}
		}
		from = to
	}
	return err
}

// write hands b over, which begins now. c.wmu is held.
func (c *Conn) write(b []byte, now clock.Instant) (n int, err error) {
	if c.deadline < now.Add(c.config.Timeout-c.config.Timeout/deadlineShare) {
		c.deadline = now.Add(c.config.Timeout)
		_ = c.net.SetWriteDeadline(c.config.Time(c.deadline))
	}
	c.writes.Add(1)
	defer c.writes.Add(1)
	return c.net.Write(b)
}

// writeFailed closes the connection after a failed write, unless the peer has said
// something before it went, which the reader is to find first.
func (c *Conn) writeFailed(err error) {
	if !broken(err) {
		c.fail(err)
		return
	}
	// The reader meets the same end, after what came before it.
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = true
	c.stopAccepting()
}

// broken reports whether the peer broke the connection off.
func broken(err error) bool { return endpoint.Reset(err) }

// control has a frame sent without waiting for it: the reader never waits for
// a peer that may be waiting for the reader.
func (c *Conn) control(add func(b []byte) []byte) { c.controlFreeing(0, add) }

// abort resets a stream. Its place is freed when the reset has been sent: until then
// the peer counts the stream as open.
func (c *Conn) abort(id uint32, code http2.ErrCode) {
	c.controlFreeing(1, func(b []byte) []byte { return appendReset(b, id, code) })
}

// controlFreeing is control for a frame by whose writing places come free.
func (c *Conn) controlFreeing(places int, add func(b []byte) []byte) {
	c.ctlMu.Lock()
	defer c.ctlMu.Unlock()
	if len(c.ctl) > maxControl {
		c.controlUnread.Store(true)
		return
	}
	c.ctl = add(c.ctl)
	c.placesToFree += places
	if c.controlPending {
		return
	}
	c.controlPending = c.start(func() {
		c.wmu.Lock()
		c.flush()
		c.wmu.Unlock()
	})
}

// checkControl is an error when the peer sends control frames and does not read the
// answers, whose number would have no bound.
func (c *Conn) checkControl() error {
	if c.controlUnread.Load() {
		return &MalformedError{"it does not read the answers to its control frames"}
	}
	return nil
}

// spawn is start for callers without c.ctlMu.
func (c *Conn) spawn(f func()) {
	c.ctlMu.Lock()
	defer c.ctlMu.Unlock()
	c.start(f)
}

// start runs f in a goroutine that Wait waits for; false once the reader has
// ended, with the connection closed. c.ctlMu is held.
func (c *Conn) start(f func()) bool {
	if !c.ended {
		c.routines.Go(f)
	}
	return !c.ended
}

// finish is the reader's last act.
func (c *Conn) finish() {
	c.ctlMu.Lock()
	c.ended = true
	c.ctlMu.Unlock()
	c.routines.Wait()
	close(c.finished)
}
