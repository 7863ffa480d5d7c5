package file

import (
	"fmt"

	"brunt/payloads/setting"
)

// LineError is a problem with one line of a payload file.
type LineError struct {
	File    string       // as people know it: the path given, or "standard input"
	Line    int          // from 1, blank lines included
	Problem setting.Text // what is wrong and what to do
}

// Error is the problem with its place and the plain names of settings.
func (e *LineError) Error() string { return e.In(setting.Field.String) }

// In is the problem with its place and the settings called by names.
func (e *LineError) In(names setting.Names) string {
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem.In(names))
}
