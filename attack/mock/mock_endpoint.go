package mock

import (
	"sync"
	"time"
)

// endpoint is one serving endpoint, apart from how requests reach it.
type endpoint struct {
	config      Config
	invocations string // path
	details     string // path
	entity      []byte // what answers: the name of the served entity
	created     time.Time
	draws       draws
	shapes      shapes
	parts       replyParts
	failure     refusal // what the model answers when it fails

	mu     sync.Mutex
	queue  slotQueue
	due    int64  // when the next request is due by the rate limit
	served uint64 // requests that were let in, and so draws used
	closed bool
	counts counts
}

func newEndpoint(c Config) *endpoint {
	return &endpoint{
		config:      c,
		invocations: "/serving-endpoints/" + c.Name + "/invocations",
		details:     "/api/2.0/serving-endpoints/" + c.Name,
		entity:      []byte(c.Name + "-1"),
		created:     time.Now(),
		draws:       newDraws(c),
		parts:       newReplyParts(c),
		failure:     modelFailure(c.ErrorStatus),
		queue:       newSlotQueue(c),
	}
}

// outcome is what becomes of a request that arrived.
type outcome uint8

const (
	servedOutcome  outcome = iota
	failedOutcome          // by the model, after its time there
	refusedOutcome         // the queue is full
	fateLimited            // too many in this second
	closedOutcome          // the endpoint has closed
)

// decision is what is to become of a request. Instants are the server's.
type decision struct {
	fate     outcome
	due      int64 // of the reply; of a stream, of its beginning
	arrived  int64
	queued   int64 // how long it waits for a slot
	slotTime int64 // how long it holds one
	first    int64 // of a stream's first token
	fault    fault // in its middle
}

// admit counts an arrival and decides its course. The clock is read under the
// lock: the line's order is time's order.
func (e *endpoint) admit(now func() int64, bytesIn int, sh *shape) decision {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts.arrive(bytesIn)
	c := decision{arrived: now()}
	c.due = c.arrived
	switch {
	case e.closed:
		c.fate = closedOutcome
		return c
	case e.limited(c.arrived):
		c.fate = fateLimited
		return c
	case e.queue.full(c.arrived):
		c.fate = refusedOutcome
		return c
	}
	k := e.served
	e.served++
	overhead := int64(e.config.Overhead)
	if e.draws.fails(k) {
		c.fate = failedOutcome
	}
	if !sh.streams() || c.fate == failedOutcome {
		c.slotTime = e.draws.latency(k)
		c.due = e.queue.plan(c.arrived, c.slotTime) + overhead
		c.queued = c.due - overhead - c.slotTime - c.arrived
		return c
	}
	first := e.draws.firstToken(k)
	tokens, _ := e.parts.length(sh)
	c.slotTime = first + int64(tokens-1)*int64(e.config.TokenGap)
	c.due = e.queue.plan(c.arrived, c.slotTime) - c.slotTime + overhead
	c.queued = c.due - overhead - c.arrived
	c.first, c.fault = c.due+first, e.draws.fault(k)
	return c
}

// limited reports whether a request that arrives now is one too many for the rate
// limit: it comes a tenth of a second or more before its turn (the generic cell
// rate algorithm).
func (e *endpoint) limited(now int64) bool {
	if e.config.RateLimit == 0 {
		return false
	}
	due := max(e.due, now)
	if due-now >= int64(time.Second/10) {
		return true
	}
	e.due = due + int64(time.Second)/int64(e.config.RateLimit)
	return false
}

// slots is how many requests the endpoint works on at a time now.
func (e *endpoint) slots() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.queue.free)
}

// countReply counts the reply to a request that entered.
func (e *endpoint) countReply(status, bytesOut int) {
	e.mu.Lock()
	e.counts.answer(status, bytesOut)
	e.mu.Unlock()
}

// countRejected counts a request that is answered without having entered.
func (e *endpoint) countRejected(bytesIn, status, bytesOut int) {
	e.mu.Lock()
	e.counts.arrive(bytesIn)
	e.counts.answer(status, bytesOut)
	e.mu.Unlock()
}

// close refuses further requests and drops those planned.
func (e *endpoint) close() {
	e.mu.Lock()
	e.closed = true
	e.queue.clear()
	e.mu.Unlock()
}

// asleep reports whether the endpoint is scaled to zero.
func (e *endpoint) asleep() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.queue.asleep
}
