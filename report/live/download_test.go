package live

import (
	"bytes"
	"context"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"brunt/report"
)

// Each download is the run's, whole, under a name that says which.
func TestDownloads(t *testing.T) {
	results := filepath.Join(t.TempDir(), "r.csv.zst")
	v := serve(t, func(c *Config) {
		c.Start = func(_ context.Context, o Settings, _ func(string)) (*Job, error) {
			job, err := launch(o)
			if err == nil && o.Requests == 0 {
				job.Results = results
				must(os.WriteFile(results, []byte("records"), 0o600))
			}
			return job, err
		}
	})
	if r := v.get(t, "/download/report.html"); r.status != 404 {
		t.Errorf("before any run: %s", r)
	}
	v.post(t, "/api/start", "{}")
	if r := v.get(t, "/download/results"); r.status != 404 || !strings.Contains(string(r.body), "still being written") {
		t.Errorf("results of a run under way: %s", r)
	}
	v.untilState(t, "done")
	v.post(t, "/api/start", `{"requests":5}`)
	v.untilState(t, "done")
	for _, row := range []struct{ path, ending, within string }{
		{"/download/report.html?run=1", ".html", "<!doctype html>"},
		{"/download/report.json?run=1", ".json", `{"schema":1,`},
		{"/download/intervals.csv?run=1", ".csv", "t_s,width_s,planned,sent,succeeded"},
		{"/download/results?run=1", "-results.csv.zst", "records"},
	} {
		r := v.get(t, row.path)
		disposition, params, err := mime.ParseMediaType(r.header.Get("Content-Disposition"))
		if r.status != 200 || err != nil || disposition != "attachment" || !strings.HasPrefix(params["filename"], "brunt-run-1-2") ||
			!strings.HasSuffix(params["filename"], row.ending) || !strings.HasPrefix(string(r.body), row.within) {
			t.Errorf("%s: %d %q %.100q", row.path, r.status, r.header.Get("Content-Disposition"), r.body)
		}
	}
	if r := v.get(t, "/download/results"); r.status != 404 || !strings.Contains(string(r.body), "--results") {
		t.Errorf("results of a run without: %s", r)
	}
	rep, err := report.Read(bytes.NewReader(v.get(t, "/download/report.json").body), "download")
	if err != nil || rep.Requests.Sent != 5 {
		t.Errorf("the last run's report: %v", err)
	}
	if a, b := v.get(t, "/download/report.json"), v.get(t, "/api/report"); string(a.body) != string(b.body) {
		t.Error("the download and /api/report differ")
	}
}
