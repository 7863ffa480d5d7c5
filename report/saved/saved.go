package saved

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"brunt/report"
	"brunt/report/format"
)

// Variable names the directory, and asks for each run to be saved, where it is set.
const Variable = "BRUNT_RUNS"

// ending is that of each file.
const ending = ".json"

// Dir is where runs are kept: $BRUNT_RUNS, or brunt/runs under the user's state
// directory ($XDG_STATE_HOME or ~/.local/state; ~/Library/Application Support on
// macOS; %LocalAppData% on Windows).
func Dir() (string, error) {
	if dir := os.Getenv(Variable); dir != "" {
		return dir, nil
	}
	base, err := stateDir()
	if err != nil {
		return "", fmt.Errorf("no directory for saved runs: %w; name one in %s", err, Variable)
	}
	return filepath.Join(base, "brunt", "runs"), nil
}

func stateDir() (string, error) {
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // %LocalAppData%
	case "darwin":
		return os.UserConfigDir() // ~/Library/Application Support
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state"), err
}

// Prepare makes the directory, so that no run is made that cannot be saved, and gives
// what saves one and tells w under what name, unless quiet. It is nil where neither
// the command line nor the environment asks for runs to be saved.
func Prepare(asked bool, w io.Writer, quiet bool) (save func(*report.Report) error, err error) {
	if !asked && os.Getenv(Variable) == "" {
		return nil, nil
	}
	dir, err := Dir()
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	var probe *os.File
	if err == nil {
		probe, err = os.CreateTemp(dir, ".probe-*")
	}
	if err == nil {
		err = errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		return nil, fmt.Errorf("runs cannot be saved: %w; name another directory in %s", err, Variable)
	}
	return func(r *report.Report) error {
		name, err := Save(r)
		if err == nil && !quiet {
			fmt.Fprintf(w, "brunt: saved as @%s\n", name)
		}
		return err
	}, nil
}

// maxSameName is how many runs may have one name: they began in the same second.
const maxSameName = 1000

// Save keeps the report in a file of its own, which is there as a whole or not at
// all, and gives the name to find it by.
func Save(r *report.Report) (name string, err error) {
	dir, err := Dir()
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	var temp *os.File
	if err == nil {
		temp, err = os.CreateTemp(dir, ".saving-*")
	}
	if err != nil {
		return "", fmt.Errorf("the run cannot be saved: %w", err)
	}
	defer os.Remove(temp.Name())
	if err = errors.Join(report.JSON(temp, r), temp.Sync(), temp.Close()); err != nil {
		return "", fmt.Errorf("the run cannot be saved: %w", err)
	}
	stem := nameOf(r)
	for n := 1; n <= maxSameName; n++ {
		if name = stem; n > 1 {
			name = fmt.Sprintf("%s-%d", stem, n)
		}
		if err = place(temp.Name(), filepath.Join(dir, name+ending)); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("the run cannot be saved: %w", err)
	}
	return name, nil
}

// place gives a file a name that nothing has yet.
func place(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file system without links: the name is taken first, then filled.
	taken, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(taken.Close(), os.Rename(from, to))
}

// nameOf is made of when the run began and what it loaded: nothing of the URL but
// its host, and no character that a shell or a file system minds.
func nameOf(r *report.Report) string {
	began := time.Now()
	if r.Started != nil {
		began = *r.Started
	}
	return began.UTC().Format("20060102T150405Z") + "-" + safe(targetOf(r))
}

func targetOf(r *report.Report) string {
	switch {
	case r.Client.Embedded:
		return "mock"
	case r.Target.Endpoint != nil:
		return *r.Target.Endpoint
	}
	if u, err := url.Parse(r.Target.URL); err == nil && u.Host != "" {
		return u.Host
	}
	return "target"
}

// maxTarget is how much of a target's name is in a file's.
const maxTarget = 60

func safe(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '_':
			return c
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a' // some file systems know no difference
		}
		return '-'
	}, name)
	name = strings.Trim(name, "-.")
	return name[:min(len(name), maxTarget)]
}

// names are those of all saved runs, newest first; none where there is no directory.
func names() (dir string, list []string, err error) {
	if dir, err = Dir(); err != nil {
		return "", nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("saved runs cannot be listed: %w", err)
	}
	for _, e := range entries {
		if stem, ok := strings.CutSuffix(e.Name(), ending); ok && !strings.HasPrefix(stem, ".") && !e.IsDir() {
			list = append(list, stem)
		}
	}
	slices.SortFunc(list, newestFirst)
	return dir, list, nil
}

// newestFirst orders names by the instant with which they begin and, of one second,
// by the number with which they end.
func newestFirst(a, b string) int {
	at, rest := cut(a)
	bt, more := cut(b)
	if at != bt {
		return strings.Compare(bt, at)
	}
	if len(rest) != len(more) { // -2 before -10
		return len(more) - len(rest)
	}
	return strings.Compare(more, rest)
}

func cut(name string) (instant, rest string) {
	instant, rest, _ = strings.Cut(name, "-")
	return instant, rest
}

// Path is the file that a word stands for: @-1 is the newest saved run, @-2 the one
// before it, and @NAME the one of that name, in full or as far as no other begins
// with it. known is false for a word that begins with no @.
func Path(word string) (path string, known bool, err error) {
	of, known := strings.CutPrefix(word, "@")
	if !known {
		return "", false, nil
	}
	dir, list, err := names()
	if err != nil {
		return "", true, err
	}
	name, err := pick(word, of, dir, list)
	if err != nil {
		return "", true, err
	}
	return filepath.Join(dir, name+ending), true, nil
}

func pick(word, of, dir string, list []string) (string, error) {
	if len(list) == 0 {
		return "", fmt.Errorf("%s: there is no saved run in %s; brunt attack --save keeps one", word, dir)
	}
	if back, ok := strings.CutPrefix(of, "-"); ok {
		n, err := strconv.Atoi(back)
		switch {
		case err != nil || n < 1:
			return "", fmt.Errorf("%s: write @-1 for the newest saved run, @-2 for the one before it", word)
		case n > len(list):
			return "", fmt.Errorf("%s: there are only %d saved runs; brunt runs lists them", word, len(list))
		}
		return list[n-1], nil
	}
	of = strings.TrimSuffix(of, ending)
	if of == "" {
		return "", errors.New("@ alone is no saved run: write @-1 for the newest one, or @NAME")
	}
	if slices.Contains(list, of) {
		return of, nil
	}
	var fit []string
	for _, name := range list {
		if strings.HasPrefix(name, of) {
			fit = append(fit, name)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		return "", fmt.Errorf("%s: no saved run of that name; brunt runs lists them", format.Safe(word, 80))
	}
	return "", fmt.Errorf(
		"%s: %d saved runs begin so; write more of the name (brunt runs lists them)",
		format.Safe(word, 80),
		len(fit),
	)
}
