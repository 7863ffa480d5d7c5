package attack

import "time"

// clock counts monotonic nanoseconds from one origin; all instants of a run
// are such numbers.
type clock struct{ origin time.Time }

// now is a single read of the monotonic clock.
func (c clock) now() int64 { return int64(time.Since(c.origin)) }

// time turns an instant back into a time.Time, for deadlines and reports.
func (c clock) time(at int64) time.Time { return c.origin.Add(time.Duration(at)) }
