package file

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unsafe"

	"github.com/edsrzf/mmap-go"
)

// Mapping is the content of one payload file, mapped read-only.
type Mapping struct {
	Name  string // for people
	file  *os.File
	Data  mmap.MMap
	size  int64
	mtime time.Time
	spool bool   // the file is our own temporary one, which nobody else changes
	left  string // path of a temporary file still to be deleted

	released int // up to where pages have been given back
}

// live are the mappings in use, so that the address of a fault leads to a
// file's name.
var live struct {
	sync.Mutex
	maps map[*Mapping]struct{}
}

// mapFile maps an open regular file and takes it over, also when it fails.
// An empty file gives an empty mapping.
func mapFile(name string, f *os.File) (*Mapping, error) {
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	m := &Mapping{Name: name, file: f, size: info.Size(), mtime: info.ModTime()}
	if m.size == 0 {
		return m, nil
	}
	if m.size > MaxFile || int64(int(m.size)) != m.size {
		f.Close()
		return nil, fmt.Errorf("%s: %d bytes are more than this machine or format can index (256 GiB); "+
			"split the file", name, m.size)
	}
	m.Data, err = mmap.MapRegion(f, int(m.size), mmap.RDONLY, 0, 0)
	if err != nil {
		f.Close()
		return nil, &mapError{name, err}
	}
	live.Lock()
	defer live.Unlock()
	if live.maps == nil {
		live.maps = make(map[*Mapping]struct{})
	}
	live.maps[m] = struct{}{}
	return m, nil
}

// mapError: the file system cannot map files, as some network ones, or the
// process may not have that much address space.
type mapError struct {
	name  string
	cause error
}

func (e *mapError) Error() string {
	return fmt.Sprintf("%s: cannot be mapped into memory: %v; use a smaller file, or raise the limit (ulimit -v)",
		e.name, e.cause)
}

// Changed says if another program has written to the file or cut it. It asks the
// open file, not the path: a file replaced by another is still mapped whole.
func (m *Mapping) Changed() error {
	if m.spool || m.file == nil {
		return nil
	}
	info, err := m.file.Stat()
	if err != nil {
		return fmt.Errorf("%s: cannot tell if it was changed while in use: %w", m.Name, err)
	}
	if info.Size() != m.size {
		return fmt.Errorf("%s: changed while in use, from %d to %d bytes; leave payload files alone during a run, "+
			"and run again", m.Name, m.size, info.Size())
	}
	if !info.ModTime().Equal(m.mtime) {
		return fmt.Errorf("%s: changed while in use; leave payload files alone during a run, and run again", m.Name)
	}
	return nil
}

// Close unmaps and forgets the file. Calling it again does nothing.
func (m *Mapping) Close() error {
	if m.file == nil {
		return nil
	}
	live.Lock()
	delete(live.maps, m)
	live.Unlock()
	var err error
	if m.Data != nil {
		err = m.Data.Unmap()
	}
	if e := m.file.Close(); err == nil {
		err = e
	}
	m.file = nil
	if m.left != "" {
		os.Remove(m.left)
	}
	if err != nil {
		return fmt.Errorf("%s: closing: %w", m.Name, err)
	}
	return nil
}

// mappedAt returns the name of the file mapped at an address, or "".
func mappedAt(addr uintptr) string {
	live.Lock()
	defer live.Unlock()
	for m := range live.maps {
		start := uintptr(unsafe.Pointer(unsafe.SliceData(m.Data)))
		if addr >= start && addr-start < uintptr(len(m.Data)) {
			return m.Name
		}
	}
	return ""
}

// Section reads the file from its beginning, without the mapping.
func (m *Mapping) Section() *io.SectionReader { return io.NewSectionReader(m.file, 0, m.size) }

// releaseStep is how much is read before its pages are given back, in bytes.
const releaseStep = 16 << 20

// Release says that what stands before an offset has been read and is not needed
// soon: its pages need not stay in memory, where they count as this process's. They
// are read again when they are looked at.
func (m *Mapping) Release(before int) {
	const page = 64 << 10 // a multiple of what any system has
	if before = before / page * page; before < m.released {
		m.released = 0 // it is read again, from its beginning
	}
	if before-m.released >= releaseStep {
		release(m.Data[m.released:before])
		m.released = before
	}
}

// Wrong makes an error of what is wrong with the file as a whole.
func (m *Mapping) Wrong(what string) error { return fmt.Errorf("%s: %s", m.Name, what) }
