package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Records is where records go. They are written while the run goes on, so
// that those of a run that is killed are there: under the file's own name where
// that is free, and beside an older file, which the end of the run replaces.
type Records struct {
	*File
	file  *os.File
	fresh bool   // it did not exist before
	Aside string // its name until the end, empty where it has its own
}

// CreateRecords finds out whether the file can be written, and opens nothing yet: see
// [Create] and [Records.Begin].
func CreateRecords(path string) (*Records, error) {
	f, err := Create(path)
	if err != nil {
		return nil, err
	}
	return &Records{File: f}, nil
}

// Begin opens the file.
func (r *Records) Begin() (*os.File, error) {
	r.written = true
	if r.special != nil {
		r.file = r.special
		return r.file, nil
	}
	info, err := os.Stat(r.path)
	if err == nil && info.Size() > 0 {
		return r.beginAside()
	}
	r.fresh = err != nil
	r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	return r.file, err
}

// maxAside is how many files of killed runs may lie beside one.
const maxAside = 1000

// beginAside opens a file beside the older one that overwrites none: the
// records of an earlier run that was killed may lie there.
func (r *Records) beginAside() (_ *os.File, err error) {
	for n := 1; n <= maxAside; n++ {
		r.Aside = asideName(r.path, n)
		if r.file, err = os.OpenFile(r.Aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644); err == nil {
			return r.file, nil
		}
		if errors.Is(err, fs.ErrPermission) { // a directory that takes no other file
			r.Aside = ""
			r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0)
			return r.file, err
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	return nil, err
}

// asideName keeps the ending: run.partial.csv.zst, run.partial2.csv.zst.
func asideName(path string, n int) string {
	dir, name := filepath.Split(path)
	stem, ending, _ := strings.Cut(name, ".")
	number := ""
	if n > 1 {
		number = fmt.Sprint(n)
	}
	return dir + stem + ".partial" + number + "." + ending
}

// Intact says what somebody else has done to the file, into which so many bytes
// were written, that the records cannot be read by its name: it was removed,
// replaced or cut short. It is to be asked before the file is closed.
func (r *Records) Intact(written int64) error {
	if r == nil || r.special != nil || r.file == nil {
		return nil
	}
	name := r.path
	if r.Aside != "" {
		name = r.Aside
	}
	ours, err := r.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s was removed while it was written", name)
	case err != nil:
		return err
	case !os.SameFile(ours, there):
		return fmt.Errorf("%s was replaced by another file while it was written", name)
	case ours.Size() < written:
		return fmt.Errorf("%s was cut short by somebody else while it was written", name)
	}
	return nil
}

// End puts a file that is whole where it belongs, and says of another one where
// it is. A nil one is standard output.
func (r *Records) End(err error) error {
	switch {
	case r == nil || r.special != nil:
		return err
	case err == nil && r.Aside != "":
		return r.replace(r.Aside)
	case err == nil:
		return nil
	case r.Aside != "":
		return fmt.Errorf("%w; the records before that are in %s, and the older %s is unchanged", err, r.Aside, r.path)
	}
	return fmt.Errorf("%w; the records before that are in %s", err, r.path)
}

// RemoveEmpty removes a file in which there is no record.
func (r *Records) RemoveEmpty() error {
	switch {
	case r == nil || r.special != nil && r.file == nil:
		if r != nil {
			r.Discard()
		}
		return nil
	case r.file == nil:
		return nil
	}
	err := r.file.Close()
	if r.Aside != "" {
		err = errors.Join(err, os.Remove(r.Aside))
	} else if r.fresh {
		err = errors.Join(err, os.Remove(r.path))
	}
	return err
}
