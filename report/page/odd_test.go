package page

import (
	"bytes"
	"strings"
	"testing"

	"brunt/attack"
	"brunt/report"

	"github.com/chromedp/chromedp"
)

// What a run or its endpoint wrote is text on the page, whatever it is.
func TestHostileTextStaysText(t *testing.T) {
	chromium := newBrowser(t)
	r := hostile()
	v := open(t, chromium, r)
	var found struct {
		Images, Scripts, Handlers int
		Text, Original            string
		Wider                     bool
	}
	v.js(&found, `({
		Images: document.querySelectorAll("img, iframe, object, svg").length,
		Scripts: document.querySelectorAll("script").length,
		Handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
		Text: document.getElementById("app").textContent,
		Original: brunt.original(),
		Wider: document.documentElement.scrollWidth > innerWidth,
	})`)
	if found.Images != 0 || found.Scripts != 4 || found.Handlers != 0 {
		t.Errorf("%d images, %d scripts (expected 4), %d handlers", found.Images, found.Scripts, found.Handlers)
	}
	if !strings.Contains(found.Text, `</script><img src=x onerror=alert(1)>\x1b[31m\r\n\t\u202eevil\u2066\x00"'\ & &amp;`) {
		t.Error("the nasty text is not shown with its unseen characters as escapes")
	}
	if strings.ContainsAny(found.Text, "\u202e\u2066\x1b\x00") {
		t.Error("unseen characters are on the page as they are")
	}
	if found.Wider {
		t.Error("the page is wider than its window")
	}
	var want bytes.Buffer
	must(report.JSON(&want, r))
	if found.Original != want.String() {
		t.Error("the JSON taken back from the page is not what report.JSON writes")
	}
	v.run(chromedp.Click[chromedp.CSS]("button.more"))
	v.quiet()
}

// States without data are designed too.
func TestPagesWithLittleToShow(t *testing.T) {
	chromium := newBrowser(t)
	var b bytes.Buffer
	must(report.JSON(&b, story{seconds: 20, rate: 50}.report()))
	read, err := report.Read(&b, "report.json")
	must(err)
	merged, err := report.Merge([]*report.Report{story{seconds: 20, rate: 50}.report(), story{seconds: 20, rate: 50}.report()})
	must(err)
	nothing := report.From(story{rate: 1}.meta(), &attack.Snapshot{State: attack.Starting})
	for name, scene := range map[string]struct {
		r     *report.Report
		words string
	}{
		"read from JSON": {read, "The heat map needs the intervals' histograms"},
		"merged":         {merged, "ercentiles of intervals cannot be merged"},
		"one second":     {story{seconds: 1, rate: 5, calm: true}.report(), "too few samples"},
		"nothing yet":    {nothing, "Nothing was measured yet"},
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, chromium, scene.r)
			var text string
			v.js(&text, `document.getElementById("app").textContent`)
			if !strings.Contains(text, scene.words) {
				t.Errorf("the page does not say %q", scene.words)
			}
			if strings.Contains(text, "NaN") || strings.Contains(text, "undefined") || strings.Contains(text, "null") {
				t.Errorf("the page says NaN, undefined or null: %s", text)
			}
			v.quiet()
		})
	}
}

// An hour of seconds opens and zooms; how smoothly is printed, not asserted.
func TestAnHourOfSeconds(t *testing.T) {
	chromium := newBrowser(t)
	r := story{seconds: 3600, rate: 20}.report()
	v := open(t, chromium, r)
	var opened float64
	v.js(&opened, `performance.timing.loadEventEnd - performance.timing.fetchStart`)
	var times []float64
	v.js(&times, `new Promise((done) => {
		const times = [];
		let last = performance.now();
		const step = (now) => {
			times.push(now - last);
			last = now;
			if (times.length === 40) return done(times.slice(1));
			const at = 1200 + times.length * 20;
			brunt.charts.zoom([at - 1000, at + 1000]);
			requestAnimationFrame(step);
		};
		requestAnimationFrame(step);
	})`)
	sum, worst := 0.0, 0.0
	for _, ms := range times {
		sum, worst = sum+ms, max(worst, ms)
	}
	t.Logf("%d bytes, opened in %.0f ms; while zooming, frames took %.1f ms on average, %.1f ms at worst", len(written(t, r)), opened, sum/float64(len(times)), worst)
	v.chartsAreDrawn()
	v.quiet()
}
