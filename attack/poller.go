package attack

// poller tells a loop when there is something to do. Only the loop's goroutine polls
// and waits. All methods but wake are called with the loop's lock held.
type poller interface {
	// watch has the poller look for what comes on the slot's connection.
	watch(s *slot) error
	// unwatch has it look no more.
	unwatch(s *slot) error
	// wantWrite has it tell once that the connection takes more bytes, or no longer.
	wantWrite(s *slot, want bool)
	// poll handles what has come, without waiting, and reports whether there was any.
	poll(l *loop) bool
	// wait handles what has come. Where nothing has, it waits until something does, and
	// lets go of the loop's lock meanwhile: until the instant at the latest.
	wait(l *loop, until Instant)
	// due has the wait under way end at the instant or before it.
	due(at Instant)
	// wake ends the wait under way, or the next one.
	wake()
	close()
	// name is the system's call that it waits by, or what stands in for one.
	name() string
}
