package payloads

import (
	"fmt"
	"io"

	"brunt/payloads/file"
	"brunt/payloads/show"
)

// Check reads all files as [Open] does and lists what is wrong with them, in
// the order of files and lines: up to limit problems, and how many there are
// beyond. It describes the files that could be indexed, sound or not; bad
// lines count as lines. The error is for arguments that make no sense
// together.
func Check(specs []Spec, o Options, limit int) (files []File, problems []error, more int, err error) {
	if o, err = o.withDefaults(); err != nil {
		return nil, nil, 0, err
	}
	found := problemList{limit: max(0, limit)}
	sources, _, err := load(specs, o, &found)
	if err != nil {
		return nil, nil, 0, err
	}
	files = describe(sources)
	closeAll(sources)
	return files, found.problems, found.more, nil
}

// WriteCheck lists the problems that [Check] found, one per line, or says of
// each file that it is fine. The error is that there are problems.
func WriteCheck(w io.Writer, files []File, problems []error, more int) error {
	for _, problem := range problems {
		fmt.Fprintln(w, problem)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s listed, %s more; mend these lines or leave them out",
			show.Counted(len(problems), "problem", "problems"), show.Grouped(more))
	}
	for _, f := range files {
		fmt.Fprintf(w, "%s: %s bodies, %s bytes, fine\n", file.Display(f.Path), show.Grouped(f.Lines),
			show.Grouped(int(f.Bytes)))
	}
	return nil
}
