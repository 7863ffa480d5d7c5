package live_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"brunt/report"
	"brunt/report/results"
)

// downloads takes all files along by their links, opens them, and compares.
func (v *tab) downloads(dir string, final []byte) {
	v.t.Helper()
	done := make(chan string, 8)
	names := map[string]string{} // by id
	must(chromedp.ListenBrowser(v.ctx, func(event any) {
		switch e := event.(type) {
		case *browser.EventDownloadWillBegin:
			v.mu.Lock()
			names[e.GUID] = e.SuggestedFilename
			v.mu.Unlock()
		case *browser.EventDownloadProgress:
			if e.State == browser.DownloadProgressStateCompleted {
				done <- e.GUID
			}
		}
	}))
	_, err := chromedp.CallBrowser(v.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: new(true)})
	must(err)
	v.click("#tab-downloads")
	var want report.Report
	must(json.Unmarshal(final, &want))
	for _, link := range []string{"report.html", "report.json", "intervals.csv", "results"} {
		// A hand's click asks first whether results are kept.
		v.do(chromedp.Click(chromedp.CSS(`.downloads a[href^="download/` + link + `"]`)))
		select {
		case id := <-done:
			v.mu.Lock()
			name := names[id]
			v.mu.Unlock()
			text, err := os.ReadFile(filepath.Join(dir, id))
			must(err)
			v.opens(link, name, text, &want, final)
		case <-time.After(2 * time.Minute):
			v.t.Fatalf("%s was not downloaded", link)
		}
	}
}

var embedded = regexp.MustCompile(`(?s)<script type="application/json" id="report">(.*?)</script>`)

// opens reads a file as its reader would.
func (v *tab) opens(link, name string, text []byte, want *report.Report, final []byte) {
	v.t.Helper()
	if !regexp.MustCompile(`^brunt-run-1-\d{8}-\d{6}`).MatchString(name) {
		v.t.Errorf("%s is named %q", link, name)
	}
	switch link {
	case "report.json":
		if !bytes.Equal(text, final) {
			v.t.Error("the JSON report is not the page's")
		}
	case "report.html":
		found := embedded.FindSubmatch(text)
		if found == nil {
			v.t.Fatalf("no report in %d bytes of HTML", len(text))
		}
		var a, b any
		must(json.Unmarshal(found[1], &a))
		must(json.Unmarshal(final, &b))
		if fmt.Sprint(a) != fmt.Sprint(b) {
			v.t.Error("the report in the HTML is not the page's")
		}
	case "intervals.csv":
		rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		must(err)
		sent := uint64(0)
		for _, row := range rows[1:] {
			n, err := strconv.ParseUint(row[3], 10, 64)
			must(err)
			sent += n
		}
		if rows[0][3] != "sent" || len(rows) != len(want.Intervals)+1 || sent != want.Requests.Sent {
			v.t.Errorf("%d rows of CSV with %d sent, the report has %d and %d", len(rows)-1, sent, len(want.Intervals), want.Requests.Sent)
		}
	case "results":
		path := filepath.Join(v.t.TempDir(), name)
		must(os.WriteFile(path, text, 0o600))
		again, err := results.ReadFiles([]string{path}, nil)
		if err != nil {
			v.t.Fatal(err)
		}
		got := [3]uint64{again.Requests.Sent, again.Requests.Succeeded, again.Requests.Failed}
		if got != [3]uint64{want.Requests.Sent, want.Requests.Succeeded, want.Requests.Failed} {
			v.t.Errorf("the results say %v, the report %+v", got, want.Requests)
		}
	}
}
