//go:build unix

package endpoint

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPlainURLReadsNoFile has a configuration file that nobody can read without
// being noticed: a pipe, whose reader would wait for ever.
func TestPlainURLReadsNoFile(t *testing.T) {
	home := clean(t)
	pipe := filepath.Join(home, ".databrickscfg")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, word := range []string{"http://127.0.0.1:1/", "https://127.0.0.1:1/serving-endpoints/x/invocations", "https://localhost:1/1/serving-endpoints/x/invocations", "mock://"} {
			e, err := Open(t.Context(), word, Options{}, time.Second)
			if err != nil {
				t.Errorf("%s: %v", word, err)
				continue
			}
			e.Close()
		}
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Fatal("the configuration file is read")
	}
}
