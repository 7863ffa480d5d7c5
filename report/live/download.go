package live

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"brunt/report"
	"brunt/report/page"
)

// downloads are the files that are made when they are asked for.
var downloads = map[string]struct {
	kind, ending string
	fill         func(io.Writer, *report.Report) error
}{
	"report.html":   {"text/html; charset=utf-8", "html", page.Write},
	"report.json":   {"application/json", "json", report.JSON},
	"intervals.csv": {"text/csv; charset=utf-8", "csv", writeIntervals},
}

func (v *View) download(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("file")
	form, made := downloads[name]
	if !made && name != "results" {
		answer(w, http.StatusNotFound, problem{Error: "no such file: there are report.html, report.json, intervals.csv and results"})
		return
	}
	found, final := v.asked(w, req.URL.Query().Get("run"))
	if found == nil {
		return
	}
	if !made {
		sendResults(w, req, found, final)
		return
	}
	rep := found.reportOf(final, v.room.rules)
	w.Header().Set("Content-Type", form.kind)
	attach(w, fileName(found.number, rep)+"."+form.ending)
	_ = form.fill(w, rep)
}

// attach names the file that the browser writes; it holds no character that
// would need quoting.
func attach(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

func fileName(number int, rep *report.Report) string {
	name := fmt.Sprintf("brunt-run-%d", number)
	if rep.Started != nil {
		name += rep.Started.UTC().Format("-20060102-150405")
	}
	return name
}

// sendResults sends the results file, which the process itself has named.
func sendResults(w http.ResponseWriter, req *http.Request, r *round, final *final) {
	path := r.job.Results
	if path == "" || path == "-" {
		answer(w, http.StatusNotFound, problem{Error: "no results were kept: start brunt with --results FILE.csv"})
		return
	}
	if final == nil {
		answer(w, http.StatusNotFound, problem{Error: "the results are still being written: wait for the run's end"})
		return
	}
	f, err := openRegular(path)
	if err != nil {
		answer(w, http.StatusNotFound, problem{Error: "the results file cannot be read any more"})
		return
	}
	defer f.Close()
	name, packed := strings.CutSuffix(path, ".zst")
	ending := filepath.Ext(name) // .gob, .csv or .ndjson: no other is written
	if packed {
		ending += ".zst"
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	attach(w, fileName(r.number, final.Report)+"-results"+ending)
	http.ServeContent(w, req, "", time.Time{}, f)
}

// openRegular opens a file, and no pipe, which might block.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return os.Open(path)
}

// writeIntervals writes the intervals as CSV, with the names that they have in
// JSON; what is null there is empty here.
func writeIntervals(w io.Writer, rep *report.Report) error {
	out := csv.NewWriter(w)
	out.Write([]string{"t_s", "width_s", "planned", "sent", "succeeded", "failed", "cut_off", "in_flight",
		"bytes_in", "bytes_out", "p50", "p90", "p99", "max", "lateness_p99", "chunks", "ttft_p50", "ttft_p99",
		"completed", "completed_ok", "window_s", "asked_per_s"})
	for i := range rep.Intervals {
		in := &rep.Intervals[i]
		row := []string{number(&in.TS), number(&in.WidthS)}
		for _, n := range []uint64{in.Planned, in.Sent, in.Succeeded, in.Failed, in.CutOff, in.InFlight, in.BytesIn, in.BytesOut} {
			row = append(row, strconv.FormatUint(n, 10))
		}
		for _, x := range []*float64{in.P50, in.P90, in.P99, in.Max, in.LatenessP99} {
			row = append(row, number(x))
		}
		row = append(row, strconv.FormatUint(in.Chunks, 10), number(in.TTFTP50), number(in.TTFTP99),
			strconv.FormatUint(in.Completed, 10), strconv.FormatUint(in.CompletedOK, 10), number(in.WindowS), number(in.AskedPerS))
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}

func number(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'f', -1, 64)
}
