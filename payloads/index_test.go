package payloads

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"brunt/payloads/file"
	"brunt/payloads/filetest"
	"brunt/payloads/jsonscan"
)

// compareWithPlain checks one file's content against the plain reading.
func compareWithPlain(t interface {
	Helper()
	Fatalf(string, ...any)
}, data []byte) {
	t.Helper()
	want := plainLines(data)
	found := problemList{limit: len(want) + 1}
	src, err := indexed("f.jsonl", data, BodyFormat, &found)
	if err != nil {
		checkRefusal(t, data, want, err)
		return
	}
	if len(src.spans) != len(want) {
		t.Fatalf("%q: %d bodies, want %d", data, len(src.spans), len(want))
	}
	wrong := 0
	for i, w := range want {
		if got := string(src.item(uint64(i)).Body); got != w.Body {
			t.Fatalf("%q: body %d is %q, want %q", data, i, got, w.Body)
		}
		if n, err := src.lineNumber(uint64(i)); n != w.Line || err != nil {
			t.Fatalf("%q: body %d is on line %d (%v), want %d", data, i, n, err, w.Line)
		}
		if w.OK {
			continue
		}
		if wrong == len(found.problems) {
			t.Fatalf("%q: line %d passes", data, w.Line)
		}
		e, ok := errors.AsType[*file.LineError](found.problems[wrong])
		if !ok || e.Line != w.Line || strings.ContainsAny(e.Problem.String(), "\r\n") {
			t.Fatalf("%q: problem %d is %q, want line %d", data, wrong, found.problems[wrong], w.Line)
		}
		wrong++
	}
	if wrong != len(found.problems) || found.more != 0 {
		t.Fatalf("%q: %d problems and %d more, want %d", data, len(found.problems), found.more, wrong)
	}
}

// checkRefusal: a file as a whole is refused only for these reasons.
func checkRefusal(t interface {
	Helper()
	Fatalf(string, ...any)
}, data []byte, want []plainLine, err error) {
	t.Helper()
	message := err.Error()
	switch {
	case len(want) == 0 && (strings.Contains(message, "blank lines") || strings.Contains(message, "empty")):
	case file.Foreign(data) != "" && strings.Contains(message, file.Foreign(data)):
	case strings.Contains(message, "several lines") && len(want) > 1 && !want[0].OK &&
		plainValid(bytes.TrimPrefix(data, []byte(jsonscan.ByteOrderMark))):
	default:
		t.Fatalf("%q: refused: %v", data, err)
	}
}

func TestIndexEqualsPlainReading(t *testing.T) {
	pieces := []string{
		"\n", "\r\n", "\r", " ", "\t", "1", "-0.5e3", "{}", `{"a":[1,2,{"b":null}]}`, `"ü"`, `"\ud800"`, "\xff",
		"\xEF\xBB\xBF", `"`, "[", "]", ",", "\\", "\x00",
		"[1,\n2]", `{"k":"` + strings.Repeat("long ", 30) + `"}`,
	}
	rapid.Check(t, func(rt *rapid.T) {
		chunkSize = rapid.IntRange(1, 64).Draw(rt, "chunk size")
		defer func() { chunkSize = 1 << 20 }()
		data := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 40).Draw(rt, "pieces"), ""))
		compareWithPlain(rt, data)
	})
}

func TestIndexEqualsPlainReadingOfFiles(t *testing.T) {
	withChunkSize(t, 100)
	var b strings.Builder
	var want []plainLine
	for i := range 5000 {
		if i%7 == 0 {
			b.WriteString(" \r\n")
		}
		fmt.Fprintf(&b, "{\"n\":%d,\"s\":\"%s\"}\n", i, strings.Repeat("x", i*i%251))
	}
	path := filetest.Write(t, "a.jsonl", b.String())
	want = plainLines([]byte(b.String()))
	s := mustOpen(t, Options{}, Spec{path, 1})
	for i, w := range want {
		if got := string(s.At(uint64(i)).Body); got != w.Body {
			t.Fatalf("body %d is %q, want %q", i, got, w.Body)
		}
		if got, want := s.Where(uint64(i)), fmt.Sprintf("%s:%d", path, w.Line); got != want {
			t.Fatalf("body %d is at %s, want %s", i, got, want)
		}
	}
}

// Chunks are done in any order, but problems come in the order of the file,
// and the first ones, whatever the limit.
func TestProblemsInOrder(t *testing.T) {
	withChunkSize(t, 16)
	var b strings.Builder
	var want []int
	for line := 1; line <= 3000; line++ {
		if line%3 == 0 {
			b.WriteString("[1,\n")
			want = append(want, line)
		} else {
			b.WriteString("[1]\n")
		}
	}
	path := filetest.Write(t, "a.jsonl", b.String())
	for _, limit := range []int{0, 1, 2, 7, 999, 1000, 5000} {
		for range 5 {
			_, problems, more, err := Check([]Spec{{path, 1}}, Options{}, limit)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, p := range problems {
				e, _ := errors.AsType[*file.LineError](p)
				got = append(got, e.Line)
			}
			kept := min(limit, len(want))
			if !cmp.Equal(got, want[:kept:kept], equateEmpty) || more != len(want)-kept {
				t.Fatalf("limit %d: %d problems %v…, %d more", limit, len(got), got[:min(5, len(got))], more)
			}
		}
	}
}

var equateEmpty = cmp.Transformer("nil", func(s []int) string { return fmt.Sprint(s) })

// Open names the first problem of the first file that has one.
func TestOpenNamesTheFirstProblem(t *testing.T) {
	good := filetest.Write(t, "good.jsonl", "1\n2\n")
	bad := filetest.Write(t, "bad.jsonl", "1\n\n{\n3\n[\n")
	worse := filetest.Write(t, "worse.jsonl", "]\n")
	_, err := Open([]Spec{{good, 1}, {bad, 1}, {worse, 1}}, Options{})
	e, ok := errors.AsType[*file.LineError](err)
	if !ok || e.Line != 3 || e.File != bad {
		t.Fatalf("got %v", err)
	}
	want := bad + ":3: not JSON: unexpected end; each line must be one JSON value (2 more: " +
		"brunt payloads check lists them)"
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestCheckListsFilesAndProblems(t *testing.T) {
	good := filetest.Write(t, "good.jsonl", "1\n2\n")
	bad := filetest.Write(t, "bad.jsonl", "1\n]\n")
	missing := good + "x"
	files, problems, more, err := Check([]Spec{{bad, 2}, {missing, 1}, {good, 1}}, Options{}, 10)
	if err != nil || more != 0 || len(problems) != 2 {
		t.Fatalf("%v, %v, %d more", err, problems, more)
	}
	if got := problems[1].Error(); got != missing+": no such file; check the path" {
		t.Error(got)
	}
	want := []File{
		{bad, 2, 4, digest([]byte("1\n]\n")), 2},
		{good, 2, 4, digest([]byte("1\n2\n")), 1},
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
}

func TestSpanHoldsTheLargestPlaces(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {0, file.MaxBody}, {file.MaxFile, 1}, {file.MaxFile, file.MaxBody},
		{1 << 33, 12345}} {
		if s := newSpan(c[0], c[1]); s.offset() != c[0] || s.length() != c[1] {
			t.Errorf("%v: %d, %d", c, s.offset(), s.length())
		}
	}
}

func TestLongLines(t *testing.T) {
	withChunkSize(t, 1<<16)
	long := `{"a":"` + strings.Repeat("x", 16<<20) + `"}`
	s := mustOpen(t, Options{}, Spec{filetest.Write(t, "a.jsonl", "1\n"+long+"\n2\n"), 1})
	if got := string(s.At(1).Body); got != long {
		t.Errorf("%d bytes, want %d", len(got), len(long))
	}
	if got := s.MaxBody(); got != len(long) {
		t.Errorf("longest body %d, want %d", got, len(long))
	}
	if got := s.Where(2); !strings.HasSuffix(got, ":3") {
		t.Error(got)
	}
}

// The file is sparse: a line of 64 MiB takes no room on disk.
func TestTooLongLine(t *testing.T) {
	path := filetest.Write(t, "a.jsonl", "1\n[1,2")
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("\n]\n"), file.MaxBody+3); err != nil {
		t.Fatal(err)
	}
	_, problems, _, err := Check([]Spec{{path, 1}}, Options{}, 9)
	if err != nil || len(problems) != 2 {
		t.Fatal(problems, err)
	}
	want := path + ":2: 67108864 bytes; a line may have 67,108,863 (64 MiB less one)"
	if got := problems[0].Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := problems[1].Error(); !strings.HasPrefix(got, path+":3: not JSON") {
		t.Error(got)
	}
}

// FuzzBodyLines compares the index and the check of whole files with the
// plainest reading of them by bytes.Cut and encoding/json.
func FuzzBodyLines(f *testing.F) {
	for _, s := range []string{
		"", "1\n2", "\xEF\xBB\xBF1\r\n\r\n2\r\n", "{\n}\n", "[1,2.5e-3,-0]\n\"\\u00e9\\ud83d\"\n", "\xff\n",
		"\xFF\xFE1\x00", " \n\t\n", "1\n{]\n", "{\"a\":1,\"a\":2}\n[[[]]]\n",
	} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		chunkSize = 1 + int(size)
		defer func() { chunkSize = 1 << 20 }()
		compareWithPlain(t, data)
	})
}
