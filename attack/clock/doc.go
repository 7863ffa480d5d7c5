// Package clock is a run's own clock: monotonic nanoseconds from one origin, with a
// type for its instants that cannot be mixed up with a length of time.
//
//	origin (0)          start            measured                 end
//	   |------------------|-----------------|----------------------|---> Instant
//	                        warm-up            time.Duration between
//
// May import: nothing of brunt.
package clock
