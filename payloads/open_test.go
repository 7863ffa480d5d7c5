package payloads

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"brunt/payloads/filetest"

	"github.com/google/go-cmp/cmp"
)

// TestContent: what is sent of files that are unusual, but fine.
func TestContent(t *testing.T) {
	pretty := "{\n  \"inputs\": [\n    1\n  ]\n}"
	for _, c := range []struct {
		why, name, content string
		want               []string
	}{
		{"line ends", "a.jsonl", "1\n2\n", []string{"1", "2"}},
		{"no final line end", "a.jsonl", "1\n2", []string{"1", "2"}},
		{"CRLF", "a.jsonl", "1\r\n2\r\n", []string{"1", "2"}},
		{"mixed line ends", "a.jsonl", "1\r\n2\n3", []string{"1", "2", "3"}},
		{"only one CR belongs to the line end", "a.jsonl", "1\r\r\n", []string{"1\r"}},
		{"a CR at the end of the file is no line end", "a.jsonl", "1\r", []string{"1\r"}},
		{"a CR alone is white space", "a.jsonl", "[1,\r2]\n", []string{"[1,\r2]"}},
		{"byte order mark", "a.jsonl", "\xEF\xBB\xBF1\n2\n", []string{"1", "2"}},
		{"blank lines", "a.jsonl", "\n\n1\n \t\n\r\n2\n\n", []string{"1", "2"}},
		{"white space around the value is sent", "a.jsonl", "  1\t\n", []string{"  1\t"}},
		{"duplicate keys are sent", "a.jsonl", `{"a":1,"a":2}`, []string{`{"a":1,"a":2}`}},
		{"key order and number forms are kept", "a.jsonl", `{"b":1.0e+2,"a":-0}`, []string{`{"b":1.0e+2,"a":-0}`}},
		{"an unpaired surrogate is allowed by the grammar", "a.jsonl", `"\ud83d"`, []string{`"\ud83d"`}},
		{"UTF-8", "a.jsonl", `"zażółć 🚀"`, []string{`"zażółć 🚀"`}},
		{"other endings", "a.txt", "1\n2\n", []string{"1", "2"}},
		{"a document", "a.json", pretty, []string{pretty}},
		{"a document less what is around it", "a.json", "\xEF\xBB\xBF\n" + pretty + "\r\n\n", []string{pretty}},
		{"a document on one line", "a.JSON", " [1]\n", []string{"[1]"}},
		{"lines in a .json file", "a.json", "[1] \n[2]\n", []string{"[1] ", "[2]"}},
	} {
		t.Run(c.why, func(t *testing.T) {
			s := mustOpen(t, Options{}, Spec{filetest.Write(t, c.name, c.content), 1})
			if got := s.Files()[0].Lines; got != len(c.want) {
				t.Errorf("%d bodies, want %d", got, len(c.want))
			}
			// The pass after the last body begins again.
			if diff := cmp.Diff(append(c.want, c.want...), sent(s, 2*len(c.want))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBadContent: one line each, that says what, where, and what to do.
func TestBadContent(t *testing.T) {
	const each = "; each line must be one JSON value"
	for _, c := range []struct{ name, content, want string }{
		{"a.jsonl", "", ": empty; it needs at least one JSON value"},
		{"a.json", "", ": empty; it needs at least one JSON value"},
		{"a.jsonl", "\xEF\xBB\xBF", ": only blank lines; it needs at least one JSON value"},
		{"a.jsonl", "\n \n\t\r\n", ": only blank lines; it needs at least one JSON value"},
		{"a.jsonl", "1\n{\"a\":\n2\n", ":2: not JSON: unexpected end" + each},
		{"a.jsonl", "\n\r\n\n{]\n", ":4: not JSON: invalid character ']' at start of string (expecting '\"') at " +
			"column 2" + each},
		{"a.jsonl", "1\nnul\n", ":2: not JSON: unexpected end" + each},
		{"a.jsonl", "1\n1 2\n", ":2: not JSON: something follows the value at column 3" + each},
		{"a.jsonl", "{'a':1}\n", ":1: not JSON: invalid character '\\'' at start of string (expecting '\"') at " +
			"column 2" + each},
		{"a.jsonl", "[01]\n", ":1: not JSON: invalid character '1' after array element (expecting ',' or ']') at " +
			"column 3" + each},
		{"a.jsonl", "[NaN]\n", ":1: not JSON: invalid character 'N' at start of value at column 2" + each},
		{"a.jsonl", "\"a\tb\"\n", ":1: not JSON: invalid character '\\t' in string (expecting non-control character) " +
			"at column 3" + each},
		{"a.jsonl", "1\n\"\xE9t\xE9\"\n", ":2: not UTF-8: invalid byte 0xE9 at column 2" + each},
		{"a.jsonl", "1\n\xEF\xBB\xBF2\n", ":2: not JSON: byte order mark inside the file" + each},
		{"a.jsonl", "1\n" + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001), ":2: not JSON: " +
			"exceeded max depth at column 10001" + each},
		{"a.jsonl", "\xFF\xFE{\x00}\x00", ": UTF-16 text; convert it to UTF-8, for example with iconv -f UTF-16 " +
			"-t UTF-8"},
		{"a.jsonl", "\xFE\xFF\x00{\x00}", ": UTF-16 text; convert it to UTF-8, for example with iconv -f UTF-16 " +
			"-t UTF-8"},
		{"a.jsonl", "{\x00}\x00", ": UTF-16 text; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
		{"a.jsonl", "PK\x03\x04", ": a zip archive; unpack it first"},
		{"a.jsonl", "PAR1xx", ": a Parquet file; write its rows as lines of JSON"},
		{"a.jsonl", "{\n \"a\": 1\n}\n", ": one JSON value over several lines; put it on one line (jq -c .), or name " +
			"the file .json to send it as it stands"},
		{"a.json", "{\n \"a\": 1,\n}\n", ":3: not JSON: invalid character '}' at start of string (expecting '\"') at " +
			"column 1; a .json file must hold one JSON value, or one on each line"},
		{"a.json", "{\n \"a\": 1\n", ":2: not JSON: unexpected end at column 8; " +
			"a .json file must hold one JSON value, or one on each line"},
		{"a.json", "[1]\n[2\n", ":2: not JSON: unexpected end" + each},
		{"a.gz", "{}\n", ": not gzip data, though its name ends in .gz; make the file again, or rename it"},
		{"a.zst", "{}{}\n", ": not zstd data, though its name ends in .zst; make the file again, or rename it"},
	} {
		path := filetest.Write(t, c.name, c.content)
		_, err := Open([]Spec{{path, 1}}, Options{})
		if err == nil || err.Error() != path+c.want {
			t.Errorf("%q:\ngot  %v\nwant %s", c.content[:min(40, len(c.content))], err, path+c.want)
		}
	}
}

func TestPathsThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                         ": a directory; name the files in it",
		filepath.Join(dir, "no"):    ": no such file; check the path",
		filepath.Join(dir, "no:1x"): ": no such file; check the path (a weight is a whole number, as in FILE:3)",
		filepath.Join(dir, "\x00"):  "", // worded by the system
	} {
		_, err := Open([]Spec{{path, 1}}, Options{})
		if err == nil || strings.ContainsAny(err.Error(), "\n\x00") || want != "" && err.Error() != path+want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestCompressed(t *testing.T) {
	skippable := "\x50\x2A\x4D\x18\x02\x00\x00\x00xx"
	for name, content := range map[string]string{
		"a.jsonl.gz":    filetest.Gzip(t, "1\n2\n"),
		"members.gz":    filetest.Gzip(t, "1\n", "2\n"),
		"by-magic-gz":   filetest.Gzip(t, "1\n2\n"),
		"wrong.zst":     filetest.Gzip(t, "1\n2\n"),
		"a.jsonl.zst":   filetest.Zstd(t, "1\n2\n"),
		"frames.zst":    filetest.Zstd(t, "1\n", "2\n"),
		"by-magic-zst":  filetest.Zstd(t, "1\n2\n"),
		"skippable.bin": skippable + filetest.Zstd(t, "1\n2\n"),
	} {
		t.Run(name, func(t *testing.T) {
			path := filetest.Write(t, name, content)
			s := mustOpen(t, Options{}, Spec{path, 1})
			if diff := cmp.Diff([]string{"1", "2", "1"}, sent(s, 3)); diff != "" {
				t.Error(diff)
			}
			want := []File{{path, 2, 4, digest([]byte("1\n2\n")), 1}}
			if diff := cmp.Diff(want, s.Files()); diff != "" {
				t.Error(diff)
			}
			if got := s.Where(1); got != path+":2" {
				t.Error(got)
			}
		})
	}
	s := mustOpen(t, Options{}, Spec{filetest.Write(t, "doc.json.gz", filetest.Gzip(t, "{\n}\n")), 1})
	if got := sent(s, 1)[0]; got != "{\n}" {
		t.Errorf("document %q", got)
	}
}

func TestDamagedCompression(t *testing.T) {
	body := strings.Repeat(`{"a":"some text that takes room"}`+"\n", 20_000)
	gz, zst := filetest.Gzip(t, body), filetest.Zstd(t, body)
	flip := func(s string, at int) string {
		b := []byte(s)
		b[at] ^= 0x55
		return string(b)
	}
	for name, c := range map[string]struct{ content, want string }{
		"cut.gz":     {gz[:len(gz)/2], ": gzip data cut short; copy or make the file again"},
		"head.gz":    {gz[:5], ": gzip data cut short; copy or make the file again"},
		"flipped.gz": {flip(gz, len(gz)-6), ": not sound gzip data: invalid checksum; copy or make the file again"},
		"tail.gz": {gz + "garbage, longer than a header", ": not sound gzip data: invalid header; " +
			"copy or make the file again"},
		"empty.gz":    {"", ": empty; it needs at least one JSON value"},
		"nothing.gz":  {filetest.Gzip(t, ""), ": empty; it needs at least one JSON value"},
		"twice.gz":    {filetest.Gzip(t, gz), ": gzip data packed twice; unpack it once"},
		"cut.zst":     {zst[:len(zst)/2], ": zstd data cut short; copy or make the file again"},
		"flipped.zst": {flip(zst, len(zst)-2), ": not sound zstd data: "},
		"empty.zst":   {"", ": empty; it needs at least one JSON value"},
	} {
		path := filetest.Write(t, name, c.content)
		_, err := Open([]Spec{{path, 1}}, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), path+c.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, c.want)
		}
	}
}

func TestStandardInput(t *testing.T) {
	for name, in := range map[string]string{"plain": "1\n2\n", "gzip": filetest.Gzip(t, "1\n2\n")} {
		s := mustOpen(t, Options{Stdin: strings.NewReader(in)}, Spec{"-", 1})
		if diff := cmp.Diff([]string{"1", "2", "1"}, sent(s, 3)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := s.Where(1); got != "standard input:2" {
			t.Error(got)
		}
		if got := s.Files()[0].Path; got != "-" {
			t.Error(got)
		}
		if err := s.Changed(); err != nil {
			t.Error(err)
		}
	}
	for in, want := range map[string]string{
		"":         "standard input: empty; it needs at least one JSON value",
		"\x1F\x8B": "standard input: gzip data cut short; copy or make the file again",
		"1\n[\n":   "standard input:2: not JSON: unexpected end; each line must be one JSON value",
	} {
		if _, err := Open([]Spec{{"-", 1}}, Options{Stdin: strings.NewReader(in)}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	failing := io.MultiReader(strings.NewReader("1\n2\n3\n"), iotestErr{})
	_, err := Open([]Spec{{"-", 1}}, Options{Stdin: failing})
	if err == nil || err.Error() != "standard input: cannot be read: broken pipe of the test; check the path" {
		t.Errorf("got %v", err)
	}
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("broken pipe of the test") }

// Nothing is left in the folder for temporary files, whether all goes well or
// not.
func TestSpoolLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	good, bad := filetest.Write(t, "a.gz", filetest.Gzip(t, "1\n")), filetest.Write(t, "b.gz", filetest.Gzip(t, "1\n")[:15])
	s, err := Open([]Spec{{good, 1}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open([]Spec{{good, 1}, {bad, 1}}, Options{}); err == nil {
		t.Error("no error")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Error(left, err)
	}
}

func TestNoFolderForTemporaryFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "no")
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	path := filetest.Write(t, "a.gz", filetest.Gzip(t, "1\n"))
	_, err := Open([]Spec{{path, 1}}, Options{})
	if err == nil || !strings.HasPrefix(err.Error(), path+": no temporary copy in "+dir) ||
		!strings.Contains(err.Error(), "set TMPDIR") {
		t.Error(err)
	}
}
