//go:build !linux

package attack

import (
	"runtime"
	"sync/atomic"
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

// wait returns the time once it is at or later, or earlier once quit is set
// and kick was called.
func (a *alarm) wait(at int64, quit *atomic.Bool) int64 {
	for {
		now := a.clock.now()
		if now >= at || quit.Load() {
			return now
		}
		if left := time.Duration(at-now) - spin; left > 0 {
			a.timer.Reset(left)
			select {
			case <-a.timer.C:
			case <-a.kicks:
			}
			continue
		}
		runtime.Gosched()
	}
}

// kick ends a wait whose quit has been set.
func (a *alarm) kick() {
	select {
	case a.kicks <- struct{}{}:
	default:
	}
}

func (a *alarm) close() { a.timer.Stop() }
