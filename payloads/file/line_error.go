package file

import "fmt"

// LineError is a problem with one line of a payload file.
type LineError struct {
	File    string // as people know it: the path given, or "standard input"
	Line    int    // from 1, blank lines included
	Problem string // what is wrong and what to do
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem) }
