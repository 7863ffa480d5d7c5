package poll

import (
	"encoding/binary"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What the kernel and this side share [io_uring(7), include/uapi/linux/io_uring.h].

// submission is an entry of the submission queue, of what is used of it.
type submission struct {
	op, flags uint8
	priority  uint16
	fd        int32
	offset    uint64
	address   uint64
	length    uint32
	opFlags   uint32
	user      uint64
	group     uint16 // of buffers
	_         uint16
	_         int32
	_         [2]uint64
}

// completion is an entry of the completion queue.
type completion struct {
	user   uint64
	result int32
	flags  uint32
}

// ringParams is what a ring is set up with, and where its parts are.
type ringParams struct {
	sqEntries, cqEntries, flags, sqCPU, sqIdle, features, wq uint32
	_                                                        [3]uint32
	sq                                                       struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, entriesAt, flags, _ uint32
		_                                                        uint64
	}
}

// waitArgument is that of an enter that waits.
type waitArgument struct {
	mask     uint64
	maskSize uint32
	_        uint32
	timeout  uint64
}

// bufferEntry is an entry of a ring of buffers. The first one's tail is the ring's.
type bufferEntry struct {
	address uint64
	length  uint32
	number  uint16
	tail    uint16
}

// bufferRing is what registers one.
type bufferRing struct {
	address uint64
	entries uint32
	group   uint16
	flags   uint16
	_       [3]uint64
}

const (
	opNothing     = 0
	opPoll        = 6
	opAsyncCancel = 14
	opSend        = 26
	opReceive     = 27

	setupCQSize       = 1 << 3
	setupDisabled     = 1 << 6
	setupSubmitAll    = 1 << 7
	setupTaskrunFlag  = 1 << 9
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13

	featureSingleMap = 1 << 0
	featureNoDrop    = 1 << 1
	featureExtArg    = 1 << 8

	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3

	registerEnable  = 12
	registerBuffers = 22

	sqOverflow = 1 << 1 // completions wait outside the queue
	sqTaskrun  = 1 << 2 // an enter would bring completions

	selectBuffer     = 1 << 5 // of submission.flags
	receiveMultishot = 1 << 1 // of submission.priority
	pollMultishot    = 1 << 0 // of submission.length

	hasBuffer   = 1 << 0 // of completion.flags
	hasMore     = 1 << 1
	bufferShift = 16

	submissionsOffset = 0x10000000
)

// Sizes of a ring.
const (
	ringSubmissions = 256
	ringCompletions = 4096
	// bufferSize is how much is received in one piece. Most replies are shorter, and
	// touch one page of it.
	bufferSize = 16 << 10
	// maxBuffers is how many pieces may have come and not been handled, of all the
	// loop's connections. Those that find none left wait in the system.
	maxBuffers = 256
)

// pollBits are the events of a poll as a submission has them.
func pollBits(events uint32) uint32 {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return events<<16 | events>>16
	}
	return events
}

// ringMemory is a ring's file and what is mapped of it.
type ringMemory struct {
	fd      int
	queues  []byte // both, but for the submissions
	entries []byte // the submissions

	sqHead, sqTail, sqFlags *uint32
	cqHead, cqTail          *uint32
	sqMask, cqMask          uint32
	submissions             []submission
	completions             []completion

	received   []byte // the buffers, after the ring of them
	buffers    []bufferEntry
	bufferTail uint16
}

// setupRing is the system call; tests have it fail.
var setupRing = func(entries uint32, p *ringParams) (int, error) {
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	if e != 0 {
		return -1, e
	}
	return int(fd), nil
}

// open makes a ring, which works once it is enabled, with so many buffers: a power of 2.
func (m *ringMemory) open(buffers int) (err error) {
	p := ringParams{
		flags:     setupCQSize | setupDisabled | setupSubmitAll | setupTaskrunFlag | setupSingleIssuer | setupDeferTaskrun,
		cqEntries: ringCompletions,
	}
	if m.fd, err = setupRing(ringSubmissions, &p); err != nil {
		m.fd = -1
		return os.NewSyscallError("io_uring_setup", err)
	}
	unix.CloseOnExec(m.fd)
	if needed := uint32(featureSingleMap | featureNoDrop | featureExtArg); p.features&needed != needed {
		return os.NewSyscallError("io_uring_setup", unix.EINVAL)
	}
	size := max(int(p.sq.array)+int(p.sqEntries)*4, int(p.cq.entriesAt)+int(p.cqEntries)*int(unsafe.Sizeof(completion{})))
	if m.queues, err = m.share(0, size); err != nil {
		return err
	}
	if m.entries, err = m.share(submissionsOffset, int(p.sqEntries)*int(unsafe.Sizeof(submission{}))); err != nil {
		return err
	}
	at := func(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&m.queues[offset])) }
	m.sqHead, m.sqTail, m.sqFlags, m.sqMask = at(p.sq.head), at(p.sq.tail), at(p.sq.flags), *at(p.sq.mask)
	m.cqHead, m.cqTail, m.cqMask = at(p.cq.head), at(p.cq.tail), *at(p.cq.mask)
	m.submissions = unsafe.Slice((*submission)(unsafe.Pointer(&m.entries[0])), p.sqEntries)
	m.completions = unsafe.Slice((*completion)(unsafe.Pointer(&m.queues[p.cq.entriesAt])), p.cqEntries)
	for i, array := 0, unsafe.Slice(at(p.sq.array), p.sqEntries); i < len(array); i++ {
		array[i] = uint32(i)
	}
	return m.openBuffers(buffers)
}

func (m *ringMemory) share(offset int64, size int) ([]byte, error) {
	p, err := unix.Mmap(m.fd, offset, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	return p, os.NewSyscallError("mmap", err)
}

func (m *ringMemory) openBuffers(n int) (err error) {
	entries := n * int(unsafe.Sizeof(bufferEntry{}))
	entries = (entries + os.Getpagesize() - 1) &^ (os.Getpagesize() - 1)
	if m.received, err = unix.Mmap(-1, 0, entries+n*bufferSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	m.buffers = unsafe.Slice((*bufferEntry)(unsafe.Pointer(&m.received[0])), n)
	register := bufferRing{address: uint64(uintptr(unsafe.Pointer(&m.received[0]))), entries: uint32(n)}
	if err := m.register(registerBuffers, unsafe.Pointer(&register), 1); err != nil {
		return err
	}
	for i := range n {
		m.give(uint16(i))
	}
	m.publish()
	return nil
}

// register is what the system calls it; what is nil but for some operations.
func (m *ringMemory) register(operation int, what unsafe.Pointer, n int) error {
	_, _, e := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(m.fd), uintptr(operation), uintptr(what), uintptr(n), 0, 0)
	if e != 0 {
		return os.NewSyscallError("io_uring_register", e)
	}
	return nil
}

// buffer is the memory of a buffer.
func (m *ringMemory) buffer(number uint16) []byte {
	first := len(m.received) - len(m.buffers)*bufferSize
	return m.received[first+int(number)*bufferSize:][:bufferSize:bufferSize]
}

// give has the kernel use the buffer again, once that is published.
func (m *ringMemory) give(number uint16) {
	e := &m.buffers[int(m.bufferTail)&(len(m.buffers)-1)]
	e.address, e.length, e.number = uint64(uintptr(unsafe.Pointer(&m.buffer(number)[0]))), bufferSize, number
	m.bufferTail++
}

// publish shows the kernel the buffers that it was given. The tail is stored together
// with its neighbour, since only longer words can be stored after all that came before.
func (m *ringMemory) publish() {
	var both [4]byte
	first := &m.buffers[0]
	binary.NativeEndian.PutUint16(both[:2], first.number)
	binary.NativeEndian.PutUint16(both[2:], m.bufferTail)
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&first.number)), binary.NativeEndian.Uint32(both[:]))
}

// unread is the number of completions in the queue.
func (m *ringMemory) unread() uint32 { return atomic.LoadUint32(m.cqTail) - *m.cqHead }

// unsubmitted is the number of submissions that the kernel has not taken.
func (m *ringMemory) unsubmitted() uint32 { return *m.sqTail - atomic.LoadUint32(m.sqHead) }

// close gives all of it back. What the kernel has under way for the ring ends.
func (m *ringMemory) close() {
	if m.fd >= 0 {
		unix.Close(m.fd)
		m.fd = -1
	}
	for _, p := range [...]*[]byte{&m.queues, &m.entries, &m.received} {
		if *p != nil {
			_ = unix.Munmap(*p)
			*p = nil
		}
	}
}
