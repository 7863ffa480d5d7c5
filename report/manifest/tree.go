package manifest

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"brunt/payloads"
	"brunt/report/config"
)

// Tree are files that lines of bodies name, such as the bodies of a list of targets. Their
// names stand within those lines, so that the coordinator must find them in the same place,
// seen from the files of the lines and from where it works.
type Tree struct {
	Dir   string   // where names count from, absolute
	Named []string // as payloads.Set.Named gives them
}

// under is where a file is, seen from the tree's folder; it begins with ../ where it is
// not below.
func (t *Tree) under(file string) string {
	if !filepath.IsAbs(file) {
		file = filepath.Join(t.Dir, file)
	}
	if rel, err := filepath.Rel(t.Dir, file); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.Base(file) // of another drive
}

// below is a file's name as it counts from the tree's folder, where the file is below that:
// a manifest that lies there is for whoever has the same files.
func (t *Tree) below(file string) string {
	if rel, err := filepath.Rel(t.Dir, file); err == nil && filepath.IsAbs(file) && filepath.IsLocal(rel) {
		return rel
	}
	return file
}

// plant chooses the folder that the coordinator works in: so deep that what its files' names
// climb to is still below payloadsDir.
func (r *Run) plant(given []config.GivenFlag) {
	if len(r.tree.Named) == 0 {
		return
	}
	files, climbs := slices.Clone(r.tree.Named), 0
	for _, g := range given {
		if path, ok := bodyOf(g); ok {
			files = append(files, path)
		}
	}
	for _, f := range files {
		climbs = max(climbs, strings.Count(r.tree.under(f), "../"))
	}
	r.Dir = payloadsDir + strings.Repeat("/in", climbs)
}

// bodyOf is the file of bodies that a flag names.
func bodyOf(g config.GivenFlag) (path string, ok bool) {
	switch g.Name {
	case "payloads":
		spec, err := payloads.ParseSpec(g.Text)
		return spec.Path, err == nil
	case "body", "targets":
		return g.Text, true
	}
	return "", false
}

// body is where a file of bodies is in the coordinator's container.
func (r *Run) body(from string) string {
	if r.Dir == "" {
		f := file(&r.Payloads, from)
		f.At = f.Name
		return payloadsDir + "/" + f.Name
	}
	seen := r.tree.under(from)
	place := path.Join(r.Dir, seen)
	for _, f := range r.Payloads {
		if f.At == seen || slices.Contains(f.Mounts, place) {
			return place
		}
	}
	f := file(&r.Payloads, from)
	if f.At = seen; strings.HasPrefix(seen, "../") {
		f.At, f.Mounts = "elsewhere/"+f.Name, []string{place}
	}
	return place
}

// hang adds the files that lines name. One whose whole path stands in a file of lines is
// looked for there, too.
func (r *Run) hang() {
	if r.Dir == "" {
		return
	}
	var lines [][]byte
	for _, f := range r.Payloads {
		if text, err := os.ReadFile(f.Path); err == nil { // what cannot be read is said when it is sized
			lines = append(lines, text)
		}
	}
	for _, name := range r.tree.Named {
		place := r.body(r.tree.below(name))
		whole := []byte(filepath.ToSlash(name))
		if !path.IsAbs(string(whole)) || !slices.ContainsFunc(lines, func(text []byte) bool { return bytes.Contains(text, whole) }) {
			continue
		}
		for i := range r.Payloads {
			if f := &r.Payloads[i]; path.Join(r.Dir, f.At) == place || slices.Contains(f.Mounts, place) {
				f.Mounts = append(f.Mounts, string(whole))
			}
		}
	}
}

// Folder is where the volume of the bodies is in the coordinator's container.
func (r *Run) Folder() string {
	if r.Dir == "" {
		return payloadsDir
	}
	return r.Dir
}

// Places are all where a file of bodies is in the coordinator's container.
func (r *Run) Places(f File) []string {
	if strings.HasPrefix(f.At, "elsewhere/") {
		return f.Mounts
	}
	return append([]string{r.Folder() + "/" + f.At}, f.Mounts...)
}
