//go:build !linux

package attack

import (
	"runtime"
	"time"
)

// spin is the last stretch before an instant, in which the wait yields instead
// of sleeping: these systems' sleeps are up to a millisecond late.
const spin = 200 * time.Microsecond

// alarm waits for an instant with a timer and a short yielding spin.
type alarm struct {
	clock clock
	timer *time.Timer
	kicks chan struct{}
}

func newAlarm(c clock) (*alarm, error) {
	return &alarm{clock: c, timer: time.NewTimer(time.Hour), kicks: make(chan struct{}, 1)}, nil
}

// wait returns the time once it is at or later, or earlier once after a kick. It
// is now when it begins.
func (a *alarm) wait(now, at int64) int64 {
	for ; now < at; now = a.clock.now() {
		left := time.Duration(at-now) - spin
		if left <= 0 {
			runtime.Gosched()
			continue
		}
		a.timer.Reset(left)
		select {
		case <-a.timer.C:
		case <-a.kicks:
			return a.clock.now()
		}
	}
	return now
}

// look lets others run first.
func (a *alarm) look() { runtime.Gosched() }

// kick ends a wait, or the next one.
func (a *alarm) kick() {
	select {
	case a.kicks <- struct{}{}:
	default:
	}
}

func (a *alarm) close() { a.timer.Stop() }
