package report

import (
	"bufio"
	"io"
	"os"
)

// File is an output that is known to be writable before any load is sent.
// A nil File swallows everything.
type File struct {
	file    *os.File
	fresh   bool // it did not exist before
	written bool
}

// CreateFile opens an output without touching what it holds; an empty path
// gives a nil File.
func CreateFile(path string) (*File, error) {
	if path == "" {
		return nil, nil
	}
	_, err := os.Stat(path)
	fresh := os.IsNotExist(err)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	return &File{file: f, fresh: fresh}, nil
}

// Write replaces the file's content with what fill writes, and closes it.
func (f *File) Write(fill func(io.Writer) error) error {
	if f == nil {
		return nil
	}
	if err := f.begin(); err != nil {
		return err
	}
	w := bufio.NewWriter(f.file)
	err := fill(w)
	if err == nil {
		err = w.Flush()
	}
	if closeErr := f.file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// begin empties the file.
func (f *File) begin() error {
	f.written = true
	// Pipes and devices cannot be cut, and need not be.
	if info, err := f.file.Stat(); err == nil && info.Mode().IsRegular() {
		return f.file.Truncate(0)
	}
	return nil
}

// Discard closes a file that was never written, and removes it if it did not
// exist before.
func (f *File) Discard() {
	if f == nil || f.written {
		return
	}
	f.file.Close()
	if f.fresh {
		os.Remove(f.file.Name())
	}
}
