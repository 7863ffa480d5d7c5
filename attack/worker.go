package attack

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"brunt/attack/endpoint"
	"brunt/payloads"
	"brunt/payloads/file"
)

// maxCopied is the body size up to which head and body are joined in one buffer;
// larger ones are handed to the system as two pieces.
const maxCopied = 16 << 10

// outcome of one exchange.
type outcome uint8

const (
	succeeded outcome = iota
	failed
	cutOff
)

// exchange is one request and what became of it. A worker reuses its own.
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

// worker owns one connection and has at most one request in flight.
type worker struct {
	run        *Run
	dispatcher *dispatcher // of an open loop
	tally      *tally
	wake       chan struct{}
	nextIdle   *worker

	sender  *muxSender  // of HTTP/2; its connections are shared
	conn    *connection // the worker's own, of HTTP/1.1
	reply   *reply
	ex      exchange
	claim   claim   // of a closed loop
	session session // where bodies are the turns of sessions
	buf     []byte
	id      []byte // of the request, where its body has splices
	pair    [2][]byte
	bufs    net.Buffers
	free    Instant // instant since which the worker has been free, negative where that is not known

	permit bool // the pacer has been waited for
	dialed bool // there has been a connection
	lost   bool // the connection was closed by the peer after the last exchange
	left   bool // has left the run's count of workers
	ahead  bool // it opens its connection before it has a request

	mu      sync.Mutex // guards conn against the cut
	netConn net.Conn

	_        [64]byte
	started  atomic.Uint64 // measured requests begun; written by the worker only
	followed atomic.Uint64 // of them, those that an earlier turn of their session has planned
	_        [48]byte
}

func newWorker(run *Run, d *dispatcher, tally *tally) *worker {
	w := &worker{run: run, dispatcher: d, tally: tally, wake: make(chan struct{}, 1), reply: newReply(), free: -1}
	w.reply.followAs(run)
	return w
}

// sendTicket sends one ticket's item and records what became of it.
func (w *worker) sendTicket(tk ticket, item payloads.Item) {
	if !tk.warm {
		w.started.Store(w.started.Load() + 1)
	}
	w.ex = exchange{ticket: tk}
	w.reply.begin(tk.warm)
	w.ex.variant = item.Variant
	if err := w.exchange(item); err != nil {
		w.fail(err)
	}
	if w.ex.outcome == succeeded {
		w.ex.model = w.reply.servedModel()
		w.ex.whole = w.reply.isAnswer() && asksForStream(item.Body)
	}
	if w.conn != nil {
		w.conn.lastUse = w.ex.end
	}
	w.free = w.ex.end
	w.tally.record(w)
	w.awaitDueClose()
}

// exchange does one request on an open connection, or on a new one.
func (w *worker) exchange(item payloads.Item) error {
	deadline := w.ex.begin.Add(w.run.plan.Timeout)
	if w.ex.turn > 0 {
		var err error
		if item, err = w.turnItem(item); err != nil {
			return err
		}
	}
	if w.sender != nil {
		return w.sender.exchange(w, item, deadline)
	}
	if err := w.ready(deadline); err != nil {
		return err
	}
	if err := w.send(item); err != nil {
		// An endpoint may answer and close without reading to the end (413):
		// its reply says more than the broken pipe does.
		if !endpoint.Reset(err) || !w.replyBegun() {
			return err
		}
	}
	return w.receive()
}

// ready makes sure that there is a connection to send on.
func (w *worker) ready(deadline Instant) error {
	if w.conn != nil {
		if err := w.conn.begin(deadline, w.run.plan.Timeout); err != nil {
			return err
		}
		if !w.conn.stale(w.ex.begin, w.run.unannounced.seen.Load()) {
			return nil
		}
		w.drop()
		w.lost = true
	}
	w.ex.reopened, w.lost = w.lost, false
	if err := w.dial(deadline); err != nil {
		return err
	}
	return w.conn.begin(deadline, w.run.plan.Timeout)
}

func (w *worker) dial(deadline Instant) error {
	ctx, cancel := w.run.dialContext(deadline)
	defer cancel()
	permit := w.permit
	w.permit = false
	conn, connect, handshake, err := w.run.dial(ctx, deadline, permit)
	w.opened()
	if err != nil {
		if w.run.cutting.Load() {
			return errCut
		}
		return &dialError{err}
	}
	w.connected(connect, handshake)
	w.mu.Lock()
	w.netConn = conn
	w.mu.Unlock()
	w.conn = newConnection(conn, connect, w.run)
	w.reply.use(w.conn)
	return nil
}

// connected notes a connection that was opened for the exchange. There may be
// several: a stream moves on when its connection takes no more.
func (w *worker) connected(connect, handshake time.Duration) {
	if w.ex.opened {
		w.tally.mu.Lock()
		w.tally.countConnection(&w.ex)
		w.tally.mu.Unlock()
	}
	w.ex.opened, w.ex.connect, w.ex.tls = true, connect, handshake
}

// opened notes that the worker's first connection is no longer on its way.
func (w *worker) opened() {
	if w.dispatcher != nil && !w.dialed {
		w.dispatcher.opened()
	}
	w.dialed = true
}

// drop closes the connection; the next request opens another.
func (w *worker) drop() {
	if w.conn == nil {
		return
	}
	w.conn = nil
	w.mu.Lock()
	w.netConn.Close()
	w.netConn = nil
	w.mu.Unlock()
}

// cut ends what the worker is waiting for.
func (w *worker) cut() {
	w.mu.Lock()
	if w.netConn != nil {
		_ = w.netConn.SetDeadline(time.Unix(1, 0))
	}
	w.mu.Unlock()
}

// send hands head and body to the system, in one call. The body may lie in a
// mapped file that somebody shrinks: reading it then faults, which ends the
// run and not the process.
func (w *worker) send(item payloads.Item) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &payloadError{file.Fault(r)}
		}
	}()
	run := w.run
	w.buf = append(w.buf[:0], (*run.heads.Load())[item.Variant]...)
	rest := w.startBody(&item)
	if len(rest) <= maxCopied {
		w.buf = append(w.buf, rest...)
		if w.reply.in.Buffered() > 0 {
			w.ex.out, err = w.conn.write(w.buf)
		} else {
			w.ex.out, err = w.conn.queue(w.buf)
		}
		return err
	}
	if run.target.TLS {
		w.buf = append(w.buf, rest[:maxCopied]...)
		if w.ex.out, err = w.conn.write(w.buf); err != nil {
			return err
		}
		n, err := w.conn.write(rest[maxCopied:])
		w.ex.out += n
		return err
	}
	w.pair = [2][]byte{w.buf, rest}
	w.bufs = w.pair[:]
	w.ex.out, err = w.conn.writeBoth(&w.bufs)
	if errors.Is(err, syscall.EFAULT) {
		return &payloadError{
			errors.New("payload file shrank while in use; leave payload files alone during a run, and run again"),
		}
	}
	return err
}

// replyBegun reports whether a reply's first bytes are in.
func (w *worker) replyBegun() bool {
	_, err := w.reply.in.Peek(1)
	return err == nil
}

func (w *worker) receive() error {
	status, err := w.reply.read(w.run.head, &w.run.plan.Success)
	fault := err
	switch {
	case w.reply.streaming:
		fault = w.reply.fault(err, w.conn.at)
	case err == nil:
		fault = w.reply.wholeFault()
	}
	if err != nil {
		return fault
	}
	if fault == nil && w.run.plan.Success[status] {
		fault = w.reply.bodyFault(&w.run.plan)
	}
	ex := &w.ex
	unsent := w.conn.unsent()
	ex.out = max(0, ex.out-unsent)
	ex.sent, ex.first, ex.end, ex.in, ex.status = w.conn.firstSend.at, w.conn.first, w.conn.last(), w.conn.received, status
	switch {
	case fault != nil: // the reply is whole, the answer in it is not
		w.failStream(fault)
	case !w.run.plan.Success[status]:
		ex.outcome = failed
	}
	w.conn.replies++
	w.conn.trip = min(w.conn.trip, ex.first.Sub(ex.sent))
	w.run.unannounced.answered(w.conn.replies)
	if w.reply.close || unsent > 0 || !w.run.plan.KeepAlive {
		w.drop()
	}
	return nil
}

// failStream records a whole reply whose stream is none.
func (w *worker) failStream(fault error) {
	w.ex.outcome, w.ex.status, w.ex.err, w.ex.kind = failed, 0, fault, kindOf(fault, false)
}

// fail records an exchange without a complete reply.
func (w *worker) fail(err error) {
	ex := &w.ex
	ex.end, ex.err = w.run.clock.Now(), err
	if w.conn != nil {
		ex.sent, ex.in, ex.trip = w.conn.firstSend.at, w.conn.received, w.conn.trip
		ex.connIdled, ex.connUnanswered = w.conn.replies > 0, w.conn.replies == 0
		ex.out = max(0, ex.out-w.conn.unsent())
	}
	ex.outcome = failed
	var gone *payloadError
	switch {
	case err == errCut:
		ex.outcome = cutOff
	case errors.As(err, &gone):
		w.run.abort(gone.err)
	}
	stale := w.closedUnread(err)
	if stale {
		w.run.unannounced.note(w.conn)
	}
	ex.kind = kindOf(err, stale)
	w.drop()
}
