package outfile

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is an output that is known to be writable before any load is sent. What
// is written goes to a file beside it, which takes its place once it is whole:
// until then, and whatever fails, what it held stays. It keeps its mode, and
// symbolic links to it stay links. Devices, pipes and the process's own streams
// are written in place. A nil File swallows everything.
type File struct {
	path    string   // behind symbolic links
	special *os.File // open, where it is written in place
	written bool
}

// Create finds out whether an output can be written, without touching what
// it holds; an empty path gives a nil File.
func Create(path string) (*File, error) {
	if path == "" {
		return nil, nil
	}
	f := &File{path: FollowLinks(path)}
	info, err := os.Stat(f.path)
	if err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory; name a file in it", path)
	}
	if own(f.path) || err == nil && !info.Mode().IsRegular() {
		// Write-only: a pipe opened for both would be its own reader, and a lost
		// one never noticed.
		f.special, err = os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
		return f, err
	}
	if err == nil {
		var old *os.File
		if old, err = os.OpenFile(f.path, os.O_WRONLY, 0); err != nil {
			return nil, err
		}
		return f, old.Close()
	}
	probe, err := f.beside()
	if err != nil {
		return nil, err
	}
	return f, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// maxLinks is how many symbolic links are followed, as Linux has it.
const maxLinks = 40

// FollowLinks is the path that symbolic links lead to from another, whether or not
// there is a file. Those of devices and of the process's own streams end there:
// /dev/stdout is itself, and not the file that it was redirected to.
func FollowLinks(path string) string {
	for range maxLinks {
		to, err := os.Readlink(path)
		if own(path) || err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path
}

// own reports whether a path is the system's name of a device or of a file that
// this process has open.
func own(path string) bool {
	path = filepath.ToSlash(filepath.Clean(path))
	return strings.HasPrefix(path, "/dev/") && !strings.HasPrefix(path, "/dev/shm/") ||
		strings.HasPrefix(path, "/proc/")
}

// beside makes an empty file in the same directory.
func (f *File) beside() (*os.File, error) {
	name := filepath.Join(filepath.Dir(f.path), ".brunt-"+strings.ToLower(rand.Text()[:8]))
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	var at *fs.PathError
	if errors.As(err, &at) {
		at.Path = f.path // which is the name that the user knows
	}
	return file, err
}

// Write replaces the file's content with what fill writes.
func (f *File) Write(fill func(io.Writer) error) error {
	if f == nil {
		return nil
	}
	f.written = true
	if f.special != nil {
		return errors.Join(filled(f.special, fill), f.special.Close())
	}
	temp, err := f.beside()
	if errors.Is(err, fs.ErrPermission) && exists(f.path) { // a directory that takes no other file
		var whole bytes.Buffer
		if err = fill(&whole); err != nil {
			return err
		}
		return overwrite(f.path, &whole)
	} else if err != nil {
		return err
	}
	if err = errors.Join(filled(temp, fill), temp.Sync(), temp.Close()); err != nil {
		os.Remove(temp.Name())
		return f.named(err, temp.Name())
	}
	return f.replace(temp.Name())
}

// named has an error about a file beside name the one that is known, and tells
// what became of that.
func (f *File) named(err error, beside string) error {
	text := strings.ReplaceAll(strings.ReplaceAll(err.Error(), "\n", "; "), beside, f.path)
	if exists(f.path) {
		text += "; what " + f.path + " held before is unchanged"
	}
	return errors.New(text)
}

func filled(file *os.File, fill func(io.Writer) error) error {
	w := bufio.NewWriter(file)
	if err := fill(w); err != nil {
		return err
	}
	return w.Flush()
}

// replace puts a file that is whole in the place of this one. Where the system
// does not let it (a file that is mounted by itself, or of another owner), its
// content goes there.
func (f *File) replace(whole string) error {
	info, err := os.Stat(f.path)
	if err == nil {
		err = errors.Join(os.Chmod(whole, info.Mode().Perm()), keepOwner(whole, info))
	} else {
		err = nil
	}
	if err == nil {
		err = os.Rename(whole, f.path)
	}
	if err == nil {
		return nil
	}
	in, err := os.Open(whole)
	if err != nil {
		return err
	}
	err = errors.Join(overwrite(f.path, in), in.Close())
	if err != nil {
		return fmt.Errorf("%w; all of it is in %s", err, whole)
	}
	return os.Remove(whole)
}

// overwrite is the last resort: content goes over what a file holds, which is
// cut to the new length at the end.
func overwrite(path string, content io.Reader) error {
	out, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, content)
	if err == nil {
		err = out.Truncate(n)
	}
	return errors.Join(err, out.Close())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Discard closes what was never written to.
func (f *File) Discard() {
	if f != nil && !f.written && f.special != nil {
		f.special.Close()
	}
}
