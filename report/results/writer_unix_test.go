//go:build unix

package results

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"brunt/attack"
	"brunt/report"
)

// TestResultsLostReader writes to a pipe whose reader reads no more: Take
// waits, as it may, and Close does not.
func TestResultsLostReader(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "r.gob")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	opened := make(chan *os.File, 1)
	go func() {
		f, _ := os.Open(pipe)
		opened <- f
	}()
	r, err := Create(pipe, "", nil, "POST", report.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	reader := <-opened
	defer reader.Close()
	taken := make(chan error, 1)
	go func() { taken <- r.Take(time.Unix(1, 0), make([]attack.Record, 100_000)) }()
	if _, err := reader.Read(make([]byte, 1)); err != nil {
		t.Fatal(err) // from here on Take holds the file
	}
	if err := closing(r, nil); err == nil {
		t.Error("records are missing, and Close says nothing")
	}
	if err := <-taken; err == nil {
		t.Error("Take wrote 100,000 records to a reader that read one byte")
	}
}
