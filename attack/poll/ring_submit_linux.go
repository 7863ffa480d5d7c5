package poll

import (
	"slices"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"brunt/attack/clock"
)

func (r *ring) Buffer() []byte {
	return r.room[len(r.messages)][:0]
}

func (r *ring) Keep(p []byte) { r.room[len(r.messages)] = p }

func (r *ring) Send(s Socket, p []byte, m *Message) bool {
	if r.waits || len(r.messages) == maxMessages {
		return false
	}
	if _, known := r.watched[keyOf(s)]; !known {
		return false
	}
	place := len(r.messages)
	*m = Message{State: MessageQueued, data: p, socket: s}
	r.messages = append(r.messages, m)
	r.unsettled++
	r.bytes += len(p)
	r.add(submission{
		op: opSend, fd: int32(s.FD), address: uint64(uintptr(unsafe.Pointer(&p[0]))), length: uint32(len(p)),
		opFlags: unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL, user: forMessage<<62 | uint64(place),
	})
	return true
}

func (r *ring) Flush() {
	now := clock.Instant(0)
	for _, m := range r.messages {
		if m.State == MessageQueued && m.Sent == 0 {
			if now == 0 {
				now = r.clock.Now()
			}
			m.Sent = now
		}
	}
	for len(r.queue) > 0 || r.unsubmitted() > 0 {
		r.fill()
		if !r.submit() {
			break // the rest with the next one
		}
	}
	if r.scan(); r.unsettled == 0 {
		clear(r.messages)
		r.messages, r.bytes = r.messages[:0], 0
	}
}

// fill moves what is queued to where the kernel takes it from.
func (r *ring) fill() {
	tail := *r.sqTail
	n := min(len(r.queue), len(r.submissions)-int(r.unsubmitted()))
	for i := range n {
		r.submissions[(tail+uint32(i))&r.sqMask] = r.queue[i]
	}
	r.queue = r.queue[:copy(r.queue, r.queue[n:])]
	atomic.StoreUint32(r.sqTail, tail+uint32(n))
}

// submit has the kernel take submissions, and reports whether it took any. Where it is
// not busy with unread completions already, it is asked for new ones.
func (r *ring) submit() bool {
	before, flags := r.unsubmitted(), uintptr(0)
	if r.unread() == 0 {
		flags = enterGetEvents
	}
	if r.bytes <= longSubmit {
		_, _, _ = syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(before), 0, flags, 0, 0)
	} else {
		_, _, _ = syscall.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(before), 0, flags, 0, 0)
	}
	return r.unsubmitted() < before
}

// scan settles messages by their completions, which come within the call that submits.
func (r *ring) scan() {
	tail := atomic.LoadUint32(r.cqTail)
	for ; r.scanned != tail; r.scanned++ {
		if c := &r.completions[r.scanned&r.cqMask]; c.user>>62 == forMessage {
			r.settle(r.messages[c.user&keyMask], c.result)
		}
	}
}

// settle notes what became of a message.
func (r *ring) settle(m *Message, result int32) {
	r.unsettled--
	if m.State != MessageQueued {
		return // its connection was dropped
	}
	m.State, m.Taken = MessageSent, int(max(0, result))
	if e := syscall.Errno(-result); result < 0 && e != syscall.EAGAIN && e != syscall.EINTR {
		m.Err = e
	}
	if m.Taken < len(m.data) {
		m.Left = slices.Clone(m.data[m.Taken:]) // its memory is used again
		r.late = append(r.late, Event{Number: m.socket.Number, Generation: m.socket.Generation, Unfinished: true})
	}
	m.data = nil
}
