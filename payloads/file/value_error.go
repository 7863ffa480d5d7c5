package file

import (
	"bytes"
	"fmt"

	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
)

// ValueError says where a value that fills the whole file breaks, and what to
// do.
func ValueError(name string, data []byte, start, end int, remedy string) error {
	reason, offset := jsonscan.Fault(data[start:end])
	at := start + min(offset, end-start)
	line := 1 + bytes.Count(data[:at], newline)
	column := at - bytes.LastIndexByte(data[:at], '\n')
	problem := fmt.Sprintf("%s at column %d; %s", reason, column, remedy)
	return &LineError{File: name, Line: line, Problem: setting.Plain(problem)}
}
