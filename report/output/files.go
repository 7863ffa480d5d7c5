package output

import (
	"errors"
	"fmt"
	"io"

	"brunt/report"
	"brunt/report/outfile"
)

// Files are the files that a report is written to besides standard output.
// All of them are opened before any load is sent.
type Files struct{ list []output }

type output struct {
	flag string
	file *outfile.File // nil for standard output
	fill func(io.Writer, *report.Report) error
	all  bool // it holds all figures
}

// add opens the file that the flag names; an empty path adds nothing.
func (f *Files) add(flag, path string, all bool, fill func(io.Writer, *report.Report) error) error {
	if path == stdout {
		f.list = append(f.list, output{flag, nil, fill, all})
		return nil
	}
	file, err := outfile.Create(path)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if file != nil {
		f.list = append(f.list, output{flag, file, fill, all})
	}
	return nil
}

// write fills all files, and what goes to out instead of one; one that fails does
// not keep the others from it. saved reports whether one of them holds all figures.
func (f *Files) write(stdout io.Writer, r *report.Report) (saved bool, err error) {
	var failures []error
	for _, out := range f.list {
		write := out.file.Write
		if out.file == nil {
			write = func(fill func(io.Writer) error) error { return fill(stdout) }
		}
		if err := write(func(w io.Writer) error { return out.fill(w, r) }); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", out.flag, err))
		} else {
			saved = saved || out.all
		}
	}
	return saved, errors.Join(failures...)
}

// Discard closes the files that were never written.
func (f *Files) Discard() {
	for _, out := range f.list {
		out.file.Discard()
	}
}
