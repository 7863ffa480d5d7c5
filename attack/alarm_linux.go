package attack

import (
	"math"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// alarm waits for an instant. On Linux it is a timer file descriptor of the
// runtime's own poller: no thread blocks, nothing spins, and the wake-up is not
// rounded to the poller's millisecond as time.Sleep's is. Setting it is the only
// system call of a wait; what it has to tell is never read, for the poller wakes
// whoever waits each time that it strikes.
type alarm struct {
	clock  clock
	offset int64 // CLOCK_MONOTONIC at the clock's origin
	fd     int
	file   *os.File
	raw    syscall.RawConn
	turn   func(fd uintptr) bool // of sleep, bound once
	at     int64                 // when it is to strike
	set    bool                  // for that
	kicked atomic.Bool
}

func newAlarm(c clock) (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	offset, err := originOf(c, func() (int64, error) {
		var ts unix.Timespec
		err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
		return ts.Nano(), err
	})
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("clock_gettime", err)
	}
	a := &alarm{clock: c, offset: offset, fd: fd, file: os.NewFile(uintptr(fd), "timer")}
	if a.raw, err = a.file.SyscallConn(); err != nil {
		a.file.Close()
		return nil, err
	}
	a.turn = a.step
	return a, nil
}

// looks is how often two clocks are compared.
const looks = 8

// originOf is what the system's clock showed at c's origin. The two cannot be
// read at one instant, and a thread may lose its core in between: of several
// looks the shortest counts. What error is left makes alarms late and never
// early, for a wait that ends early is begun again at once, over and over
// until its time has come.
func originOf(c clock, system func() (int64, error)) (offset int64, err error) {
	shortest := int64(math.MaxInt64)
	for range looks {
		before := c.now()
		at, err := system()
		if err != nil {
			return 0, err
		}
		if took := c.now() - before; took < shortest {
			shortest, offset = took, at-before
		}
	}
	return offset, nil
}

// wait returns the time once it is at or later, or earlier once after a kick. It
// is now when it begins.
func (a *alarm) wait(now, at int64) int64 {
	for ; now < at; now = a.clock.now() {
		err := a.sleep(at)
		if a.kicked.CompareAndSwap(true, false) {
			return now
		}
		if err != nil {
			time.Sleep(time.Millisecond) // never seen; a late ticket beats a spin
		}
	}
	return now
}

// look returns once the runtime has looked at the network, which it does when
// it has nothing else to run, and whoever has a reply by then has run. An alarm
// that looks is not waited for.
func (a *alarm) look() {
	_ = a.sleep(-a.offset)
	runtime.Gosched() // of what is ready at one look, the last comes first
}

// sleep returns when the alarm strikes, or for no reason.
func (a *alarm) sleep(at int64) error {
	a.at, a.set = at, false
	return a.raw.Read(a.turn)
}

// step sets the alarm, and is content once woken.
func (a *alarm) step(uintptr) bool {
	if a.set {
		return true
	}
	a.set = true
	a.strikeAt(a.at)
	// kick sets its flag first and the timer second: whichever way the two
	// interleave with this, the wait ends.
	return a.kicked.Load()
}

func (a *alarm) strikeAt(at int64) {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, at+a.offset))}
	_ = unix.TimerfdSettime(a.fd, unix.TFD_TIMER_ABSTIME, &spec, nil)
}

// kick ends a wait, or the next one.
func (a *alarm) kick() {
	a.kicked.Store(true)
	a.strikeAt(-a.offset)
}

func (a *alarm) close() { a.file.Close() }
