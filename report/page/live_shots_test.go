//go:build shots

package page

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestLiveShots takes pictures of the live view's states:
// BRUNT_SHOTS=pictures go test -tags shots -run LiveShots ./report/page
func TestLiveShots(t *testing.T) {
	dir := os.Getenv("BRUNT_SHOTS")
	must(os.MkdirAll(dir, 0o700))
	browser := newBrowser(t)
	r := story{seconds: 120, rate: 200, names: []string{"short prompt", "long prompt", "chat"}}.report("p99<200ms", "failed<0.1%")
	wide := chromedp.EmulateViewport(1440, 900)
	for name, before := range map[string][]step{
		"light": {wide}, "dark": {wide, scheme("dark")}, "phone": {phone}, "wide": {chromedp.EmulateViewport(1920, 1080)},
	} {
		f := newFake(t, r)
		v := watch(t, browser, f, before...)
		shot := func(what string) {
			v.js(nil, frames)
			picture, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
			must(err)
			must(os.WriteFile(filepath.Join(dir, "live-"+name+"-"+what+".png"), picture, 0o600))
		}
		shot("1-idle")
		f.mu.Lock()
		f.refusal = object{"error": "rate 100 is more than this machine can send: at most 40 fit its open-file limit", "field": "rate_per_s"}
		f.mu.Unlock()
		v.click("#go")
		v.until(`!document.getElementById("wrong-number").hidden`)
		shot("1-refused")
		v.write("load-number", "200")
		v.click("#go")
		v.inState("running")
		shot("2-began")
		f.step(30)
		v.held(30)
		shot("3-running")
		v.write("load-number", "400")
		v.press("\r")
		v.until(`brunt.charts.report.changes.length === 1`)
		f.step(15)
		v.held(45)
		v.write("load-number", "300")
		v.press("\r")
		v.until(`brunt.charts.report.changes.length === 2`)
		f.step(25)
		v.held(70)
		shot("4-changed")
		for _, id := range []string{"failed", "slow", "figures", "log", "by-name"} {
			v.click("#tab-" + id)
			shot("5-" + id)
		}
		f.cut("hang")
		v.until(`!document.getElementById("banner").hidden`)
		shot("6-reconnecting")
		f.cut("drop")
		f.CloseClientConnections()
		v.until(`document.getElementById("banner").textContent.startsWith("brunt has ended")`)
		shot("6-ended")
		f.cut("")
		v.until(`document.getElementById("banner").hidden`)
		v.press(kb.Escape)
		v.press("?")
		shot("7-help")
		v.run(chromedp.Navigate(f.URL+"/"), chromedp.WaitReady[chromedp.CSS](".tabs"))
		f.turn("draining")
		v.inState("draining")
		shot("8-draining")
		f.turn("done")
		v.inState("done")
		shot("8-done")
		f.mu.Lock()
		f.keepRun(story{seconds: 60, rate: 100, calm: true}.report())
		f.keepRun(r)
		f.mu.Unlock()
		v.run(chromedp.Navigate(f.URL+"/"), chromedp.WaitReady[chromedp.CSS](".tabs"))
		v.click("#tab-runs")
		v.until(`document.querySelectorAll("[data-run]").length === 2`)
		v.click(`[data-run="1"]`)
		v.click(`[data-run="2"]`)
		v.until(`document.querySelector("#overlaid canvas") !== null`)
		shot("9-runs")
		v.click("#tab-downloads")
		shot("9-downloads")
		f.mu.Lock()
		f.mayStart, f.state = false, "idle"
		f.mu.Unlock()
		v.run(chromedp.Navigate(f.URL+"/"), chromedp.WaitReady[chromedp.CSS](".tabs"))
		shot("9-view-only")
	}
}
