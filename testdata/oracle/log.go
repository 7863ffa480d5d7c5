package main

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	mmap "github.com/edsrzf/mmap-go"
	"golang.org/x/sys/unix"
)

// The log's file: a head of headSize bytes, then one record per request.
const (
	headSize   = 64
	recordSize = 16
)

// head counts across restarts.
type head struct {
	requests    atomic.Uint64 // slots taken; more than there is room for when it overflowed
	connections atomic.Uint64
}

// record is one request. at is CLOCK_MONOTONIC, which all processes share, as
// its first bytes were read. index is 0 until the record stands, noIndex for a
// request without one, and else the index + firstIndex. tail holds the
// connection's number above the answer's 8 bits.
type record struct {
	at    int64
	index atomic.Uint32
	tail  uint32
}

const (
	noIndex    = 1
	firstIndex = 2
)

// arrivals is the log, in memory that the file shares: what was written to it
// is there even if the process is killed at once.
type arrivals struct {
	head    *head
	records []record
	clock   int64 // CLOCK_MONOTONIC at origin
	origin  time.Time
}

func openLog(name string, room int) (*arrivals, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("-log: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(headSize + recordSize*int64(room)); err != nil {
		return nil, err
	}
	m, err := mmap.Map(f, mmap.RDWR, 0)
	if err != nil {
		return nil, err
	}
	a := &arrivals{
		head:    (*head)(unsafe.Pointer(&m[0])),
		records: unsafe.Slice((*record)(unsafe.Pointer(&m[headSize])), room),
		origin:  time.Now(),
	}
	return a, a.setClock()
}

// setClock pairs the two clocks by the closest of several readings, so that a
// preemption between two of them does not shift the log.
func (a *arrivals) setClock() error {
	best := time.Duration(1 << 62)
	for range 100 {
		var ts unix.Timespec
		before := time.Since(a.origin)
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			return err
		}
		if gap := time.Since(a.origin) - before; gap < best {
			best, a.clock = gap, ts.Nano()-int64(before+gap/2)
		}
	}
	return nil
}

// now is CLOCK_MONOTONIC, without a system call.
func (a *arrivals) now() int64 { return a.clock + int64(time.Since(a.origin)) }

// slot takes the next record's number.
func (a *arrivals) slot() uint64 { return a.head.requests.Add(1) - 1 }

// write fills a record; its index comes last, so that a record is never half
// written.
func (a *arrivals) write(slot uint64, at int64, index uint32, connection uint32, as answer) {
	if slot >= uint64(len(a.records)) {
		return // the summary says so
	}
	r := &a.records[slot]
	r.at, r.tail = at, connection<<8|uint32(as)
	r.index.Store(index)
}
