package attack

import (
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// alarm waits for an instant. On Linux it is a timer file descriptor read
// through the runtime's own poller: no thread blocks, nothing spins, and the
// wake-up is not rounded to the poller's millisecond as time.Sleep's is.
type alarm struct {
	clock  clock
	offset int64 // CLOCK_MONOTONIC at the clock's origin
	fd     int
	file   *os.File
	buf    [8]byte
}

func newAlarm(c clock) (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("clock_gettime", err)
	}
	offset := ts.Nano() - c.now()
	return &alarm{clock: c, offset: offset, fd: fd, file: os.NewFile(uintptr(fd), "timer")}, nil
}

// wait returns the time once it is at or later, or earlier once quit is set
// and kick was called.
func (a *alarm) wait(at int64, quit *atomic.Bool) int64 {
	for {
		now := a.clock.now()
		if now >= at {
			return now
		}
		a.set(at)
		// kick sets quit first and the timer second: whichever way the two
		// interleave with set and this look, the wait ends.
		if quit.Load() {
			return a.clock.now()
		}
		if _, err := a.file.Read(a.buf[:]); err != nil {
			time.Sleep(time.Millisecond) // never seen; a late ticket beats a spin
		}
		if quit.Load() {
			return a.clock.now()
		}
	}
}

func (a *alarm) set(at int64) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, at+a.offset))}
	_ = unix.TimerfdSettime(a.fd, unix.TFD_TIMER_ABSTIME, &spec, nil)
}

// kick ends a wait whose quit has been set.
func (a *alarm) kick() { a.set(1 - a.offset) }

func (a *alarm) close() { a.file.Close() }
