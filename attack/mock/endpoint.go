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
	entity      string // what answers: the name of the served entity
	created     time.Time
	draws       draws
	shapes      shapes
	stock       stock
	failure     refusal // what the model answers when it fails

	mu     sync.Mutex
	line   line
	served uint64 // requests that were let in, and so draws used
	closed bool
	counts counts
}

func newEndpoint(c Config) *endpoint {
	return &endpoint{
		config:      c,
		invocations: "/serving-endpoints/" + c.Name + "/invocations",
		details:     "/api/2.0/serving-endpoints/" + c.Name,
		entity:      c.Name + "-1",
		created:     time.Now(),
		draws:       newDraws(c),
		stock:       newStock(c),
		failure:     modelFailure(c.ErrorStatus),
		line:        newLine(c),
	}
}

// fate is what becomes of a request that arrived.
type fate uint8

const (
	served fate = iota
	failed      // by the model, after its time there
	refused
	closing
)

// enter counts an arrival and decides its fate; due is the instant of the
// reply. The clock is read under the lock: the line's order is time's order.
func (e *endpoint) enter(clock *Server, bytesIn int) (f fate, due int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts.arrive(bytesIn)
	now := clock.now()
	switch {
	case e.closed:
		return closing, now
	case e.line.full(now):
		return refused, now
	}
	k := e.served
	e.served++
	due = e.line.enter(now, e.draws.latency(k)) + int64(e.config.Overhead)
	if e.draws.fails(k) {
		return failed, due
	}
	return served, due
}

// leave counts the reply to a request that entered.
func (e *endpoint) leave(status, bytesOut int) {
	e.mu.Lock()
	e.counts.answer(status, bytesOut)
	e.mu.Unlock()
}

// turnAway counts a request that is answered without having entered.
func (e *endpoint) turnAway(bytesIn, status, bytesOut int) {
	e.mu.Lock()
	e.counts.arrive(bytesIn)
	e.counts.answer(status, bytesOut)
	e.mu.Unlock()
}

// close lets nobody in any more and forgets what was planned.
func (e *endpoint) close() {
	e.mu.Lock()
	e.closed = true
	e.line.clear()
	e.mu.Unlock()
}
