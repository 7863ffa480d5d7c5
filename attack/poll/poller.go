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

	// Of a Receiver only.
	Data       []byte // that came, valid as long as the event; nil for none
	End        error  // after which nothing comes: io.EOF, or the system's
	Unfinished bool   // a message was not sent to its end: see Message
}

// Receiver is a Poller that receives and sends by itself what its connections have. Its
// events hold what has come, and nobody else may read from a connection that it watches.
//
// Unwatch is to be called right before the connection is closed: what has not been sent
// is never sent then, and no event tells of the connection any more but those found already.
type Receiver interface {
	Poller
	// Buffer is room, without content, in which to make the next message for Send. It is
	// used again once that was sent.
	Buffer() []byte
	// Keep is called with what was made in Buffer, and may have outgrown it, before the
	// next Send.
	Keep(p []byte)
	// Send has the message, which must not be changed until it was sent, be sent with the
	// next Poll or Wait: s.FD takes it at once or not at all. The result is false, and
	// nothing is done, where it is better to be sent by the caller.
	Send(s Socket, p []byte, m *Message) bool
	// Flush sends what there is to send. Only the loop's goroutine may call it.
	Flush()
	// News reports whether something has come on the connection that no event that was
	// handled has told of; an event counts as handled once its Number is negative.
	News(s Socket) bool
}

// Message is what became of bytes given to a Receiver's Send. The loop's lock guards it.
type Message struct {
	State MessageState
	Sent  clock.Instant // right before the system got it
	Taken int           // bytes that the system has taken
	Left  []byte        // a copy of those that it has not
	Err   error         // the system's, but where it takes no more for now

	data   []byte
	socket Socket
}

// MessageState is what a Message is at.
type MessageState uint8

// A message is idle, then queued, and then sent: as far as Taken says. One that was
// queued when its connection was given up is idle again.
const (
	MessageIdle MessageState = iota
	MessageQueued
	MessageSent
)

// Poller tells a loop when there is something to do. All its methods but Wake are called
// with the loop's lock held, and only the loop's goroutine polls and waits. Events are
// valid until the next call of Poll or Wait.
type Poller interface {
	// Begin is called by the loop's goroutine before it polls or waits, and End when it
	// does so no more.
	Begin()
	End()
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
