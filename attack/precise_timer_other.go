//go:build !linux

package attack

import (
	"runtime"
	"time"

	"brunt/attack/clock"
)

// spin is how long before the instant the wait begins to yield instead of sleeping:
// sleeps on these systems end up to a millisecond late.
const spin = 200 * time.Microsecond

// preciseTimer waits for an instant of the run's clock, by a timer and a short spin
// that yields.
type preciseTimer struct {
	clock      clock.Clock
	timer      *time.Timer
	interrupts chan struct{}
}

func newPreciseTimer(c clock.Clock) (*preciseTimer, error) {
	return &preciseTimer{clock: c, timer: time.NewTimer(time.Hour), interrupts: make(chan struct{}, 1)}, nil
}

// wait returns the time once it is at or later, or earlier after an interrupt. now
// is the time when it begins.
func (t *preciseTimer) wait(now, at Instant) Instant {
	for ; now < at; now = t.clock.Now() {
		left := at.Sub(now) - spin
		if left <= 0 {
			runtime.Gosched()
			continue
		}
		t.timer.Reset(left)
		select {
		case <-t.timer.C:
		case <-t.interrupts:
			return t.clock.Now()
		}
	}
	return now
}

// poll lets other goroutines run first.
func (t *preciseTimer) poll() { runtime.Gosched() }

// interrupt ends the current wait, or the next one.
func (t *preciseTimer) interrupt() {
	select {
	case t.interrupts <- struct{}{}:
	default:
	}
}

func (t *preciseTimer) close() { t.timer.Stop() }
