package saved

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/report"
	"brunt/report/reporttest"
)

// ran is a report of a run that began so long after another one.
func ran(after time.Duration, url string) *report.Report {
	sc := reporttest.Scene{Seed: 3, Rate: 50, N: 200, Median: 20 * time.Millisecond, Spread: 0.5, Slots: 100}
	r := report.From(sc.Meta(), sc.Snapshot())
	r.Started, r.Target.URL, r.Target.Endpoint = new(r.Started.Add(after)), url, nil
	return r
}

func save(t *testing.T, r *report.Report) string {
	t.Helper()
	name, err := Save(r)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestNames: runs are found by number and by name, newest first, and a file is a
// report like any other.
func TestNames(t *testing.T) {
	t.Setenv(Variable, filepath.Join(t.TempDir(), "deep", "runs"))
	if _, known, err := Path("@-1"); !known || err == nil || !strings.Contains(err.Error(), "no saved run") {
		t.Errorf("of none: %v", err)
	}
	oldest := save(t, ran(0, "http://host:81/a"))
	newest := save(t, ran(2*time.Hour, "http://other/"))
	middle := save(t, ran(time.Hour, "http://host:81/a"))
	twin := save(t, ran(time.Hour, "http://host:81/a"))
	if twin != middle+"-2" {
		t.Errorf("of one second: %s and %s", middle, twin)
	}
	for word, want := range map[string]string{
		"@-1": newest, "@-2": twin, "@-3": middle, "@-4": oldest, "@" + middle: middle, "@" + oldest + ".json": oldest,
		"@" + newest[:16]: newest,
	} {
		path, known, err := Path(word)
		if !known || err != nil || filepath.Base(path) != want+".json" {
			t.Errorf("%s is %s, expected %s (%v)", word, path, want, err)
			continue
		}
		in, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := report.Read(in, path); err != nil {
			t.Error(err)
		}
		in.Close()
	}
	for word, says := range map[string]string{
		"@-5": "only 4 saved runs", "@-0": "write @-1", "@-x": "write @-1", "@": "@NAME", "@nope": "no saved run of that name",
		"@2026": "4 saved runs begin so",
	} {
		if _, known, err := Path(word); !known || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", word, err)
		}
	}
	if _, known, _ := Path("file.json"); known {
		t.Error("a file was taken for a saved run")
	}
}

// TestFileNames hold nothing of a URL but its host, and are plain.
func TestFileNames(t *testing.T) {
	for url, want := range map[string]string{
		"https://user:secret@Host.Example:8443/path?token=secret": "host.example-8443",
		"http://[::1]:80/":                    "1--80",
		"unix:///run/x.sock":                  "target",
		"https://" + strings.Repeat("a", 200): strings.Repeat("a", maxTarget),
	} {
		if got := nameOf(ran(0, url)); got != "20260301T120000Z-"+want {
			t.Errorf("%s is saved as %s, expected %s", url, got, want)
		}
	}
}

// TestSavedAtOnce: of runs that end at one moment none is lost, and no half of a file
// is seen.
func TestSavedAtOnce(t *testing.T) {
	t.Setenv(Variable, t.TempDir())
	r := ran(0, "http://host/")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := Save(r); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	runs, more, err := List()
	if err != nil || more != 0 || len(runs) != 20 {
		t.Fatalf("%d runs, %d more: %v", len(runs), more, err)
	}
	for _, run := range runs {
		if run.Problem != "" || run.P50 == nil || run.Sent != 200 {
			t.Errorf("%+v", run)
		}
	}
}

// TestListedAgain: a file that is changed is read again, one that is gone is not
// listed, and one that is no report says so.
func TestListedAgain(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(Variable, dir)
	name := save(t, ran(0, "http://host/"))
	var l Lister
	list := func() []Run {
		runs, _, err := l.List(10)
		if err != nil {
			t.Fatal(err)
		}
		return runs
	}
	if runs := list(); len(runs) != 1 || runs[0].Problem != "" {
		t.Fatalf("%+v", runs)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte("no report"), 0o600); err != nil {
		t.Fatal(err)
	}
	if runs := list(); len(runs) != 1 || runs[0].Problem == "" {
		t.Errorf("changed: %+v", runs)
	}
	if err := os.Remove(filepath.Join(dir, name+".json")); err != nil {
		t.Fatal(err)
	}
	if runs := list(); len(runs) != 0 {
		t.Errorf("gone: %+v", runs)
	}
}

// TestDir is under the user's state directory, or where the environment says.
func TestDir(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "/state")
	t.Setenv(Variable, "")
	if dir, err := Dir(); err != nil || dir != "/state/brunt/runs" {
		t.Errorf("%s, %v", dir, err)
	}
	t.Setenv("XDG_STATE_HOME", "relative") // which the specification has ignored
	t.Setenv("HOME", "/home/me")
	if dir, err := Dir(); err != nil || dir != "/home/me/.local/state/brunt/runs" {
		t.Errorf("%s, %v", dir, err)
	}
}
