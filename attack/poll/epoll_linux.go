package poll

import (
	"math"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"brunt/attack/clock"
)

// maxEvents is the most events handled in one go: tickets that fall due meanwhile wait
// for them.
const maxEvents = 32

// Indexes of the poller's own files in events, below those of connections.
const (
	timerEvent = -1
	wakeEvent  = -2
)

// epoll is the poller of Linux: an epoll file with the loop's sockets, a timer file,
// whose wake-ups are not rounded to a millisecond, and an event file to end a wait.
// All are told of once per change (EPOLLET): neither of the two is ever read.
//
// It waits by the runtime's own poller, which has the epoll file in its turn. A thread
// that waited in a system call would keep its core from other goroutines until the
// runtime's monitor takes it away, and the monitor wakes each 20 µs for that: measured,
// a third more CPU time.
type epoll struct {
	timer, event int
	clock        clock.Clock
	offset       time.Duration // CLOCK_MONOTONIC at the clock's origin
	armed        clock.Instant // when the timer expires; passed, or never, where it does not

	fd     int
	file   *os.File // of fd
	raw    syscall.RawConn
	step   func(fd uintptr) bool // bound once: a wait allocates nothing
	lock   sync.Locker           // the loop's
	until  clock.Instant
	parked bool // the present wait has let go of the lock
	waits  bool // and has not got it back

	found  [maxEvents]unix.EpollEvent
	count  int
	events []Event

	mu     sync.Mutex // a wake may come after the end, when others have the file's number
	closed bool
}

// New makes the system's own poller, for a loop with the lock. An error is the system's.
func New(c clock.Clock, lock sync.Locker) (Poller, error) {
	p := &epoll{
		fd: -1, timer: -1, event: -1, clock: c, armed: clock.Never,
		lock: lock, events: make([]Event, 0, maxEvents),
	}
	if err := p.open(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *epoll) open() (err error) {
	p.offset, err = originOf(p.clock, func() (time.Duration, error) {
		var ts unix.Timespec
		err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
		return time.Duration(ts.Nano()), err
	})
	if err != nil {
		return os.NewSyscallError("clock_gettime", err)
	}
	if p.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if p.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		return os.NewSyscallError("timerfd_create", err)
	}
	if p.event, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	for fd, index := range map[int]int32{p.timer: timerEvent, p.event: wakeEvent} {
		e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: index}
		if err = unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &e); err != nil {
			return os.NewSyscallError("epoll_ctl", err)
		}
	}
	if err = unix.SetNonblock(p.fd, true); err != nil { // else the runtime does not take it
		return os.NewSyscallError("fcntl", err)
	}
	p.file = os.NewFile(uintptr(p.fd), "epoll")
	p.step = p.look
	p.raw, err = p.file.SyscallConn()
	return err
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

func (p *epoll) Begin() {}
func (p *epoll) End()   {}

func (p *epoll) Watch(s Socket) error {
	return p.control(unix.EPOLL_CTL_ADD, s, unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLET)
}

func (p *epoll) Unwatch(s Socket) error { return p.control(unix.EPOLL_CTL_DEL, s, 0) }

func (p *epoll) WantWrite(s Socket, want bool) {
	events := uint32(unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET)
	if want {
		events |= unix.EPOLLOUT
	}
	_ = p.control(unix.EPOLL_CTL_MOD, s, events)
}

func (p *epoll) control(op int, s Socket, events uint32) error {
	e := unix.EpollEvent{Events: events, Fd: int32(s.Number), Pad: s.Generation}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, op, s.FD, &e))
}

// ask finds the events that there are.
func (p *epoll) ask() {
	n, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.found[0])), maxEvents, 0, 0, 0)
	if p.count = int(n); e != 0 {
		p.count = 0
	}
}

func (p *epoll) Poll() (events []Event, ok bool) {
	p.ask()
	return p.told(), p.count > 0
}

// told are the events that were found, but the poller's own.
func (p *epoll) told() []Event {
	p.events = p.events[:0]
	for i := range p.count {
		switch e := &p.found[i]; {
		case e.Fd == timerEvent:
			p.armed = clock.Never
		case e.Fd == wakeEvent:
		default:
			p.events = append(p.events, Event{
				Number: int(e.Fd), Generation: e.Pad,
				Writable: e.Events&unix.EPOLLOUT != 0, Ended: e.Events&unix.EPOLLRDHUP != 0,
			})
		}
	}
	return p.events
}

func (p *epoll) Wait(until clock.Instant) []Event {
	p.until, p.parked = until, false
	if p.raw.Read(p.step) != nil {
		time.Sleep(time.Millisecond) // never seen; a late ticket beats a spin
	}
	if p.parked {
		p.lock.Lock()
		p.waits = false
	}
	return p.told()
}

// look reports whether something has come. The runtime's poller calls it when it begins
// to wait, and then whenever something may have.
func (p *epoll) look(uintptr) bool {
	if p.ask(); p.count > 0 {
		return true
	}
	if !p.parked {
		p.parked = true
		p.Due(p.until)
		p.waits = true
		p.lock.Unlock()
	}
	return false
}

func (p *epoll) Waiting() bool { return p.waits }

func (p *epoll) Due(at clock.Instant) {
	if at >= p.armed {
		return
	}
	p.armed = at
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, int64(at.Add(p.offset))))}
	_, _, _ = syscall.RawSyscall6(unix.SYS_TIMERFD_SETTIME, uintptr(p.timer), unix.TFD_TIMER_ABSTIME, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
}

func (p *epoll) Name() string { return "epoll" }

func (p *epoll) Wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		one := [8]byte{1}
		_, _ = unix.Write(p.event, one[:])
	}
}

func (p *epoll) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.file != nil {
		p.file.Close()
	} else if p.fd >= 0 {
		unix.Close(p.fd)
	}
	for _, fd := range [...]int{p.timer, p.event} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}
