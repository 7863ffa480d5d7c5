package payloads

import (
	"path/filepath"

	"brunt/payloads/compose"
	"brunt/payloads/file"
)

// Elsewhere is another machine, from which payload files have come with the files that
// their lines name.
type Elsewhere struct {
	// Dir is the folder that paths count from there.
	Dir string
	// Files are where the files are here, by their paths there: as they were given on the
	// command line, or by [Set.Named].
	Files map[string]string
}

// maker makes bodies of the payload file at a path of this machine, which is called by
// its name there; e may be nil.
func (e *Elsewhere) maker(content *file.Mapping, path string) *compose.Maker {
	if e == nil {
		return compose.NewMaker(content.Name, path, nil)
	}
	for there, here := range e.Files {
		if here == path {
			path, content.Name = there, file.Display(there)
			break
		}
	}
	return compose.NewMaker(content.Name, path, e.find)
}

// find gives where a file is here that a line names. A name in a list of targets may
// count from Dir, too.
func (e *Elsewhere) find(name, path string) string {
	if here, ok := e.Files[path]; ok {
		return here
	}
	if here, ok := e.Files[filepath.Join(e.Dir, name)]; ok {
		return here
	}
	return path
}

// Named are the paths of the files that lines name, such as those of images, without
// those of other sources: each once.
func (s *Set) Named() (paths []string) {
	known := map[string]bool{}
	for _, src := range s.sources {
		for _, path := range src.maker.Opened() {
			if !known[path] {
				known[path] = true
				paths = append(paths, path)
			}
		}
	}
	return paths
}
