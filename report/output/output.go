package output

import (
	"errors"
	"fmt"
	"io"

	"brunt/report"
	"brunt/report/export"
	"brunt/report/outfile"
	"brunt/report/page"
	"brunt/report/text"
)

// Flags say where a report goes.
type Flags struct {
	Output string `short:"o" default:"text" enum:"text,json,markdown,html,none" help:"What goes to standard output: text, json, markdown, html or none."`
	Plot   string `writes:"" predictor:"file" placeholder:"FILE.html" help:"Write the report with its charts as one HTML file."`
	JSON   string `name:"json" writes:"" predictor:"file" placeholder:"FILE" help:"Write the JSON report to FILE as well; - is standard output, here and below, and implies -o none."`
	JUnit  string `name:"junit" writes:"" predictor:"file" placeholder:"FILE.xml" help:"Write the rules as JUnit test cases."`
	HLog   string `name:"hlog" writes:"" predictor:"file" placeholder:"FILE" help:"Write the intervals in HdrHistogram's log format."`

	runs, printed int // of several runs, how many there are, and have been printed
}

// stdout is the name that stands for standard output where a file is named.
const stdout = "-"

// Claim gives standard output to the one that asked for it: to -o, unless the
// records, whose file is named results, or one of the reports go there. Two of
// them are an error.
func (f *Flags) Claim(results string) error {
	var claims []string
	if f.Output != "text" && f.Output != "none" {
		claims = append(claims, "-o "+f.Output)
	}
	for _, c := range []struct{ flag, path string }{
		{"--results", results}, {"--json", f.JSON}, {"--plot", f.Plot}, {"--junit", f.JUnit}, {"--hlog", f.HLog},
	} {
		if c.path == stdout {
			claims = append(claims, c.flag+" -")
		}
	}
	if len(claims) > 1 {
		return fmt.Errorf(
			"%s and %s both want standard output: give one of them a file or leave it out",
			claims[0],
			claims[1],
		)
	}
	if len(claims) == 1 && f.Output == "text" {
		f.Output = "none"
	}
	return nil
}

// Open opens the files asked for, or tells all that cannot be. strict has figures
// that are not to be trusted fail a test case of their own.
func (f *Flags) Open(strict bool) (*Files, error) {
	files := &Files{}
	junit := func(w io.Writer, r *report.Report) error { return export.JUnit(w, r, strict) }
	return files, errors.Join(
		files.add("--plot", f.Plot, true, page.Write),
		files.add("--json", f.JSON, true, report.JSON),
		files.add("--junit", f.JUnit, false, junit),
		files.add("--hlog", f.HLog, false, export.HistogramLog),
	)
}

// OpenEach opens the files of n runs, whose names are numbered where there is more
// than one.
func (f *Flags) OpenEach(strict bool, n int) ([]*Files, error) {
	f.runs = n
	list := make([]*Files, n)
	for i := range list {
		own := *f
		if n > 1 {
			for _, path := range []*string{&own.Plot, &own.JSON, &own.JUnit, &own.HLog} {
				*path = outfile.Numbered(*path, i+1)
			}
		}
		files, err := own.Open(strict)
		if err != nil {
			return nil, err
		}
		list[i] = files
	}
	return list, nil
}

// Publish writes the report to standard output, in the form asked for, and to
// the files. What could be written nowhere goes to otherwise as text: a run is not
// lost by a full disk or a reader that is gone. unwritten is why the run's records,
// which hold the figures as well, could not be written.
func (f *Flags) Publish(out, otherwise io.Writer, files *Files, r *report.Report, unwritten error) error {
	printing := f.print(out, r)
	saved, err := files.write(out, r)
	err = errors.Join(printing, err)
	if (err != nil || unwritten != nil) && !saved && (printing != nil || f.Output == "none") {
		_ = text.Write(otherwise, r, text.OptionsFor(otherwise)) // there is nowhere else
	}
	return err
}

// Summary writes a line on several runs: below their texts, else beside what goes to
// standard output.
func (f *Flags) Summary(out, otherwise io.Writer, line string) {
	if f.Output == "text" {
		fmt.Fprintf(out, "\n%s\n", line)
		return
	}
	fmt.Fprintf(otherwise, "brunt: %s\n", line)
}

func (f *Flags) print(w io.Writer, r *report.Report) error {
	switch f.Output {
	case "text":
		if f.printed++; f.runs > 1 {
			gap := "\n"[:min(f.printed-1, 1)]
			fmt.Fprintf(w, "%srun %d of %d\n", gap, f.printed, f.runs) // if it cannot be written, the report cannot
		}
		return text.Write(w, r, text.OptionsFor(w))
	case "json":
		return report.JSON(w, r)
	case "markdown":
		return text.Markdown(w, r)
	case "html":
		return page.Write(w, r)
	}
	return nil
}
