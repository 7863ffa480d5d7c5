//go:build !linux

package poll

import (
	"errors"
	"sync"

	"brunt/attack/clock"
)

// New is NewGoroutines on these systems.
func New(c clock.Clock, lock sync.Locker) (Poller, error) { return NewGoroutines(c, lock), nil }

// NewRing is not to be had on these systems.
func NewRing(clock.Clock, sync.Locker) (Receiver, error) { return nil, errors.ErrUnsupported }
