package payloads

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"brunt/payloads/filetest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(path, []byte("1\n2\n"), 0) }()
	s := mustOpen(t, Options{}, Spec{path, 1})
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1", "2", "1"}, sent(s, 3)); diff != "" {
		t.Error(diff)
	}
	if got := s.Where(1); got != path+":2" {
		t.Error(got)
	}
	if err := s.Changed(); err != nil {
		t.Error(err)
	}
}

// Root may read everything, so one thread gives that up, and ends with the
// goroutine that it is locked to.
func TestUnreadableFile(t *testing.T) {
	path := filetest.Write(t, "a.jsonl", "1\n")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			if err := unix.Setfsuid(65534); err != nil {
				failed <- err
				return
			}
		}
		_, err := Open([]Spec{{path, 1}}, Options{})
		failed <- err
	}()
	if err := <-failed; err == nil || err.Error() != path+": permission denied; make it readable for this user" {
		t.Errorf("got %v", err)
	}
}

// Some files have content, but cannot be mapped, or say that they are empty.
func TestVirtualFiles(t *testing.T) {
	for _, path := range []string{"/proc/sys/kernel/pid_max", "/sys/kernel/uevent_seqnum"} {
		if _, err := os.Stat(path); err != nil {
			t.Log(err)
			continue
		}
		s := mustOpen(t, Options{}, Spec{path, 1})
		if body := s.At(0).Body; len(body) == 0 || body[0]-'0' > 9 {
			t.Errorf("%s: %q", path, body)
		}
	}
}
