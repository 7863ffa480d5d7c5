package payloads

import (
	"fmt"
	"io"
)

// WriteCheck lists the problems that [Check] found, one per line, or says of
// each file that it is fine. The error is that there are problems.
func WriteCheck(w io.Writer, files []File, problems []error, more int) error {
	for _, problem := range problems {
		fmt.Fprintln(w, problem)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s listed, %s more; mend these lines or leave them out", counted(len(problems), "problem", "problems"), grouped(more))
	}
	for _, f := range files {
		fmt.Fprintf(w, "%s: %s bodies, %s bytes, fine\n", displayName(f.Path), grouped(f.Lines), grouped(int(f.Bytes)))
	}
	return nil
}
