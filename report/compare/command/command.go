package command

import (
	"errors"
	"fmt"
	"io"

	"brunt/report"
	"brunt/report/compare"
	"brunt/report/compare/show"
	"brunt/report/config"
	"brunt/report/merge"
	"brunt/report/outfile"
	"brunt/report/page"
	"brunt/report/results"
)

// Run compares what the flags name and writes it to out. misused is an error of the
// command line or of a file that it names, or why the runs cannot be compared; worse
// is not nil where the new ones are worse by more than the tolerance.
func Run(c *config.Compare, in io.Reader, out io.Writer) (worse, misused, failed error) {
	base, next, err := c.Sides()
	if err != nil {
		return nil, err, nil
	}
	reports, err := read(append(append([]string{}, base...), next...), in)
	if err != nil {
		return nil, err, nil
	}
	plot, err := outfile.Create(c.Plot)
	if err != nil {
		return nil, fmt.Errorf("--plot: %w", err), nil
	}
	defer plot.Discard()
	first, second := reports[:len(base)], reports[len(base):]
	found := compare.Reports(first, second, compare.Options{Tolerance: float64(c.Tolerance), Force: c.Force})
	html := func(w io.Writer) error { return page.WriteComparison(w, found, first[0], second[0]) }
	switch c.Output {
	case "text":
		err = show.Text(out, found)
	case "json":
		err = show.JSON(out, found)
	case "markdown":
		err = show.Markdown(out, found)
	case "html":
		err = html(out)
	}
	if c.Plot != "" {
		if unwritten := plot.Write(html); unwritten != nil {
			err = errors.Join(err, fmt.Errorf("--plot: %w", unwritten))
		}
	}
	if found.Verdict == compare.NotComparable {
		return nil, errors.New(found.Headline), err
	}
	if found.Worse {
		worse = errors.New(found.Headline)
	}
	return worse, nil, err
}

// read reads one report of each file, none of which may hold a run twice.
func read(files []string, in io.Reader) ([]*report.Report, error) {
	reports := make([]*report.Report, len(files))
	for i, file := range files {
		r, err := results.ReadFiles([]string{file}, in)
		if err != nil {
			return nil, err
		}
		for j, before := range reports[:i] {
			if merge.SameRun(before, r) {
				return nil, fmt.Errorf(
					"%s and %s hold the same run: a run is not compared with itself; give another one",
					files[j],
					file,
				)
			}
		}
		reports[i] = r
	}
	return reports, nil
}
