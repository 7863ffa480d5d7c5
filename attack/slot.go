package attack

import (
	"time"

	"brunt/attack/poll"
	"brunt/payloads"
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
	resumed        bool // TLS took up an earlier session
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
	writes        int         // goroutines that write for it: see blockingConn

	sender *muxSender   // of HTTP/2
	others []*muxSender // to other hosts than the target's own; nil before the first
	work   chan struct{}

	conn     *connection // of HTTP/1.1
	host     int         // that it is to
	parked   []parkedConn
	reply    *reply // of HTTP/1.1: from its first bytes on
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
	s := &slot{run: run, free: -1}
	l.add(s)
	if run.mux != nil {
		s.reply = l.newReply()
		s.reply.shared = true
		s.sender = run.mux.newSender(int(run.slots.Add(1) - 1))
		s.work = make(chan struct{}, 1)
		run.helpers.Add(1)
		go s.handedLoop()
	}
	return s
}

// newReply makes a reply for the loop's slots.
func (l *loop) newReply() *reply {
	r := newReply()
	r.followAs(l.run)
	r.Reader = &l.header
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
	s.reply.NoBody = s.run.kinds[s.item.Variant].noReply
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
	if host := s.run.kinds[item.Variant].host; host != s.host {
		s.turnTo(host)
	}
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

// conclude counts the exchange, and has the slot go on.
func (s *slot) conclude() {
	l, ex := s.loop, &s.ex
	l.deadlines.remove(s)
	l.timers.stop(s)
	if ex.outcome == succeeded {
		ex.model = s.reply.servedModel()
		ex.whole = s.reply.isAnswer() && asksForStream(s.plainBody())
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

// plainBody is the request's body as it was before it was compressed.
func (s *slot) plainBody() []byte {
	if s.run.packed {
		return s.run.payloads.Plain(s.ex.index)
	}
	return s.item.Body
}

// wait has the slot wait until the instant, and then go on with what follows. Once the
// run is over nothing is waited for: what follows sees that, too.
func (s *slot) wait(until Instant, then func(*slot)) {
	if s.run.over() {
		until = 0
	}
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

// socket is the slot's connection as its loop's poller knows it.
func (s *slot) socket() poll.Socket {
	return poll.Socket{FD: s.conn.fd, Number: s.number, Generation: s.conn.generation}
}
