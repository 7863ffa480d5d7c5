package payloads

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// open gives the content of a payload file as mapped memory. What cannot be
// mapped as it stands (compressed files, standard input, pipes) is written to
// a temporary file first, so that memory stays flat however long it is.
func open(path string, stdin io.Reader) (*mapping, error) {
	name := displayName(path)
	if path == stdinPath {
		return spoolStream(name, "", stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, openError(name, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: a directory; name the files in it", name)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(name, err)
	}
	if !info.Mode().IsRegular() {
		defer f.Close()
		return spoolStream(name, path, f)
	}
	return openRegular(name, path, f, info)
}

func openRegular(name, path string, f *os.File, info fs.FileInfo) (*mapping, error) {
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		f.Close()
		return nil, openError(name, err)
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
func spoolCopy(name, path string) (*mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(name, err)
	}
	defer f.Close()
	return spoolStream(name, path, f)
}

// spoolStream unpacks a stream if need be and maps a temporary copy of it.
func spoolStream(name, path string, r io.Reader) (*mapping, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, openError(name, err)
	}
	if err := checkPromise(name, path, head); err != nil {
		return nil, err
	}
	kind := packing(head)
	if kind == "" {
		m, err := spool(name, in)
		if e, ok := errors.AsType[*readError](err); ok {
			return nil, openError(name, e.error)
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
	return fmt.Errorf("%s: not %s data, though its name ends in %s; make the file again, or rename it", name, kind, filepath.Ext(path))
}

func spoolPacked(name, kind string, r io.Reader) (*mapping, error) {
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

// openError words what the system said of a path.
func openError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.Contains(filepath.Base(name), ":"):
		return fmt.Errorf("%s: no such file; check the path (a weight is a whole number, as in FILE:3)", name)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such file; check the path", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: permission denied; make it readable for this user", name)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err // the path is in the message already
	}
	return fmt.Errorf("%s: cannot be read: %w; check the path", name, err)
}

// foreign are the first bytes of files that people mistake for lines of JSON.
var foreign = []struct{ magic, what string }{
	{"\xFF\xFE", "UTF-16 text; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
	{"\xFE\xFF", "UTF-16 text; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
	{"PK\x03\x04", "a zip archive; unpack it first"},
	{"BZh", "bzip2 data; unpack it first, or use gzip or zstd"},
	{"\xFD7zXZ\x00", "xz data; unpack it first, or use gzip or zstd"},
	{"\x04\x22\x4D\x18", "lz4 data; unpack it first, or use gzip or zstd"},
	{"\x1F\x8B", "gzip data packed twice; unpack it once"},
	{"\x28\xB5\x2F\xFD", "zstd data packed twice; unpack it once"},
	{"PAR1", "a Parquet file; write its rows as lines of JSON"},
	{"ARROW1", "an Arrow file; write its rows as lines of JSON"},
	{"Obj\x01", "an Avro file; write its rows as lines of JSON"},
}

// foreignKind says what else than JSON text the content is, or "".
func foreignKind(data []byte) string {
	for _, f := range foreign {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return f.what
		}
	}
	if len(data) >= 2 && (data[0] == 0) != (data[1] == 0) {
		return foreign[0].what // without a byte order mark
	}
	return ""
}
