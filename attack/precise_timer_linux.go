package attack

import (
	"math"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"brunt/attack/clock"
)

// preciseTimer waits for an instant of the run's clock. On Linux it is a timer file
// descriptor (timerfd) watched by the Go runtime's poller: no thread blocks, nothing
// spins, and the wake-up is not rounded to the poller's millisecond, as time.Sleep's
// is. Setting the timer is the only system call of a wait: what the descriptor says
// is never read, since the poller wakes the waiting goroutine each time that the
// timer expires.
type preciseTimer struct {
	clock       clock.Clock
	offset      time.Duration // CLOCK_MONOTONIC at the clock's origin
	fd          int
	file        *os.File
	raw         syscall.RawConn
	stepFunc    func(fd uintptr) bool // step, bound once: a wait allocates nothing
	at          Instant               // when it is to expire
	set         bool                  // the timer has been set for at
	interrupted atomic.Bool
}

func newPreciseTimer(c clock.Clock) (*preciseTimer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	offset, err := originOf(c, func() (time.Duration, error) {
		var ts unix.Timespec
		err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
		return time.Duration(ts.Nano()), err
	})
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("clock_gettime", err)
	}
	a := &preciseTimer{clock: c, offset: offset, fd: fd, file: os.NewFile(uintptr(fd), "timer")}
	if a.raw, err = a.file.SyscallConn(); err != nil {
		a.file.Close()
		return nil, err
	}
	a.stepFunc = a.step
	return a, nil
}

// clockComparisons is how often the two clocks are compared.
const clockComparisons = 8

// originOf returns what the system's clock showed at c's origin, counted from its own. The
// two clocks cannot be read at one instant, and the thread may lose its core between
// the two readings: of several comparisons the quickest counts. The error that is
// left makes timers late and never early, since a wait that ends early is begun
// again at once, over and over until its time has come.
func originOf(c clock.Clock, system func() (time.Duration, error)) (offset time.Duration, err error) {
	shortest := time.Duration(math.MaxInt64)
	for range clockComparisons {
		before := c.Now()
		at, err := system()
		if err != nil {
			return 0, err
		}
		if took := c.Now().Sub(before); took < shortest {
			shortest, offset = took, at-time.Duration(before)
		}
	}
	return offset, nil
}

// wait returns the time once it is at or later, or earlier after an interrupt. now
// is the time when it begins.
func (t *preciseTimer) wait(now, at Instant) Instant {
	for ; now < at; now = t.clock.Now() {
		err := t.sleep(at)
		if t.interrupted.CompareAndSwap(true, false) {
			return now
		}
		if err != nil {
			time.Sleep(time.Millisecond) // never seen; a late ticket beats a spin
		}
	}
	return now
}

// poll returns once the runtime has polled the network, which it does when it has
// nothing else to run, and the goroutines whose replies had arrived have run. Nobody
// waits on a timer that polls.
func (t *preciseTimer) poll() {
	_ = t.sleep(Instant(-t.offset))
	runtime.Gosched() // the runtime runs the last of those that became ready first
}

// sleep returns when the timer expires, and sometimes for no reason.
func (t *preciseTimer) sleep(at Instant) error {
	t.at, t.set = at, false
	return t.raw.Read(t.stepFunc)
}

// step sets the timer the first time it is called, and then reports that the wait is
// over.
func (t *preciseTimer) step(uintptr) bool {
	if t.set {
		return true
	}
	t.set = true
	t.expireAt(t.at)
	// interrupt sets its flag first and the timer second: whichever way the two
	// interleave with this, the wait ends.
	return t.interrupted.Load()
}

func (t *preciseTimer) expireAt(at Instant) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, int64(at.Add(t.offset))))}
	_ = unix.TimerfdSettime(t.fd, unix.TFD_TIMER_ABSTIME, &spec, nil)
}

// interrupt ends the current wait, or the next one.
func (t *preciseTimer) interrupt() {
	t.interrupted.Store(true)
	t.expireAt(Instant(-t.offset))
}

func (t *preciseTimer) close() { t.file.Close() }
