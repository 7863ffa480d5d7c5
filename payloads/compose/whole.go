package compose

import (
	"fmt"
	"io"
	"os"

	"brunt/payloads/file"
)

// Whole is a file that is sent as it is.
type Whole struct {
	Type  string // of its content, by its name
	Plain []byte // its content
	Sent  []byte // the same, compressed where that was asked for
	made  *file.Mapping
}

// OpenWhole reads a file into a temporary copy, so that what is sent stays what it was
// at the beginning. "-" is standard input.
func OpenWhole(path string, stdin io.Reader, coding Coding) (*Whole, error) {
	name := file.Display(path)
	b, err := readWhole(path, stdin)
	switch {
	case err != nil:
		return nil, file.OpenError(name, err)
	case len(b) > file.MaxBody:
		return nil, fmt.Errorf("%s: longer than 64 MiB, which no body may be", name)
	case len(b) == 0:
		return nil, fmt.Errorf("%s: empty; a request without a body needs no file", name)
	}
	m := NewMaker(name, path, nil)
	defer m.Discard()
	plain, err := m.Add(b)
	if err != nil {
		return nil, err
	}
	sent, what, err := NewComposer(m).raw(b, coding)
	if what != "" {
		err = fmt.Errorf("%s: %s", name, what)
	}
	if err != nil {
		return nil, err
	}
	made, err := m.Map()
	if err != nil {
		return nil, err
	}
	at := func(p Place) []byte { return made.Data[p.Offset : p.Offset+p.Length : p.Offset+p.Length] }
	return &Whole{Type: ContentType(path, coding), Plain: at(plain), Sent: at(sent), made: made}, nil
}

func readWhole(path string, stdin io.Reader) ([]byte, error) {
	if path == file.Stdin {
		return io.ReadAll(io.LimitReader(stdin, file.MaxBody+1))
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return nil, fmt.Errorf("a directory; name a file in it")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, file.MaxBody+1))
}

// Close gives the copy back. The bodies must not be used any more.
func (w *Whole) Close() error { return w.made.Close() }
