package poll

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"brunt/attack/clock"
)

// spin is how long before its instant a wait begins to yield instead of sleeping:
// sleeps may end a millisecond late.
const spin = 200 * time.Microsecond

// goroutines is a poller that waits for instants only: whoever reads a connection, a
// goroutine each, runs the loop's part itself.
type goroutines struct {
	clock clock.Clock
	lock  sync.Locker
	waits bool
	timer *time.Timer
	at    atomic.Int64 // instant at which the wait ends
	woken chan struct{}
}

// NewGoroutines makes a poller for a loop with the lock whose connections are read by
// goroutines of their own, which take the lock and do what is to be done. It is for
// systems without a better one.
func NewGoroutines(c clock.Clock, lock sync.Locker) Poller {
	p := &goroutines{clock: c, lock: lock, timer: time.NewTimer(time.Hour), woken: make(chan struct{}, 1)}
	p.at.Store(int64(clock.Never))
	return p
}

func (p *goroutines) Begin() {}
func (p *goroutines) End()   {}

func (p *goroutines) Watch(Socket) error   { return errors.ErrUnsupported }
func (p *goroutines) Unwatch(Socket) error { return errors.ErrUnsupported }

func (p *goroutines) WantWrite(Socket, bool) {}

func (p *goroutines) Poll() ([]Event, bool) { return nil, false }

func (p *goroutines) Due(at clock.Instant) {
	if p.at.Swap(int64(at)) > int64(at) {
		p.Wake()
	}
}

func (p *goroutines) Wait(until clock.Instant) []Event {
	p.at.Store(int64(until))
	p.waits = true
	p.lock.Unlock()
	p.sleep()
	p.lock.Lock()
	p.waits = false
	return nil
}

func (p *goroutines) Waiting() bool { return p.waits }

func (p *goroutines) sleep() {
	for {
		at := clock.Instant(p.at.Load())
		left := at.Sub(p.clock.Now())
		if at == clock.Never {
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

func (p *goroutines) Name() string { return "goroutines" }

func (p *goroutines) Wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

func (p *goroutines) Close() { p.timer.Stop() }
