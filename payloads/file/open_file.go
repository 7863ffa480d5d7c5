package file

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Open gives the content of a payload file as mapped memory. What cannot be
// mapped as it stands (compressed files, standard input, pipes) is written to
// a temporary file first, so that memory stays flat however long it is.
func Open(path string, stdin io.Reader) (*Mapping, error) {
	name := Display(path)
	if path == Stdin {
		return spoolStream(name, "", stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, OpenError(name, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: a directory; name the files in it", name)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, OpenError(name, err)
	}
	if !info.Mode().IsRegular() {
		defer f.Close()
		return spoolStream(name, path, f)
	}
	return openRegular(name, path, f, info)
}

func openRegular(name, path string, f *os.File, info fs.FileInfo) (*Mapping, error) {
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		f.Close()
		return nil, OpenError(name, err)
	}
	if err := checkPromise(name, path, head[:n]); err != nil {
		f.Close()
		return nil, err
	}
	// Virtual files, as those of /proc, have content but no size to map.
	virtual := n > 0 && info.Size() == 0
	if virtual || packing(head[:n]) != "" {
		defer f.Close()
		return spoolStream(name, path, f)
	}
	m, err := mapFile(name, f)
	if _, ok := errors.AsType[*mapError](err); ok {
		return spoolCopy(name, path)
	}
	return m, err
}

// spoolCopy is for file systems that can be read but not mapped.
func spoolCopy(name, path string) (*Mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, OpenError(name, err)
	}
	defer f.Close()
	return spoolStream(name, path, f)
}

// spoolStream unpacks a stream if need be and maps a temporary copy of it.
func spoolStream(name, path string, r io.Reader) (*Mapping, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, OpenError(name, err)
	}
	if err := checkPromise(name, path, head); err != nil {
		return nil, err
	}
	kind := packing(head)
	if kind == "" {
		m, err := spool(name, in)
		if e, ok := errors.AsType[*readError](err); ok {
			return nil, OpenError(name, e.error)
		}
		return m, err
	}
	return spoolPacked(name, kind, in)
}

// checkPromise refuses a file named as compressed that is not: more likely a
// broken download than lines of JSON.
func checkPromise(name, path string, head []byte) error {
	kind := promisedPacking(path)
	if kind == "" || len(head) == 0 || packing(head) != "" {
		return nil
	}
	return fmt.Errorf("%s: not %s data, though its name ends in %s; make the file again, or rename it", name, kind,
		filepath.Ext(path))
}

func spoolPacked(name, kind string, r io.Reader) (*Mapping, error) {
	unpacked, err := unpack(kind, r)
	if err != nil {
		return nil, packingError(name, kind, err)
	}
	defer unpacked.Close()
	m, err := spool(name, unpacked)
	if e, ok := errors.AsType[*readError](err); ok {
		return nil, packingError(name, kind, e.error)
	}
	return m, err
}
