package attack

import (
	"errors"
	"os"
	"syscall"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/payloads/file"
)

// outcome of one exchange.
type outcome uint8

const (
	succeeded outcome = iota
	failed
	cutOff
)

// exchange is one request and what became of it. A slot reuses its own.
type exchange struct {
	ticket
	variant        int
	sent           Instant // right before the first byte is handed to the system; 0 where none was
	first          Instant // first byte of the reply
	end            Instant
	outcome        outcome
	status         int    // of a complete reply, else 0
	kind           string // of a failure
	model          []byte // that made the reply, as it says
	err            error
	out            int           // bytes sent
	in             int64         // bytes of the reply
	opened         bool          // a connection was opened for it
	reopened       bool          // because the idle one had been closed by the peer
	connIdled      bool          // its connection had lain idle, after other replies
	connUnanswered bool          // its connection has brought no reply
	trip           time.Duration // a round trip on its connection
	connect        time.Duration
	tls            time.Duration
	whole          bool // an answer that was asked for as a stream came whole
}

// slotState is what a slot is at.
type slotState uint8

const (
	slotFree       slotState = iota // nothing
	slotOpening                     // a goroutine opens its connection
	slotExchanging                  // its request is written, and its reply read
	slotHanded                      // its goroutine, of HTTP/2, has the exchange
	slotWaiting                     // for an instant
	slotLeft                        // of a closed loop: it sends no more
)

// slot is room for one request in flight. Over HTTP/1.1 it has a connection of its own;
// over HTTP/2 it has a goroutine, which sends over connections that are shared. The
// loop's lock guards it, but what belongs to the goroutine meanwhile.
type slot struct {
	run    *Run
	loop   *loop
	number int // among the loop's
	state  slotState
	next   *slot // free one

	// Instants that are waited for.
	timed         bool  // it is among the deadlines
	before, after *slot // there
	timer         int   // its place among the timers, from 1; 0 for none
	wakeAt        Instant
	then          func(*slot) // what follows, in slotWaiting

	sender *muxSender // of HTTP/2
	work   chan struct{}

	conn     *connection // of HTTP/1.1
	reply    *reply      // of HTTP/1.1: from its first bytes on
	ex       exchange
	item     payloads.Item
	deadline Instant
	session  session // where bodies are the turns of sessions
	turnDue  Instant // when its next turn is due
	back     backOff // of a closed loop
	buf      []byte
	id       []byte  // of the request, where its body has splices
	free     Instant // instant since which the slot has been free, negative where that is not known

	lingers bool // it waits for the endpoint to close the connection
	permit  bool // the pacer has been waited for
	dialed  bool // there has been a connection, or the attempt at one
	lost    bool // the connection was closed by the peer after the last exchange
	ahead   bool // it opens its connection before it has a request
	asks    bool // its goroutine asks the pacer for it
}

// newSlot adds a slot to the loop, which is free.
func (l *loop) newSlot() *slot {
	run := l.run
	s := &slot{run: run, loop: l, number: len(l.slots), free: -1}
	if run.mux != nil {
		s.reply = l.newReply()
		s.reply.shared = true
		s.sender = run.mux.newSender(int(run.slots.Add(1) - 1))
		s.work = make(chan struct{}, 1)
		run.helpers.Add(1)
		go s.handedLoop()
	}
	l.slots = append(l.slots, s)
	return s
}

// newReply makes a reply for the loop's slots.
func (l *loop) newReply() *reply {
	r := newReply()
	r.followAs(l.run)
	r.reader = &l.header
	l.replies = append(l.replies, r)
	return r
}

// takeReply gives the slot something to take its reply with. Slots have one from a
// reply's first bytes until it is counted: what most replies are read with, in one piece,
// is that of the reply before, which the processor still has at hand.
func (s *slot) takeReply() *reply {
	if s.reply != nil {
		return s.reply
	}
	l := s.loop
	if n := len(l.spare); n > 0 {
		s.reply, l.spare = l.spare[n-1], l.spare[:n-1]
	} else {
		s.reply = l.newReply()
	}
	s.reply.use(s.conn)
	s.reply.begin(s.ex.warm)
	return s.reply
}

func (s *slot) giveReplyBack() {
	if s.reply != nil && s.sender == nil {
		s.loop.spare = append(s.loop.spare, s.reply)
		s.reply = nil
	}
}

// begin sends one ticket's item, on the slot's connection or on a new one.
func (s *slot) begin(tk ticket, item payloads.Item) {
	l := s.loop
	if !tk.warm {
		l.started++
	}
	s.ex = exchange{ticket: tk, variant: item.Variant}
	s.item, s.deadline = item, tk.begin.Add(s.run.plan.Timeout)
	if tk.turn > 0 {
		var err error
		if s.item, err = s.turnItem(item); err != nil {
			s.fail(err)
			return
		}
	}
	if s.sender != nil {
		s.reply.begin(tk.warm)
		s.state = slotHanded
		s.work <- struct{}{}
		return
	}
	l.deadlines.add(s)
	if s.conn != nil {
		if !s.conn.stale(tk.begin, s.run.unannounced.seen.Load()) {
			s.send()
			return
		}
		s.drop()
		s.lost = true
	}
	s.ex.reopened, s.lost = s.lost, false
	s.open()
}

// open has a goroutine open the slot's connection.
func (s *slot) open() {
	s.state = slotOpening
	permit := s.permit
	s.permit = false
	s.run.helpers.Add(1)
	go s.openNow(s.deadline, permit)
}

func (s *slot) openNow(deadline Instant, permit bool) {
	run, l := s.run, s.loop
	defer run.helpers.Done()
	ctx, cancel := run.dialContext(deadline)
	defer cancel()
	conn, connect, handshake, err := run.dial(ctx, deadline, permit)
	var c *connection
	if err == nil {
		c, err = newConnection(conn, connect, run)
	}
	l.lock()
	defer l.leave()
	l.opened(s)
	if err == nil {
		s.conn = c
		err = l.poller.watch(s)
	}
	if err == nil && run.cutting.Load() {
		err = errCut
	}
	s.openEnded(connect, handshake, err)
}

// openEnded goes on once the slot's connection is open, or could not be opened.
func (s *slot) openEnded(connect, handshake time.Duration, err error) {
	switch {
	case err != nil && s.run.cutting.Load():
		err = errCut
	case err != nil:
		err = &dialError{err}
	default:
		s.connected(connect, handshake)
	}
	switch {
	case s.ahead:
		s.openedAhead(err)
	case err != nil:
		s.drop()
		s.fail(err)
	default:
		s.send()
	}
}

// openedAhead frees the slot whose connection was opened before it had a request. One
// that cannot be opened fails no request: the next ticket is going to open its own.
func (s *slot) openedAhead(err error) {
	s.ahead = false
	if err != nil {
		s.drop()
	} else {
		s.loop.tally.countConnection(&s.ex)
		s.conn.lastUse = s.run.clock.Now()
	}
	s.loop.release(s)
}

// connected notes a connection that was opened for the exchange. There may be
// several: a stream moves on when its connection takes no more.
func (s *slot) connected(connect, handshake time.Duration) {
	if s.ex.opened {
		s.loop.tally.countConnection(&s.ex)
	}
	s.ex.opened, s.ex.connect, s.ex.tls = true, connect, handshake
}

// drop closes the connection; the next request opens another.
func (s *slot) drop() {
	if s.conn == nil {
		return
	}
	s.conn.close()
	if s.conn.blocking != nil && s.conn.blocking.writing {
		s.buf = nil // the goroutine still has it
	}
	s.conn = nil
}

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
	if own {
		buf = s.buf
	}
	buf = append(buf[:0], (*s.run.heads.Load())[s.item.Variant]...)
	buf, rest := s.startBody(buf, &s.item)
	if n := min(len(rest), maxCopied); n == len(rest) || s.conn.tls != nil {
		buf, rest = append(buf, rest[:n]...), rest[n:]
	}
	if own {
		s.buf = buf
	} else {
		s.loop.sendBuf = buf
	}
	s.conn.begin(s.deadline, buf, rest)
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
			s.loop.poller.wantWrite(s, false)
		}
	case err == nil:
		if len(c.out) > 0 && !waited && c.blocking == nil {
			s.buf = c.keep(s.buf)
		}
		if !waited {
			s.loop.poller.wantWrite(s, true)
		}
	case endpoint.Reset(err):
		s.readable(true)
	default:
		s.fail(goneIfFault(err))
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

// readable takes what has come on the slot's connection; ended says that its end may
// have come.
func (s *slot) readable(ended bool) {
	switch {
	case s.conn == nil:
	case s.state == slotExchanging:
		s.readReply(ended)
	case s.state != slotOpening:
		s.newsWhileIdle()
	}
}

// newsWhileIdle drops a connection on which something came that is no reply.
func (s *slot) newsWhileIdle() {
	if s.conn.openAfterNews() {
		return
	}
	s.drop()
	s.lost = true
	if s.lingers {
		s.loop.timers.stop(s)
		s.lingered()
	}
}

// readReply reads as long as there is something to read.
func (s *slot) readReply(ended bool) {
	c, buf := s.conn, s.loop.readBuf
	for {
		n, err := c.read(buf)
		switch {
		case n > 0:
			before := c.stall
			done, fault := s.takeReply().take(buf[:n], c.at)
			switch {
			case fault != nil:
				s.broken(fault)
				return
			case done:
				s.complete(ended)
				return
			case c.stall != before:
				s.watchSilence()
			}
			if !ended && c.drained(n, len(buf)) {
				return
			}
		case err == errWouldBlock:
			if c.writeErr != nil { // it came first
				s.broken(goneIfFault(c.writeErr))
			} else if c.wire != nil && !c.blocked && len(c.wire.unwritten()) > 0 {
				s.writeOn() // TLS has something to say
			}
			return
		case err != nil:
			if done, fault := s.takeReply().ended(err); done {
				s.complete(false)
			} else {
				s.broken(fault)
			}
			return
		}
	}
}

// watchSilence has the stream fail when it says nothing for too long: from its first
// output on.
func (s *slot) watchSilence() {
	s.loop.deadlines.remove(s)
	s.loop.timers.set(s, s.conn.limit())
}

// late is called when the exchange's time may be over.
func (s *slot) late(now Instant) {
	switch c := s.conn; {
	case s.state != slotExchanging: // the goroutine that opens knows by itself
	case now >= c.deadline:
		s.broken(os.ErrDeadlineExceeded)
	case now >= c.limit():
		s.broken(errStalled)
	default:
		s.loop.timers.set(s, c.limit())
	}
}

// cut ends what the slot is at.
func (s *slot) cut() {
	if s.state == slotExchanging {
		s.broken(errCut)
	}
}

// complete records a reply that came to its end; ended says that the connection's end
// may have come with it.
func (s *slot) complete(ended bool) {
	run, c, r := s.run, s.conn, s.reply
	var fault error
	if r.streaming {
		fault = r.fault(nil, c.at)
	} else {
		fault = r.wholeFault()
	}
	if fault == nil && run.plan.Success[r.status] {
		fault = r.bodyFault(&run.plan)
	}
	ex := &s.ex
	ex.out = c.handed()
	ex.sent, ex.first, ex.end, ex.in, ex.status = c.sent, c.first, c.at, c.received, r.status
	switch {
	case fault != nil: // the reply is whole, the answer in it is not
		s.failStream(fault)
	case !run.plan.Success[r.status]:
		ex.outcome = failed
	}
	c.replies++
	c.trip = min(c.trip, ex.first.Sub(ex.sent))
	run.unannounced.answered(c.replies)
	switch {
	case r.close || c.more() || c.unsent() > 0 || !run.plan.KeepAlive:
		s.drop()
	case ended && !c.openAfterNews():
		s.drop()
		s.lost = true
	}
	s.conclude()
}

// failStream records a whole reply whose stream is none.
func (s *slot) failStream(fault error) {
	s.ex.outcome, s.ex.status, s.ex.err, s.ex.kind = failed, 0, fault, kindOf(fault, false)
}

// broken records an exchange whose reply did not come to its end.
func (s *slot) broken(err error) {
	if s.reply != nil && s.reply.streaming {
		err = s.reply.fault(err, s.conn.at)
	}
	s.fail(err)
}

// fail records an exchange without a complete reply.
func (s *slot) fail(err error) {
	s.noteFailure(err)
	s.drop()
	s.conclude()
}

func (s *slot) noteFailure(err error) {
	ex := &s.ex
	ex.end, ex.err = s.run.clock.Now(), err
	if c := s.conn; c != nil {
		ex.sent, ex.in, ex.trip = c.sent, c.received, c.trip
		ex.connIdled, ex.connUnanswered = c.replies > 0, c.replies == 0
		ex.out = c.handed()
	}
	ex.outcome = failed
	var gone *payloadError
	switch {
	case err == errCut:
		ex.outcome = cutOff
	case errors.As(err, &gone):
		s.run.abort(gone.err)
	}
	stale := s.closedUnread(err)
	if stale {
		s.run.unannounced.note(s.conn)
	}
	ex.kind = kindOf(err, stale)
}

// conclude counts the exchange, and has the slot go on.
func (s *slot) conclude() {
	l, ex := s.loop, &s.ex
	l.deadlines.remove(s)
	l.timers.stop(s)
	if ex.outcome == succeeded {
		ex.model = s.reply.servedModel()
		ex.whole = s.reply.isAnswer() && asksForStream(s.item.Body)
	}
	if s.conn != nil {
		s.conn.lastUse = ex.end
	}
	s.free = ex.end
	s.state = slotFree
	s.takeReply()
	l.tally.record(s)
	if s.closeIsDue() {
		s.lingers = true
		s.wait(s.run.clock.Now().Add(maxLinger), (*slot).lingered)
		return
	}
	s.goOn()
}

// wait has the slot wait until the instant, and then go on with what follows.
func (s *slot) wait(until Instant, then func(*slot)) {
	s.state, s.then = slotWaiting, then
	s.loop.timers.set(s, until)
}

// goOn has the slot go on after an exchange: with the next turn of its session, with
// the next ticket, or free.
func (s *slot) goOn() {
	if !s.run.sessions || !s.nextTurn() {
		s.goOnFree()
	}
}

// goOnFree is goOn for a slot that has no session, or has ended it.
func (s *slot) goOnFree() {
	s.giveReplyBack()
	if s.run.plan.Open() {
		s.loop.release(s)
	} else {
		s.pauseOrTake()
	}
}
