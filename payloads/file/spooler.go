package file

import (
	"bufio"
	"fmt"
	"os"
)

// Spooler gathers bodies that stand in no file as they are sent in a temporary one,
// which is unlinked where the system allows it, and maps that.
type Spooler struct {
	name string // of the file that they are made of, for people
	file *os.File
	left string // its path, where it could not be unlinked
	out  *bufio.Writer
	size int64
}

// NewSpooler makes the temporary file.
func NewSpooler(name string) (*Spooler, error) {
	f, err := os.CreateTemp("", "brunt-payloads-*")
	if err != nil {
		return nil, spoolError(name, err)
	}
	s := &Spooler{name: name, file: f, left: f.Name(), out: bufio.NewWriterSize(f, 256<<10)}
	if os.Remove(s.left) == nil {
		s.left = ""
	}
	return s, nil
}

// Add appends a body, and returns the offset at which it stands.
func (s *Spooler) Add(b []byte) (offset int, err error) {
	if s.size+int64(len(b)) > maxSpool {
		return 0, fmt.Errorf("%s: more than %d GiB of bodies are made of it; split it", s.name, maxSpool>>30)
	}
	offset = int(s.size)
	if _, err := s.out.Write(b); err != nil {
		return 0, spoolError(s.name, err)
	}
	s.size += int64(len(b))
	return offset, nil
}

// Map maps all that was added. The Spooler is used up, also where that fails.
func (s *Spooler) Map() (*Mapping, error) {
	if err := s.out.Flush(); err != nil {
		s.Discard()
		return nil, spoolError(s.name, err)
	}
	m, err := mapFile(s.name, s.file)
	if err != nil {
		s.Discard()
		return nil, err
	}
	m.spool, m.left = true, s.left
	return m, nil
}

// Discard gives everything up.
func (s *Spooler) Discard() {
	s.file.Close()
	if s.left != "" {
		os.Remove(s.left)
	}
}
