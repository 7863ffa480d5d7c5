package file

import (
	"path/filepath"
	"strings"
)

// Ending returns the ending of a file's name in lower case, such as ".json",
// without that of its compression: ".csv" for a.CSV.gz.
func Ending(path string) string {
	if promisedPacking(path) != "" {
		path = path[:len(path)-len(filepath.Ext(path))]
	}
	return strings.ToLower(filepath.Ext(path))
}
