package outfile

import (
	"path/filepath"
	"strconv"
	"strings"
)

// Numbered is the name of one run's file among several: out-2.json for out.json, and
// run-2.gob.zst for run.gob.zst. No file, and standard output, stay what they are.
func Numbered(path string, n int) string {
	if path == "" || path == "-" || strings.HasPrefix(path, "/dev/") {
		return path
	}
	dir, name := filepath.Split(path)
	stem, endings := name, ""
	if at := strings.IndexByte(strings.TrimLeft(name, "."), '.'); at >= 0 {
		at += len(name) - len(strings.TrimLeft(name, "."))
		stem, endings = name[:at], name[at:]
	}
	return dir + stem + "-" + strconv.Itoa(n) + endings
}
