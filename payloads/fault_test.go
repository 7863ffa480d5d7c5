//go:build unix

package payloads

import (
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"brunt/payloads/file"
	"brunt/payloads/filetest"
)

// bigFile has several pages, so that truncating it takes memory away.
func bigFile(t testing.TB) string {
	return filetest.Write(t, "big.jsonl", strings.Repeat(`{"inputs":[1,2,3,4,5,6,7,8,9]}`+"\n", 20_000))
}

// touch reads a byte as a worker does.
func touch(b []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { err = file.Fault(recover()) }()
	sink += int(b[len(b)-1])
	return nil
}

var sink int

func TestShrinkingFile(t *testing.T) {
	path := bigFile(t)
	s := mustOpen(t, Options{}, Spec{path, 1})
	if err := s.Changed(); err != nil {
		t.Error(err)
	}
	last := uint64(19_999)
	if err := touch(s.At(last).Body); err != nil {
		t.Error(err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	want := "payload file " + path + " shrank while in use; leave payload files alone during a run, and run again"
	if err := touch(s.At(last).Body); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := touch(s.At(0).Body); err != nil {
		t.Error(err)
	}
	if got := s.Where(0); got != path+":1" {
		t.Error(got)
	}
	if got := s.Where(last); got != path {
		t.Errorf("got %s: its line cannot be known any more", got)
	}
	want = path + ": changed while in use, from 620000 to 100 bytes; leave payload files alone during a run, and " +
		"run again"
	if err := s.Changed(); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A system call does not fault: it fails, and Changed tells why.
func TestShrinkingFileInASystemCall(t *testing.T) {
	path := bigFile(t)
	s := mustOpen(t, Options{}, Spec{path, 1})
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := w.Write(s.At(0).Body); err == nil {
		t.Error("written all the same")
	}
	if s.Changed() == nil {
		t.Error("not changed")
	}
}

// Every reader of the package itself meets memory that is gone.
func TestShrinkingWhileIndexing(t *testing.T) {
	for name, read := range map[string]func(s *source) error{
		"all": func(s *source) error { return s.index(Options{Format: BodyFormat}, newInterner(), &problemList{}) },
		"counting": func(s *source) error {
			_, err := cutChunks(s.data, 0)
			return err
		},
		"checking": func(s *source) error {
			s.chunks = []chunk{{end: len(s.data), lines: 1, bodies: 1, firstLine: 1}}
			return newIndexer(s, Options{Format: BodyFormat}, newInterner(), 1).run(&problemList{})
		},
		"digest": func(s *source) error { return file.Guard(func() error { digest(s.data); return nil }) },
		"number": func(s *source) error {
			s.chunks = []chunk{{end: len(s.data), lines: 1, bodies: 1, firstLine: 1}}
			s.spans = []span{newSpan(len(s.data), 0)}
			_, err := s.lineNumber(0)
			return err
		},
	} {
		path := bigFile(t)
		content, err := file.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		src := &source{spec: Spec{path, 1}, name: path, content: content, data: content.Data}
		if err := read(src); err == nil || !strings.Contains(err.Error(), path+" shrank while in use") {
			t.Errorf("%s: %v", name, err)
		}
		if err := content.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A file that is written to between the two passes over it.
func TestUnstableFile(t *testing.T) {
	for name, bodies := range map[string]int{"fewer": 3, "more": 1} {
		src := &source{name: "f", data: []byte("1\n2\n")}
		src.chunks = []chunk{{end: 4, lines: 2, bodies: bodies, firstLine: 1}}
		err := newIndexer(src, Options{Format: BodyFormat}, newInterner(), 1).run(&problemList{})
		if err == nil || err.Error() != "f: changed while being read; wait until it is complete, and run again" {
			t.Errorf("%s lines than counted: %v", name, err)
		}
	}
}

// Rewritten at the same length, only the time of the change tells.
func TestRewrittenFile(t *testing.T) {
	path := filetest.Write(t, "a.jsonl", "1\n2\n")
	s := mustOpen(t, Options{}, Spec{path, 1})
	if err := os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	if err := s.Changed(); err == nil || err.Error() != path+": changed while in use; "+
		"leave payload files alone during a run, and run again" {
		t.Error(err)
	}
}

// A file replaced by another of that name is still mapped whole.
func TestReplacedFile(t *testing.T) {
	path := filetest.Write(t, "a.jsonl", "1\n2\n")
	s := mustOpen(t, Options{}, Spec{path, 1})
	if err := os.Rename(filetest.Write(t, "b.jsonl", "3\n"), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Changed(); err != nil || string(s.At(1).Body) != "2" {
		t.Error(err)
	}
}

func TestFaultLetsOtherPanicsGoOn(t *testing.T) {
	if file.Fault(nil) != nil {
		t.Error("nothing recovered is no fault")
	}
	var none []int
	for name, f := range map[string]func(){
		"a value":     func() { panic("other") },
		"an error":    func() { panic(errors.New("other")) },
		"index":       func() { sink = none[1] },
		"nil pointer": func() { sink = *(*int)(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: swallowed", name)
				}
			}()
			_ = file.Guard(func() error { f(); return nil })
		}()
	}
}

// Faults elsewhere than in a live mapping have no name to give.
func TestFaultAfterClose(t *testing.T) {
	s := mustOpen(t, Options{}, Spec{bigFile(t), 1})
	body := s.At(10_000).Body
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := touch(body); err == nil || !strings.HasPrefix(err.Error(), "payload file shrank while in use") {
		t.Error(err)
	}
}
