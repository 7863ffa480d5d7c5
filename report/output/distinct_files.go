package output

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/alecthomas/kong"

	"brunt/payloads"
	"brunt/report/outfile"
)

// named is a file that a command line names.
type named struct {
	by, path string // the flag or argument, and its words
	writes   bool
	once     bool // it is not to be read twice

	behind    string // symbolic links
	info, dir fs.FileInfo
}

// Apart refuses a command line that names one file twice where one of the two is
// written, or where the same runs would be counted twice. Files are told by what
// they are (device and inode), whatever they are called, and those that do not
// exist yet by their directory and name. A flag whose file is written is tagged
// writes, an argument that takes a file once is tagged once.
func Apart(ctx *kong.Context, in io.Reader, out, err io.Writer) error {
	files := filesOf(ctx)
	for _, f := range files {
		if f.path == stdout && !f.writes {
			files = append(files, stream("standard input", in, false))
			break
		}
	}
	files = append(files, stream("standard output", out, true), stream("standard error", err, true))
	for i := range files {
		files[i].look()
		for j := range files[:i] {
			if a, b := &files[j], &files[i]; (a.writes || b.writes || a.once && b.once) && a.same(b) {
				return twice(a, b)
			}
		}
	}
	return numberedApart(ctx, files)
}

// numberedApart refuses one that reads a file which one of several runs writes: their
// files are numbered.
func numberedApart(ctx *kong.Context, files []named) error {
	for n := 1; n <= repeats(ctx); n++ {
		for i := range files {
			w := &files[i]
			if !w.writes || strings.HasPrefix(w.by, "standard ") {
				continue
			}
			path := outfile.Numbered(w.path, n)
			if path == w.path {
				continue
			}
			own := named{by: fmt.Sprintf("%s of run %d", w.by, n), path: path, writes: true}
			own.look()
			for j := range files {
				if f := &files[j]; !f.writes && own.same(f) {
					return twice(&own, f)
				}
			}
		}
	}
	return nil
}

// repeats is how many runs the command line makes where their files are numbered, 0
// where they are not.
func repeats(ctx *kong.Context) int {
	if ctx == nil || ctx.Selected() == nil {
		return 0
	}
	for _, flag := range ctx.Flags() {
		if flag.Name == "repeat" && flag.Value.Target.CanInt() && flag.Value.Target.Int() > 1 {
			return int(flag.Value.Target.Int())
		}
	}
	return 0
}

func twice(a, b *named) error {
	switch {
	case a.once && b.once:
		return fmt.Errorf("%s and %s are one file, whose runs would count twice: give it once", a.path, b.path)
	case a.writes && b.writes:
		return fmt.Errorf("%s and %s both write to %s: give one of them another file", a.by, b.by, b.path)
	case b.writes:
		a, b = b, a
	}
	return fmt.Errorf("%s would write over %s, which %s reads: give it another file", a.by, b.path, b.by)
}

// filesOf are the files that flags and arguments name.
func filesOf(ctx *kong.Context) (files []named) {
	if ctx == nil || ctx.Selected() == nil {
		return nil
	}
	for _, flag := range ctx.Flags() {
		for _, text := range words(flag.Value) {
			files = append(
				files,
				named{by: "--" + flag.Name, path: text, writes: flag.Tag.Has("writes")}.all(flag.Value)...)
		}
	}
	for _, arg := range ctx.Selected().Positional {
		for _, text := range words(arg) {
			files = append(files, named{by: "argument " + text, path: text, once: arg.Tag.Has("once")}.all(arg)...)
		}
	}
	return files
}

// words are a value's texts.
func words(value *kong.Value) (list []string) {
	switch v := value.Target; {
	case v.Kind() == reflect.String:
		list = append(list, v.String())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		for i := range v.Len() {
			list = append(list, v.Index(i).String())
		}
	}
	return list
}

// all are the files that one word names: itself, with a weight behind it or not,
// or what stands behind an @.
func (f named) all(value *kong.Value) (list []named) {
	text := f.path
	if value.Tag.Get("predictor") == "file" {
		list = append(list, f)
		if specs, err := payloads.ParseSpecs([]string{text}); err == nil && value.Tag.Get("pair") == ":" &&
			specs[0].Path != text {
			f.path = specs[0].Path
			list = append(list, f)
		}
		return list
	}
	if _, behind, ok := strings.Cut(text, ":"); ok && value.Tag.Get("pair") == ": " { // a header
		text = strings.TrimSpace(behind)
	}
	if path, ok := strings.CutPrefix(text, "@"); ok {
		f.path = path
		list = append(list, f)
	}
	return list
}

// stream is one of the process's own, where it is a file.
func stream(name string, of any, writes bool) named {
	f := named{by: name, path: name, writes: writes}
	if file, ok := of.(*os.File); ok && file != nil {
		f.info, _ = file.Stat()
	}
	return f
}

// look finds out what the file is. Devices are none: any number may write to
// them.
func (f *named) look() {
	if f.info == nil && f.path != "" && f.path != stdout {
		f.behind = outfile.FollowLinks(f.path)
		if f.by == "--config" { // which may begin with ~
			f.behind = outfile.FollowLinks(kong.ExpandPath(f.path))
		}
		var err error
		if f.info, err = os.Stat(f.behind); errors.Is(err, fs.ErrNotExist) {
			f.dir, _ = os.Stat(filepath.Dir(f.behind))
		}
		if strings.HasPrefix(f.behind, "/dev/") || strings.HasPrefix(f.behind, "/proc/") {
			f.info = nil // the process's own streams, which are meant
		}
	}
	if f.info != nil && !f.info.Mode().IsRegular() && f.info.Mode()&fs.ModeNamedPipe == 0 {
		f.info = nil
	}
	if f.info != nil && f.behind == "" && !f.info.Mode().IsRegular() { // a pipe between processes
		f.info = nil
	}
}

func (f *named) same(o *named) bool {
	switch {
	case f.once && o.once && f.path == stdout && o.path == stdout:
		return true
	case strings.HasPrefix(f.by, "standard ") && strings.HasPrefix(o.by, "standard "):
		return false // as 2>&1 has it
	case f.info != nil && o.info != nil:
		return os.SameFile(f.info, o.info)
	case f.dir == nil || o.dir == nil || !os.SameFile(f.dir, o.dir):
		return false
	}
	return sameName(filepath.Base(f.behind), filepath.Base(o.behind))
}

// sameName goes by what file systems of these systems take for the same.
func sameName(a, b string) bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return strings.EqualFold(a, b)
	}
	return a == b
}
