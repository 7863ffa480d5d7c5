package file

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"brunt/payloads/needs"

	"github.com/klauspost/compress/zstd"
)

// forever repeats a text.
type forever struct {
	text string
	n    int64
}

func (f *forever) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = f.text[f.n%int64(len(f.text))]
		f.n++
	}
	return len(p), nil
}

// What has no end is refused soon, whether it is one line or many, plain or
// compressed, and what to do is said.
func TestEndlessPayloads(t *testing.T) {
	needs.Time(t)
	was := maxSpool
	maxSpool = 8 << 20
	t.Cleanup(func() { maxSpool = was })
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	packed := func(text string, n int64) io.Reader {
		var b bytes.Buffer
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(z, &forever{text: text}, n); err != nil {
			t.Fatal(err)
		}
		z.Close()
		return &b
	}
	for name, c := range map[string]struct {
		in   io.Reader
		room int64
		says string
	}{
		"lines":            {&forever{text: "{}\n"}, 8 << 20, "more than 0 GiB come out of it"},
		"one line":         {&forever{text: "0"}, 1 << 40, "line 1 is longer than 64 MiB"},
		"a compressed one": {packed("\n"+strings.Repeat("x", 1<<20), 9<<20), 8 << 20, "more than 0 GiB"},
		"a bomb":           {packed("\x00", 70<<20), 1 << 40, "line 1 is longer than 64 MiB"},
	} {
		maxSpool = c.room
		_, err := Open(Stdin, c.in)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(temp); len(left) > 0 {
			t.Errorf("%s: %s is left", name, left[0].Name())
		}
	}
}

// A file packed with too large a window is said to be just that.
func TestLargeWindow(t *testing.T) {
	for exponent := range 32 {
		// A frame of one raw block, with a window of 2^(10+exponent) bytes.
		frame := append([]byte{0x28, 0xB5, 0x2F, 0xFD, 0, byte(exponent << 3), 8<<3 | 1, 0, 0}, "{\"a\":1}\n"...)
		path := filepath.Join(t.TempDir(), "a.jsonl.zst")
		if err := os.WriteFile(path, frame, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := Open(path, nil)
		switch {
		case exponent <= 17 && err != nil:
			t.Errorf("2^%d bytes: %v", 10+exponent, err)
		case exponent > 17 && (err == nil || !strings.Contains(err.Error(), "--long=27")):
			t.Errorf("2^%d bytes: %v", 10+exponent, err)
		}
		if err == nil {
			m.Close()
		}
	}
}

// Files of text without an end are no memory's end.
func TestEndlessText(t *testing.T) {
	needs.Time(t)
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Log(err)
		return
	}
	if _, err := ReadText("/dev/zero"); err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Error(err)
	}
}
