package file

import (
	"os"
	"path/filepath"
	"testing"
)

// TestRelease: what was given back is read again, by this reader or the next.
func TestRelease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("begin"); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(3 * releaseStep); err != nil { // no blocks on disk
		t.Fatal(err)
	}
	m, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for range 2 {
		for _, at := range []int{0, 10, releaseStep + 70_000, releaseStep + 80_000, 3 * releaseStep, 100} {
			m.Release(at)
			if string(m.Data[:5]) != "begin" || m.Data[3*releaseStep-1] != 0 {
				t.Fatalf("at %d: %q", at, m.Data[:5])
			}
		}
		if m.released != 0 {
			t.Errorf("a reader that begins again would keep its pages from %d", m.released)
		}
	}
}
