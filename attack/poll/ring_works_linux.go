package poll

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"brunt/attack/clock"
)

// ringWorks tries a ring out, once: the system may lack it or forbid it, in part too.
var ringWorks = sync.OnceValue(func() error {
	done := make(chan error)
	go func() { done <- tryRing() }() // its thread is locked meanwhile
	return <-done
})

// errLosesEnds is that of kernels on which the end of a connection that comes together
// with its last bytes is never told of.
var errLosesEnds = errors.New("io_uring loses the ends of connections here")

// tryRing has a ring receive the last bytes of a connection and its end, of which both
// have come before it looks, and send to one.
func tryRing() error {
	r, err := newRing(clock.From(time.Now()), new(sync.Mutex), 2)
	if err != nil {
		return err
	}
	defer r.Close()
	near, far, err := connectedPair()
	if err != nil {
		return err
	}
	defer unix.Close(near)
	defer unix.Close(far)
	r.lock.Lock()
	defer r.lock.Unlock()
	r.Begin()
	defer r.End()
	s := Socket{FD: near}
	if err := r.Watch(s); err != nil {
		return err
	}
	defer r.Unwatch(s)
	r.Poll() // it receives from here on
	message := Message{}
	if r.Send(s, []byte("x"), &message); message.State == MessageQueued {
		r.Poll()
	}
	if message.State != MessageSent || message.Taken != 1 {
		return fmt.Errorf("io_uring does not send: %v", message.Err)
	}
	if _, err := unix.Write(far, []byte("x")); err != nil {
		return os.NewSyscallError("write", err)
	}
	if err := unix.Shutdown(far, unix.SHUT_WR); err != nil {
		return os.NewSyscallError("shutdown", err)
	}
	both := []unix.PollFd{{Fd: int32(near), Events: unix.POLLRDHUP}}
	if _, err := unix.Poll(both, 1000); err != nil && err != unix.EINTR {
		return os.NewSyscallError("poll", err)
	}
	came, end := 0, error(nil)
	for limit := r.clock.Now().Add(tryFor); end == nil && r.clock.Now() < limit; {
		for _, e := range r.Wait(limit) {
			came += len(e.Data)
			end = e.End
		}
	}
	switch {
	case came != 1:
		return fmt.Errorf("io_uring does not receive: %w", errors.Join(end))
	case end != io.EOF:
		return errLosesEnds
	}
	return nil
}

// tryFor is how long a connection's end is waited for that is there already.
const tryFor = 20 * time.Millisecond

// connectedPair is a TCP connection's two ends: of other sockets a ring receives in
// another way.
func connectedPair() (near, far int, err error) {
	l, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, os.NewSyscallError("socket", err)
	}
	defer unix.Close(l)
	if err := unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return -1, -1, os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(l, 1); err != nil {
		return -1, -1, os.NewSyscallError("listen", err)
	}
	at, err := unix.Getsockname(l)
	if err != nil {
		return -1, -1, os.NewSyscallError("getsockname", err)
	}
	if near, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, -1, os.NewSyscallError("socket", err)
	}
	if err := unix.Connect(near, at); err != nil {
		unix.Close(near)
		return -1, -1, os.NewSyscallError("connect", err)
	}
	if far, _, err = unix.Accept4(l, unix.SOCK_CLOEXEC); err != nil {
		unix.Close(near)
		return -1, -1, os.NewSyscallError("accept4", err)
	}
	return near, far, nil
}
