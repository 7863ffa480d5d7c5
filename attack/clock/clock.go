package clock

import (
	"math"
	"sync/atomic"
	"time"
)

// Instant is a moment of a run: nanoseconds since the origin of the run's Clock. 0 is
// the origin itself, which is shortly before the first request is planned. Instants of
// different clocks cannot be compared. What lies between two of them is a
// time.Duration.
type Instant int64

// Never is an instant that does not come.
const Never = Instant(math.MaxInt64)

// Add is the instant that is d later; earlier, where d is negative.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub is the time from an earlier instant to i.
func (i Instant) Sub(earlier Instant) time.Duration { return time.Duration(i - earlier) }

// Clock counts monotonic nanoseconds from its origin. The zero value is no clock.
type Clock struct{ origin time.Time }

// From is the clock with the origin, which must carry a monotonic reading, as the
// result of time.Now does.
func From(origin time.Time) Clock { return Clock{origin} }

// Now is a single read of the monotonic clock.
func (c Clock) Now() Instant { return Instant(time.Since(c.origin)) }

// Time is the instant as a time.Time, for deadlines and reports.
func (c Clock) Time(at Instant) time.Time { return c.origin.Add(time.Duration(at)) }

// AtomicInstant is an Instant that several goroutines may read and write. Its zero
// value is the instant 0.
type AtomicInstant struct{ ns atomic.Int64 }

// Load is the instant now in it.
func (a *AtomicInstant) Load() Instant { return Instant(a.ns.Load()) }

// Store puts the instant in it.
func (a *AtomicInstant) Store(at Instant) { a.ns.Store(int64(at)) }

// Swap puts the instant in it and returns the one before.
func (a *AtomicInstant) Swap(at Instant) (before Instant) { return Instant(a.ns.Swap(int64(at))) }

// CompareAndSwap puts the instant in it and returns true where it held old.
func (a *AtomicInstant) CompareAndSwap(old, at Instant) bool {
	return a.ns.CompareAndSwap(int64(old), int64(at))
}
