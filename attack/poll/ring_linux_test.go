package poll

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"brunt/attack/clock"
	"brunt/payloads/needs"
)

// ringTest is a ring with the loop's part played by the test.
type ringTest struct {
	*ring
	t    *testing.T
	lock sync.Mutex
}

// newRingTest makes one with so many buffers; the test ends where there is no
// io_uring.
func newRingTest(t *testing.T, buffers int) *ringTest {
	t.Helper()
	if err := ringWorks(); err != nil {
		needs.Lacking(t, "io_uring", err)
	}
	rt := &ringTest{t: t}
	r, err := newRing(clock.From(time.Now()), &rt.lock, buffers)
	if err != nil {
		t.Fatal(err)
	}
	rt.ring = r
	rt.lock.Lock()
	r.Begin()
	t.Cleanup(func() {
		r.End()
		rt.lock.Unlock()
		r.Close()
	})
	return rt
}

// pair is a connection that the ring watches, and its other end.
func (rt *ringTest) pair(number int) (s Socket, far int) {
	rt.t.Helper()
	near, far, err := connectedPair()
	if err != nil {
		rt.t.Fatal(err)
	}
	rt.t.Cleanup(func() {
		unix.Close(near)
		unix.Close(far)
	})
	s = Socket{FD: near, Number: number, Generation: int32(number) + 1}
	if err := rt.Watch(s); err != nil {
		rt.t.Fatal(err)
	}
	return s, far
}

// until handles events until done says so.
func (rt *ringTest) until(done func(e Event) bool) {
	rt.t.Helper()
	for limit := rt.clock.Now().Add(10 * time.Second); rt.clock.Now() < limit; {
		over := false
		for _, e := range rt.Wait(limit) {
			over = done(e) || over
		}
		if over {
			return
		}
	}
	rt.t.Fatal("it has not come")
}

func (rt *ringTest) write(far int, p []byte) {
	for len(p) > 0 {
		n, err := unix.Write(far, p)
		if err != nil {
			rt.t.Error(err)
			return
		}
		p = p[n:]
	}
}

// TestFewBuffers has connections with much to say, and two buffers for all: all of it
// comes, in order.
func TestFewBuffers(t *testing.T) {
	rt := newRingTest(t, 2)
	const n, size = 5, 300 << 10
	var want [n][]byte
	var got [n][]byte
	for i := range n {
		_, far := rt.pair(i)
		for j := range size {
			want[i] = append(want[i], byte(j>>8)^byte(j*7)^byte(i))
		}
		go rt.write(far, want[i])
	}
	total := 0
	rt.until(func(e Event) bool {
		if e.End != nil {
			t.Fatal(e.End)
		}
		got[e.Number] = append(got[e.Number], e.Data...)
		total += len(e.Data)
		return total == n*size
	})
	for i := range n {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("connection %d: other bytes", i)
		}
	}
}

// TestEndWithLastBytes: the end comes after the bytes before it, also where both are there
// before the ring looks.
func TestEndWithLastBytes(t *testing.T) {
	rt := newRingTest(t, 4)
	for i := range 50 {
		s, far := rt.pair(i)
		if i%2 == 0 {
			rt.Poll()
		}
		rt.write(far, []byte("last"))
		unix.Shutdown(far, unix.SHUT_WR)
		var got []byte
		rt.until(func(e Event) bool {
			if e.Number != i {
				return false
			}
			got = append(got, e.Data...)
			return e.End == io.EOF
		})
		if string(got) != "last" {
			t.Fatalf("%q", got)
		}
		rt.Unwatch(s)
	}
}

// TestMessages are sent with the next wait, and not before; news of the connection is seen
// before it is told of.
func TestMessages(t *testing.T) {
	rt := newRingTest(t, 4)
	s, far := rt.pair(0)
	rt.Poll()
	var m Message
	if !rt.Send(s, append(rt.Buffer(), "hello"...), &m) || m.State != MessageQueued || m.Sent != 0 {
		t.Fatalf("%+v", m)
	}
	before := rt.clock.Now()
	if rt.Poll(); m.State != MessageSent || m.Taken != 5 || m.Sent < before || m.Err != nil {
		t.Fatalf("%+v", m)
	}
	var b [8]byte
	if n, err := unix.Read(far, b[:]); string(b[:n]) != "hello" {
		t.Fatal(n, err)
	}
	if rt.News(s) {
		t.Error("news, where nothing has come")
	}
	rt.write(far, []byte("answer"))
	rt.look()
	if !rt.News(s) {
		t.Error("no news")
	}
	events, _ := rt.Poll()
	if len(events) != 1 || string(events[0].Data) != "answer" || !rt.News(s) {
		t.Fatalf("%+v", events)
	}
	if events[0].Number = -1; rt.News(s) {
		t.Error("news that was handled")
	}
}

// TestMessageThatDoesNotFit is cut where the system takes no more: the rest is kept, and
// the ring tells once there is room.
func TestMessageThatDoesNotFit(t *testing.T) {
	rt := newRingTest(t, 4)
	s, far := rt.pair(0)
	unix.SetNonblock(s.FD, true)
	long := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // more than both ends keep
	var m Message
	rt.Send(s, long, &m)
	unfinished := false
	rt.until(func(e Event) bool {
		unfinished = e.Unfinished
		return unfinished
	})
	if m.Taken == 0 || m.Taken+len(m.Left) != len(long) || m.Err != nil || !bytes.Equal(m.Left, long[m.Taken:]) {
		t.Fatalf("%d taken, %d left, %v", m.Taken, len(m.Left), m.Err)
	}
	rt.WantWrite(s, true)
	read := make(chan int64)
	go func() {
		total, b := int64(0), make([]byte, 64<<10)
		for total < int64(len(long)) {
			n, err := unix.Read(far, b)
			if n <= 0 || err != nil {
				break
			}
			total += int64(n)
		}
		read <- total
	}()
	left := m.Left
	rt.until(func(e Event) bool {
		for e.Writable && len(left) > 0 {
			n, err := unix.Write(s.FD, left)
			if err != nil {
				break
			}
			left = left[n:]
		}
		return len(left) == 0
	})
	rt.WantWrite(s, false)
	if n := <-read; n != int64(len(long)) {
		t.Errorf("%d of %d bytes arrived", n, len(long))
	}
}

// TestDroppedConnection: what was queued for one that is dropped is neither sent, nor sent to
// another with its number; its file is closed, and nothing tells of it.
func TestDroppedConnection(t *testing.T) {
	rt := newRingTest(t, 4)
	s, far := rt.pair(0)
	rt.Poll()
	rt.write(far, []byte("late"))
	var m Message
	rt.Send(s, []byte("never"), &m)
	rt.Unwatch(s)
	other, otherFar, err := connectedPair()
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(otherFar)
	if err := unix.Dup3(other, s.FD, unix.O_CLOEXEC); err != nil { // closes the old one, and takes its number
		t.Fatal(err)
	}
	unix.Close(other)
	events, _ := rt.Poll()
	if len(events) > 0 || m.State != MessageIdle || m.Sent != 0 || rt.unsettled != 0 {
		t.Errorf("%+v; %+v", events, m)
	}
	unix.SetNonblock(otherFar, true)
	if n, err := unix.Read(otherFar, make([]byte, 8)); err != unix.EAGAIN {
		t.Errorf("%d bytes for somebody else, %v", n, err)
	}
	rt.Poll()
	poll := []unix.PollFd{{Fd: int32(far), Events: unix.POLLRDHUP}}
	if n, err := unix.Poll(poll, 10_000); n != 1 {
		t.Errorf("the peer was not told: %d, %v", n, err)
	}
}

// TestSendAfterReset is told of as an error.
func TestSendAfterReset(t *testing.T) {
	rt := newRingTest(t, 4)
	s, far := rt.pair(0)
	rt.Poll()
	unix.SetsockoptLinger(far, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	unix.Shutdown(far, unix.SHUT_RDWR)
	var end error
	unix.Shutdown(s.FD, unix.SHUT_WR)
	rt.until(func(e Event) bool {
		end = e.End
		return end != nil
	})
	var m Message
	rt.Send(s, []byte("x"), &m)
	rt.until(func(e Event) bool { return e.Unfinished })
	if m.Err != syscall.EPIPE || m.Taken != 0 || end != io.EOF {
		t.Errorf("%+v, %v", m, end)
	}
}

// TestWaitsOfTheRing end when they are woken, when their instant is moved before, when
// something is queued for them, and at their instant.
func TestWaitsOfTheRing(t *testing.T) {
	rt := newRingTest(t, 4)
	for name, end := range map[string]func(){
		"wake": rt.Wake,
		"due": func() {
			rt.lock.Lock()
			rt.Due(rt.clock.Now())
			rt.lock.Unlock()
		},
		"queued": func() {
			rt.lock.Lock()
			rt.add(submission{op: opNothing, user: nobody})
			rt.lock.Unlock()
		},
	} {
		ended := make(chan struct{})
		go func() {
			for waits := false; !waits; { // until it does
				rt.lock.Lock()
				waits = rt.Waiting()
				rt.lock.Unlock()
			}
			end()
			close(ended)
		}()
		if rt.Wait(rt.clock.Now().Add(time.Hour)); rt.Waiting() {
			t.Errorf("%s: still waiting", name)
		}
		rt.lock.Unlock()
		<-ended
		rt.lock.Lock()
		for _, ok := rt.Poll(); ok; _, ok = rt.Poll() {
		}
	}
	rt.Wake() // ends the next one
	rt.Wait(clock.Never)
	for range 20 {
		at := rt.clock.Now().Add(200 * time.Microsecond)
		for rt.clock.Now() < at {
			rt.Wait(at)
		}
	}
}

// TestRingGivesBack all files and memory.
func TestRingGivesBack(t *testing.T) {
	newRingTest(t, 4)
	count := func() (files int, maps int) {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries), bytes.Count(text, []byte("io_uring"))
	}
	files, maps := count()
	for range 20 {
		r, err := NewRing(clock.From(time.Now()), new(sync.Mutex))
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		r.Wake()
		r.Close()
	}
	if f, m := count(); f > files+2 || m > maps {
		t.Errorf("%d files and %d maps; before, %d and %d", f, m, files, maps)
	}
}

// TestForbiddenRing is an error, whatever the system says.
func TestForbiddenRing(t *testing.T) {
	before := setupRing
	defer func() { setupRing = before }()
	for _, e := range []error{unix.ENOSYS, unix.EPERM, unix.EINVAL, unix.ENOMEM} {
		setupRing = func(uint32, *ringParams) (int, error) { return -1, e }
		if err := tryRing(); !errors.Is(err, e) {
			t.Errorf("%v, want %v", err, e)
		}
	}
}
