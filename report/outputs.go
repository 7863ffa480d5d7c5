package report

import (
	"errors"
	"fmt"
	"io"
)

// Outputs are the files that a report is written to besides standard output.
// All of them are opened before any load is sent.
type Outputs struct{ list []output }

type output struct {
	flag string
	file *File
	fill func(io.Writer, *Report) error
}

// Add opens the file that the flag names; an empty path adds nothing.
func (o *Outputs) Add(flag, path string, fill func(io.Writer, *Report) error) error {
	file, err := CreateFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if file != nil {
		o.list = append(o.list, output{flag, file, fill})
	}
	return nil
}

// Write fills all files; one that fails does not keep the others from it.
func (o *Outputs) Write(r *Report) error {
	var failures []error
	for _, out := range o.list {
		if err := out.file.Write(func(w io.Writer) error { return out.fill(w, r) }); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", out.flag, err))
		}
	}
	return errors.Join(failures...)
}

// Discard closes the files that were never written and removes those that did
// not exist before.
func (o *Outputs) Discard() {
	for _, out := range o.list {
		out.file.Discard()
	}
}
