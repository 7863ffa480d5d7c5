package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// OpenError is the message for an error that the operating system gave for a
// path: the file, what is wrong, and what to do.
func OpenError(name string, err error) error {
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
