package page

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"brunt/report"

	"github.com/chromedp/chromedp"
)

// TestCapacityPage: a browser shows a search's answer, its curve and its table.
func TestCapacityPage(t *testing.T) {
	browser := newBrowser(t)
	r := story{seconds: 20, rate: 60}.report("p99<200ms")
	c := &report.Capacity{
		Sweep: "rate", Status: "found", Rules: []string{"p99<200ms"}, Headline: "my-endpoint bears 200 requests/s <b>",
		Notes: []string{"200/s was held in 2 of 2 steps"}, RatePerS: new(200.), LowPerS: new(200.), HighPerS: new(210.), Precision: 0.05, StepS: 10,
	}
	for _, step := range []struct {
		rate, p99 float64
		held      bool
	}{{100, 30, true}, {200, 90, true}, {400, 900, false}, {210, 300, false}, {200, 95, true}} {
		outcome := "held"
		if !step.held {
			outcome = "broken"
		}
		c.Steps = append(c.Steps, report.CapacityStep{
			RatePerS: new(step.rate), Outcome: outcome, Held: new(step.held), DurationS: 10, Requests: 1000, Succeeded: 1000,
			CompletedPerS: new(step.rate), P50: new(step.p99 / 2), P99: new(step.p99),
		})
	}
	c.FillEmpty()
	r.Capacity = c
	dir := t.TempDir()
	file := filepath.Join(dir, "capacity.html")
	must(os.WriteFile(file, []byte(written(t, r)), 0o600))
	v := tab(t, browser, "file://"+dir+"/")
	v.run(chromedp.Navigate("file://"+file), chromedp.WaitReady[chromedp.CSS]("#capacity"))
	v.js(nil, frames)
	var answer, rows, dots, filled string
	v.js(&answer, `document.querySelector("#capacity .answer").textContent`)
	v.js(&rows, `[...document.querySelectorAll("#capacity tbody tr")].map((tr) => tr.firstChild.textContent + " " + tr.lastChild.textContent).join("; ")`)
	v.js(&dots, `String(document.querySelectorAll("#capacity circle").length)`)
	v.js(&filled, `String(document.querySelectorAll("#capacity circle[fill='var(--response-tail)']").length)`)
	if answer != c.Headline {
		t.Errorf("the answer is %q", answer)
	}
	if want := "100/s 1 of 1 step held; 200/s 2 of 2 steps held; 210/s 0 of 1 step held; 400/s 0 of 1 step held"; rows != want {
		t.Errorf("the rows are %s", rows)
	}
	if dots != "8" || filled != "2" {
		t.Errorf("%s dots, %s of the p99 filled", dots, filled)
	}
	if path := os.Getenv("BRUNT_SHOTS"); path != "" {
		picture, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
		must(err)
		must(os.WriteFile(filepath.Join(path, "capacity.png"), picture, 0o600))
	}
	v.quiet()
	if strings.Contains(written(t, story{seconds: 2, rate: 60}.report()), `"capacity":{`) {
		t.Error("a plain run has a search")
	}
}
