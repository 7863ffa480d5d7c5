package poll

import "brunt/attack/clock"

// Socket names a connection to a poller: its file, and what events are to say of it.
type Socket struct {
	FD         int
	Number     int   // of whose it is, from 0
	Generation int32 // tells it from others of the same number
}

// Event is what has become of a connection.
type Event struct {
	Number     int
	Generation int32
	Writable   bool // it takes more bytes
	Ended      bool // its end may have come
}

// Poller tells a loop when there is something to do. All its methods but Wake are called
// with the loop's lock held, and only the loop's goroutine polls and waits. Events are
// valid until the next call of Poll or Wait.
type Poller interface {
	// Watch has the poller look for what comes on the connection.
	Watch(s Socket) error
	// Unwatch has it look no more.
	Unwatch(s Socket) error
	// WantWrite has it tell once that the connection takes more bytes, or no longer.
	WantWrite(s Socket, want bool)
	// Poll returns what has come, without waiting; ok is that something has, be it for
	// the poller alone.
	Poll() (events []Event, ok bool)
	// Wait returns what has come. Where nothing has, it waits until something does, and
	// lets go of the loop's lock meanwhile: until the instant at the latest.
	Wait(until clock.Instant) []Event
	// Waiting reports whether a wait is under way that has let go of the lock.
	Waiting() bool
	// Due has the wait under way end at the instant or before it.
	Due(at clock.Instant)
	// Wake ends the wait under way, or the next one. It may be called at any time, after
	// Close too.
	Wake()
	// Close gives the system's files back.
	Close()
	// Name is the system's call that it waits by, or what stands in for one.
	Name() string
}
