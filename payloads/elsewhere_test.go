package payloads

import (
	"os"
	"path/filepath"
	"testing"
)

// Files that lines name are found where they are here, whatever this machine has by the
// same names: those of request lines from their own folder there, those of a list of
// targets from the folder that the command ran in.
func TestElsewhere(t *testing.T) {
	there, here := t.TempDir(), t.TempDir()
	write := func(path, text string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Chdir(there)
	write("lines/body.bin", "of the lines")
	write("body.bin", "of the list")
	requests := write("lines/requests.jsonl", `{"file":"body.bin"}`+"\n")
	targets := write("lines/targets.txt", "POST http://x/\n@body.bin\n")
	for name, one := range map[string]struct {
		path, body string
		format     Format
	}{"requests": {requests, "of the lines", RequestFormat}, "targets": {targets, "of the list", TargetsFormat}} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(there)
			o := Options{Format: one.format}
			set, err := Open([]Spec{{Path: one.path, Weight: 1}}, o)
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			o.Elsewhere = &Elsewhere{Dir: there, Files: map[string]string{}}
			given := map[string]string{}
			for i, path := range append(set.Named(), one.path) {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				given[path] = write(filepath.Join(here, name, string(rune('a'+i))), string(b))
				o.Elsewhere.Files[path] = given[path]
			}
			t.Chdir(t.TempDir())
			again, err := Open([]Spec{{Path: given[one.path], Weight: 1}}, o)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if body := string(again.At(0).Body); body != one.body {
				t.Errorf("the body is %q, not %q", body, one.body)
			}
			if where := again.Where(0); where != one.path+":1" {
				t.Errorf("it stands in %s, not %s:1", where, one.path)
			}
		})
	}
}
