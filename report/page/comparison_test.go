package page

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"brunt/report"
	"brunt/report/compare"

	"github.com/chromedp/chromedp"
)

// compared is the page of two runs, the second one slower.
func compared(t *testing.T) string {
	t.Helper()
	base := story{seconds: 30, rate: 60}.report()
	next := story{seconds: 30, rate: 60}.report()
	c := compare.Reports([]*report.Report{base}, []*report.Report{next}, compare.Options{Force: true})
	c.Notes = append(c.Notes, "a note with <b>markup</b>")
	var b strings.Builder
	if err := WriteComparison(&b, c, base, next); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestComparisonPage: a browser shows the answer, the figures and both runs' charts,
// and complains about nothing.
func TestComparisonPage(t *testing.T) {
	browser := newBrowser(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "comparison.html")
	must(os.WriteFile(file, []byte(compared(t)), 0o600))
	v := tab(t, browser, "file://"+dir+"/")
	v.run(chromedp.Navigate("file://"+file), chromedp.WaitReady[chromedp.CSS](".charts"))
	v.js(nil, frames)
	var heading, rows, notes, charts string
	v.js(&heading, `document.querySelector("h1").textContent`)
	v.js(&rows, `String(document.querySelectorAll("tbody tr").length)`)
	v.js(&notes, `document.querySelector("main ul").textContent`)
	v.js(&charts, `String(document.querySelectorAll(".chart .uplot").length)`)
	if !strings.HasPrefix(heading, "no difference seen") {
		t.Errorf("the heading is %q", heading)
	}
	if rows != "11" { // 9 figures, 2 sides
		t.Errorf("%s rows", rows)
	}
	if !strings.Contains(notes, "<b>markup</b>") {
		t.Errorf("the notes are %q", notes)
	}
	if charts != "4" && charts != "3" { // failures only where there are any
		t.Errorf("%s charts", charts)
	}
	if path := os.Getenv("BRUNT_SHOTS"); path != "" {
		picture, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
		must(err)
		must(os.WriteFile(filepath.Join(path, "comparison.png"), picture, 0o600))
	}
	v.quiet()
}
