package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"brunt/payloads/needs"
)

// TestNoRoomForFiles has a worker that cannot keep a file: it says so, by name.
func TestNoRoomForFiles(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	taken := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	small := t.TempDir()
	full := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=16k") == nil // which only root can make
	if full {
		t.Cleanup(func() { _ = syscall.Unmount(small, 0) })
	}
	for name, dir := range map[string]string{"not a directory": filepath.Join(taken, "cache"), "no space left": small} {
		if dir == small && !full {
			continue
		}
		t.Run(name, func(t *testing.T) {
			r := newRigOf(t, rigOptions{bodies: 5000, loss: Redistribute, unprepared: true})
			r.o.workers = 1
			r.workers = append(r.workers, r.workerIn("w0", "test", 0, dir))
			r.c = r.open(false)
			if err := r.prepare(); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "w0") {
				t.Errorf("a worker that cannot keep files: %v", err)
			}
		})
	}
}
