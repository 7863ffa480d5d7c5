//go:build !linux

package poll

import (
	"sync"

	"brunt/attack/clock"
)

// New is NewGoroutines on these systems.
func New(c clock.Clock, lock sync.Locker) (Poller, error) { return NewGoroutines(c, lock), nil }
