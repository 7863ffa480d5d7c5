package attack

import (
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"brunt/attack/clock"
)

// spin is how long before its instant a wait begins to yield instead of sleeping:
// sleeps may end a millisecond late.
const spin = 200 * time.Microsecond

// goroutines is the poller of systems without a better one: each connection has a
// goroutine that reads (see blockingConn) and hands what has come to the loop, so that
// the loop itself waits for instants only.
type goroutines struct {
	clock clock.Clock
	timer *time.Timer
	at    atomic.Int64 // instant at which the wait ends
	woken chan struct{}
}

func newGoroutines(c clock.Clock) *goroutines {
	p := &goroutines{clock: c, timer: time.NewTimer(time.Hour), woken: make(chan struct{}, 1)}
	p.at.Store(int64(never))
	return p
}

func (p *goroutines) watch(s *slot) error {
	s.conn.blocking.start(s)
	return nil
}

// unwatch fails: the connection's goroutine knows one loop only.
func (p *goroutines) unwatch(*slot) error { return errors.ErrUnsupported }

func (p *goroutines) wantWrite(*slot, bool) {}

func (p *goroutines) poll(*loop) bool { return false }

func (p *goroutines) due(at Instant) {
	if p.at.Swap(int64(at)) > int64(at) {
		p.wake()
	}
}

func (p *goroutines) wait(l *loop, until Instant) {
	p.at.Store(int64(until))
	l.waiting = true
	l.unlock()
	p.sleep()
	l.lock()
	l.waiting = false
}

func (p *goroutines) sleep() {
	for {
		at := Instant(p.at.Load())
		left := at.Sub(p.clock.Now())
		if at == never {
			left = time.Hour
		}
		switch {
		case left <= 0:
			return
		case left <= spin:
			runtime.Gosched()
			select {
			case <-p.woken:
				return
			default:
				continue
			}
		}
		p.timer.Reset(left - spin)
		select {
		case <-p.timer.C:
		case <-p.woken:
			return
		}
	}
}

func (p *goroutines) name() string { return "goroutines" }

func (p *goroutines) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

func (p *goroutines) close() { p.timer.Stop() }
