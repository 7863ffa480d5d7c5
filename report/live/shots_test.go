//go:build shots

package live_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestRealShots takes pictures of the real thing in its states:
// BRUNT_SHOTS=pictures go test -tags shots -run RealShots ./report/live
func TestRealShots(t *testing.T) {
	chromium := newChromium(t)
	dark := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
		return err
	})
	wide := chromedp.EmulateViewport(1400, 1000)
	for name, before := range map[string][]chromedp.Action[chromedp.Void]{
		"light": {wide}, "dark": {wide, dark}, "phone": {chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile)},
	} {
		t.Run(name, func(t *testing.T) { shoot(t, chromium, name, before) })
	}
}

func shoot(t *testing.T, chromium context.Context, name string, before []chromedp.Action[chromedp.Void]) {
	s := newSession(t, endpoint(t), "-p", bodies(t), "--payload-format=request", "--timeout=5s", "--serve=127.0.0.1:0", "--wait")
	url := s.serve(t)
	v := newTab(t, chromium, url)
	v.do(before...)
	v.load(url)
	shot := func(what string) {
		v.until(`brunt.live.timer === 0 || brunt.charts`) // drawn
		picture, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
		must(err)
		must(os.WriteFile(filepath.Join(os.Getenv("BRUNT_SHOTS"), name+"-"+what+".png"), picture, 0o600))
	}
	shot("1-idle")
	v.write("load-number", "-5")
	v.click("#go")
	shot("2-wrong")
	v.write("load-number", "20000000")
	v.click("#go")
	v.until(`!document.getElementById("wrong-number").hidden`)
	shot("2-refused")
	v.write("load-number", "150")
	v.write("load-duration", "")
	v.click("#go")
	shot("2-no-end")
	v.write("load-duration", "10 min")
	v.click("#go")
	v.inState("running")
	shot("3-began")
	v.holds(6)
	shot("4-running")
	v.write("load-number", "300")
	v.do(chromedp.KeyEvent("\r"))
	v.holds(12)
	shot("5-changed")
	v.click("#go")
	v.inState("stopped")
	shot("6-interrupted")
	for _, tab := range []string{"failed", "slow", "figures", "runs", "downloads", "log"} {
		v.click("#tab-" + tab)
		shot("7-" + tab)
	}
	v.click("#tab-by-name")
	v.write("load-duration", "3 s")
	v.click("#go")
	v.until(`brunt.live.state.view.run === 2`)
	v.inState("done")
	shot("8-done")
	v.click("#tab-runs")
	v.until(`document.querySelectorAll("[data-run]").length === 2`)
	v.click(`[data-run="1"]`)
	v.click(`[data-run="2"]`)
	v.until(`document.querySelector("#overlaid canvas") !== null`)
	shot("8-runs")
	v.click("#tab-by-name")
	s.interrupt <- os.Interrupt
	<-s.ended
	v.until(`!document.getElementById("banner").hidden`)
	shot("9-ended")
}
