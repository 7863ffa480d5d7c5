package live

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"brunt/report"
	"brunt/report/export"
	"brunt/report/page"
)

// downloads are the files that are made on request.
var downloads = map[string]struct {
	kind, ending string
	fill         func(io.Writer, *report.Report) error
}{
	"report.html":   {"text/html; charset=utf-8", "html", page.Write},
	"report.json":   {"application/json", "json", report.JSON},
	"intervals.csv": {"text/csv; charset=utf-8", "csv", export.Intervals},
}

func (v *View) download(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("file")
	form, made := downloads[name]
	if !made && name != "results" {
		writeJSON(
			w,
			http.StatusNotFound,
			apiError{Error: "no such file: there are report.html, report.json, intervals.csv and results"},
		)
		return
	}
	found := v.open(w, req.URL.Query().Get("run"))
	if found == nil {
		return
	}
	if !made {
		sendResults(w, req, found.run, found.final)
		return
	}
	var called string
	text := v.makeAlone(func(b io.Writer) error {
		rep := found.report()
		called = found.fileName(rep)
		return form.fill(b, rep)
	})
	w.Header().Set("Content-Type", form.kind)
	setFileName(w, called+"."+form.ending)
	_, _ = w.Write(text)
}

// setFileName names the file that the browser writes; it holds no character that
// would need quoting.
func setFileName(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

func fileName(number int, rep *report.Report) string {
	name := "brunt-run"
	if number > 0 {
		name += fmt.Sprintf("-%d", number)
	}
	if rep.Started != nil {
		name += rep.Started.UTC().Format("-20060102-150405")
	}
	return name
}

// sendResults sends the results file, which the process itself has named.
func sendResults(w http.ResponseWriter, req *http.Request, r *run, final *final) {
	path := ""
	if r != nil {
		path = r.job.Results
	}
	if path == "" || path == "-" {
		writeJSON(w, http.StatusNotFound, apiError{Error: "no results were kept: start brunt with --results FILE.csv"})
		return
	}
	if final == nil {
		writeJSON(
			w,
			http.StatusNotFound,
			apiError{Error: "the results are still being written: wait for the run's end"},
		)
		return
	}
	f, err := openRegularFile(path)
	if err != nil {
		writeJSON(w, http.StatusNotFound, apiError{Error: "the results file cannot be read any more"})
		return
	}
	defer f.Close()
	name, packed := strings.CutSuffix(path, ".zst")
	ending := filepath.Ext(name) // .gob, .csv or .ndjson: no other is written
	if packed {
		ending += ".zst"
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	setFileName(w, fileName(r.number, final.Report)+"-results"+ending)
	http.ServeContent(w, req, "", time.Time{}, f)
}

// openRegularFile opens a file, but not a pipe, which might block.
func openRegularFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return os.Open(path)
}
