//go:build shots

package page

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"brunt/report"

	"github.com/chromedp/chromedp"
)

// TestShots takes pictures to look at, into the folder that BRUNT_SHOTS names:
// BRUNT_SHOTS=pictures go test -tags shots -run Shots ./report/page
func TestShots(t *testing.T) {
	dir := os.Getenv("BRUNT_SHOTS")
	must(os.MkdirAll(dir, 0o700))
	browser := newBrowser(t)
	ordinary := story{seconds: 600, rate: 200, names: []string{"short prompt", "long prompt", "chat"}}.report("p99<200ms", "failed<0.1%", "succeeded_per_s>100")
	calm := story{seconds: 10, rate: 500, calm: true}.report("p99<200ms")
	invalid := story{seconds: 30, rate: 200}.report()
	invalid.Verdict = report.Verdict{Trust: new("none"), Valid: new(false), LimitedBy: new("client"), Headline: new("brunt could not send what was asked"), Reasons: []string{"brunt sent 20 % of the requests over 10 ms late though slots were free", "brunt used 97 % of 2 cores"}}
	invalid.Warnings = []string{"the open-file limit is 1,024: at most 1,000 requests can be in flight; raise it with ulimit -n"}
	light, wide := chromedp.EmulateViewport(1440, 900), chromedp.EmulateViewport(1920, 1080)
	for name, shot := range map[string]struct {
		r      *report.Report
		before []step
	}{
		"light": {ordinary, []step{light}}, "dark": {ordinary, []step{light, scheme("dark")}}, "phone": {ordinary, []step{phone}},
		"wide": {ordinary, []step{wide}}, "calm": {calm, []step{light}}, "invalid": {invalid, []step{light}}, "streams": {talking(120), []step{light}}, "hostile": {hostile(), []step{light}}, "hostile-phone": {hostile(), []step{phone}},
	} {
		v := open(t, browser, shot.r, shot.before...)
		picture, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
		must(err)
		must(os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600))
		for i, at := range []string{"0", "document.body.scrollHeight * 0.45", "document.body.scrollHeight * 0.62"} {
			v.js(nil, "scrollTo(0, "+at+")")
			picture, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
			must(err)
			must(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, i)), picture, 0o600))
		}
		if name == "light" {
			pdf, err := chromedp.Run(v.ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground()))
			must(err)
			must(os.WriteFile(filepath.Join(dir, "print.pdf"), pdf, 0o600))
		}
	}
}
