package results

import (
	"fmt"
	"io"
	"os"

	"brunt/report"
	"brunt/report/merge"
	"brunt/report/saved"
)

// ReadFiles reads JSON reports and results files, "-" being stdin, and merges them if there are
// several. A report whose figures contradict each other is refused.
func ReadFiles(paths []string, stdin io.Reader) (*report.Report, error) {
	if len(paths) == 0 {
		return nil, fmt.Errorf("no report named; give JSON files, or - for standard input")
	}
	reports := make([]*report.Report, len(paths))
	for i, path := range paths {
		r, err := readFile(path, stdin)
		if err != nil {
			return nil, err
		}
		if err := r.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for j, before := range reports[:i] {
			if merge.SameRun(before, r) {
				return nil, fmt.Errorf(
					"%s and %s hold the same run, which would count twice: give it once",
					paths[j],
					path,
				)
			}
		}
		reports[i] = r
	}
	if len(reports) == 1 {
		return reports[0], nil
	}
	return merge.Reports(reports)
}

func readFile(path string, stdin io.Reader) (*report.Report, error) {
	if path == "-" {
		return readAny(stdin, "standard input")
	}
	file := path
	if _, missing := os.Stat(path); missing != nil { // a file that is called so comes first
		found, known, err := saved.Path(path)
		if err != nil {
			return nil, err
		}
		if known {
			file = found
		}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAny(f, path)
}
