package poll

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"brunt/attack/clock"
)

// What a submission is for, in the upper two bits of what it is called. Those of a
// connection have its number and generation below, a message its place among messages.
const (
	forReceive = uint64(iota)
	forMessage
	forWritable
	forRing
)

// Names of the ring's own submissions.
const (
	nobody   = forRing << 62     // whose end nobody waits for
	wakeName = forRing<<62 | 1   // of the event file
	keyMask  = uint64(1)<<62 - 1 // number and generation
)

const (
	// maxMessages is the most that are sent together: the last one waits for the first.
	maxMessages = 64
	// longSubmit is how many bytes are sent before the scheduler is told of the call, as
	// others would wait for this core.
	longSubmit = 32 << 10
)

// ring is a poller with an io_uring of its own. Each connection has one submission that
// receives until its end, into buffers of which the ring has few for all. Messages are
// sent with the call that waits: the kernel takes them within it, or says that it does not
// (MSG_DONTWAIT), so that their memory is free after it.
//
// Only one thread may enter the ring, which saves the kernel most locks and lets it
// complete nothing but within the calls (SINGLE_ISSUER, DEFER_TASKRUN): the loop's
// goroutine stays on it. Others, who have the loop's lock, only queue what is to be
// submitted. The thread waits in the kernel, in a call that the scheduler knows of.
type ring struct {
	ringMemory
	event int
	clock clock.Clock
	lock  sync.Locker // the loop's
	until clock.Instant
	waits bool // and has let go of the lock
	woken bool // the present wait is going to end

	queue     []submission // to be submitted
	messages  []*Message   // of them, by place
	unsettled int          // messages whose fate is not known
	bytes     int          // of the messages
	room      [][]byte     // messages are made in it, by place
	scanned   uint32       // completions before it have been looked at for messages

	watched map[uint64]watched
	events  []Event
	late    []Event  // of messages, that have not been told of
	again   []uint64 // connections that are to receive anew
	lent    []uint16 // buffers of the present events
	timeout unix.Timespec
	wait    waitArgument

	mu     sync.Mutex // as epoll's
	closed bool
}

// watched is a connection that the ring receives for.
type watched struct {
	fd        int32
	receiving bool // a submission that receives is queued or under way
	telling   bool // so is one that tells when it takes more bytes
}

// NewRing makes a poller that receives and sends by an io_uring of its own, for a loop with
// the lock. It needs Linux 6.1, and some later ones do not do. An error means that there
// is none to be had, for whatever reason: io_uring may be forbidden.
func NewRing(c clock.Clock, lock sync.Locker) (Receiver, error) {
	if err := ringWorks(); err != nil {
		return nil, err
	}
	return newRing(c, lock, maxBuffers)
}

func newRing(c clock.Clock, lock sync.Locker, buffers int) (*ring, error) {
	r := &ring{
		event: -1, clock: c, lock: lock, watched: map[uint64]watched{},
		events: make([]Event, 0, maxEvents), room: make([][]byte, maxMessages+1),
	}
	err := r.open(buffers)
	if err == nil {
		if r.event, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
			r.event, err = -1, os.NewSyscallError("eventfd", err)
		}
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	r.tellOfWakes()
	return r, nil
}

// Begin makes the present thread the one that enters the ring.
func (r *ring) Begin() {
	runtime.LockOSThread()
	_ = r.register(registerEnable, nil, 0) // as it was tried out with the same settings
}

// End submits what is left: the ends of connections.
func (r *ring) End() {
	r.Flush()
	runtime.UnlockOSThread()
}

func keyOf(s Socket) uint64 {
	return (uint64(uint32(s.Number))<<32 | uint64(uint32(s.Generation))) & keyMask
}

// add queues a submission. The loop's goroutine, if it waits, is to submit it.
func (r *ring) add(s submission) {
	r.queue = append(r.queue, s)
	if r.waits && !r.woken {
		r.woken = true
		r.Wake()
	}
}

func (r *ring) tellOfWakes() {
	r.add(submission{op: opPoll, fd: int32(r.event), length: pollMultishot, opFlags: pollBits(unix.POLLIN), user: wakeName})
}

func (r *ring) receive(key uint64, fd int32) {
	r.add(submission{op: opReceive, fd: fd, flags: selectBuffer, priority: receiveMultishot, user: forReceive<<62 | key})
}

func (r *ring) tellOfRoom(key uint64, fd int32) {
	r.add(submission{op: opPoll, fd: fd, length: pollMultishot, opFlags: pollBits(unix.POLLOUT), user: forWritable<<62 | key})
}

func (r *ring) Watch(s Socket) error {
	key := keyOf(s)
	r.watched[key] = watched{fd: int32(s.FD), receiving: true}
	r.receive(key, int32(s.FD))
	return nil
}

// Unwatch ends what is under way for the connection. The submissions hold its file, which
// is not closed before their end: the peer is told by shutdown.
func (r *ring) Unwatch(s Socket) error {
	key := keyOf(s)
	w, known := r.watched[key]
	if !known {
		return nil
	}
	delete(r.watched, key)
	if w.receiving && !r.unqueue(forReceive<<62|key) {
		_ = unix.Shutdown(s.FD, unix.SHUT_RDWR)
		r.cancel(forReceive<<62 | key)
	}
	if w.telling && !r.unqueue(forWritable<<62|key) {
		r.cancel(forWritable<<62 | key)
	}
	for place, m := range r.messages {
		if m.State == MessageQueued && m.socket == s {
			if r.unqueue(forMessage<<62 | uint64(place)) {
				r.unsettled--
			}
			m.State = MessageIdle
		}
	}
	return nil
}

// unqueue takes back a submission, and reports whether it was still queued. Its file's
// number may soon be another's.
func (r *ring) unqueue(user uint64) bool {
	none := submission{op: opNothing, user: nobody}
	for i := range r.queue {
		if r.queue[i].user == user {
			r.queue[i] = none
			return true
		}
	}
	for at := *r.sqTail - r.unsubmitted(); at != *r.sqTail; at++ { // left over by the last submit
		if s := &r.submissions[at&r.sqMask]; s.user == user {
			*s = none
			return true
		}
	}
	return false
}

func (r *ring) cancel(user uint64) {
	r.add(submission{op: opAsyncCancel, fd: -1, address: user, user: nobody})
}

func (r *ring) WantWrite(s Socket, want bool) {
	key := keyOf(s)
	w, known := r.watched[key]
	if !known || w.telling == want {
		return
	}
	w.telling = want
	r.watched[key] = w
	if want {
		r.tellOfRoom(key, w.fd)
	} else if !r.unqueue(forWritable<<62 | key) {
		r.cancel(forWritable<<62 | key)
	}
}

// prepare takes back what the last events have lent, and has those receive anew that have
// lacked buffers.
func (r *ring) prepare() {
	if len(r.lent) > 0 {
		for _, number := range r.lent {
			r.give(number)
		}
		r.publish()
		r.lent = r.lent[:0]
	}
	for _, key := range r.again {
		if w, known := r.watched[key]; known && !w.receiving {
			w.receiving = true
			r.watched[key] = w
			r.receive(key, w.fd)
		}
	}
	r.again = r.again[:0]
	r.events = r.events[:0]
}

// look submits what is queued, and reports whether anything has come.
func (r *ring) look() bool {
	if len(r.queue) > 0 || r.unsubmitted() > 0 {
		r.Flush()
	}
	if r.unread() == 0 && atomic.LoadUint32(r.sqFlags)&(sqTaskrun|sqOverflow) != 0 {
		_, _, _ = syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, 0, enterGetEvents, 0, 0)
	}
	return r.unread() > 0 || len(r.late) > 0
}

func (r *ring) Poll() (events []Event, ok bool) {
	r.prepare()
	ok = r.look()
	return r.told(), ok
}

func (r *ring) Wait(until clock.Instant) []Event {
	if r.prepare(); !r.look() {
		r.await(until)
	}
	return r.told()
}

// await waits for a completion, until the instant at the latest.
func (r *ring) await(until clock.Instant) {
	r.wait.timeout = 0
	if until != clock.Never {
		left := until.Sub(r.clock.Now())
		if left <= 0 {
			return
		}
		r.timeout = unix.NsecToTimespec(int64(left))
		r.wait.timeout = uint64(uintptr(unsafe.Pointer(&r.timeout)))
	}
	r.until, r.waits, r.woken = until, true, false
	r.lock.Unlock()
	_, _, e := syscall.Syscall6(
		unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, 1, enterGetEvents|enterExtArg,
		uintptr(unsafe.Pointer(&r.wait)), unsafe.Sizeof(r.wait),
	)
	switch e {
	case 0, syscall.ETIME, syscall.EINTR, syscall.EBUSY, syscall.EAGAIN:
	default:
		time.Sleep(time.Millisecond) // never seen; a late ticket beats a spin
	}
	r.lock.Lock()
	r.waits = false
}

func (r *ring) Waiting() bool { return r.waits }

func (r *ring) Due(at clock.Instant) {
	if at < r.until && r.waits && !r.woken {
		r.woken = true
		r.Wake()
	}
}

func (r *ring) Name() string { return "io_uring" }

func (r *ring) Wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		one := [8]byte{1}
		_, _ = unix.Write(r.event, one[:])
	}
}

func (r *ring) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	r.ringMemory.close()
	if r.event >= 0 {
		unix.Close(r.event)
	}
}
