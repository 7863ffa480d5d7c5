package page

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The files of the live view hold nothing that its policy refuses.
func TestLiveFiles(t *testing.T) {
	files, err := Live()
	must(err)
	total := 0
	for at, file := range files {
		total += len(file.Bytes)
		if file.Type == "" || len(file.ETag) < 10 || len(file.Bytes) == 0 {
			t.Errorf("%s is %d bytes of %q with the tag %s", at, len(file.Bytes), file.Type, file.ETag)
		}
		if regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?://`).Match(bytes.ReplaceAll(file.Bytes, []byte(`xmlns="http://www.w3.org/2000/svg"`), nil)) && at != "/uPlot.js" && at != "/uPlot.css" {
			t.Errorf("%s makes markup of text, or names another host", at)
		}
	}
	if total > 250_000 {
		t.Errorf("the live view is %d bytes, expected at most 250,000", total)
	}
	t.Logf("%d files, %d bytes", len(files), total)
	html := string(files["/"].Bytes)
	if regexp.MustCompile(`<script>|<style|style=|\son\w+=|="/`).MatchString(html) {
		t.Errorf("the page has inline code, or an address that a proxy cannot move: %s", html)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if _, ok := files["/"+m[1]]; !ok && !strings.HasPrefix(m[1], "data:") {
			t.Errorf("the page asks for %s, which is not among the files", m[1])
		}
	}
}

// What the server refuses stands beside its field, in the server's words.
func TestLiveRefusals(t *testing.T) {
	t.Parallel()
	f := newFake(t, hostile())
	f.form["any_target"] = true
	v := watch(t, newBrowser(t), f)
	beside := func(id, words string) {
		t.Helper()
		v.until(`document.getElementById("wrong-` + id + `").textContent !== ""`)
		var found struct {
			Words   string
			Invalid bool
			Focused bool
		}
		v.js(&found, `(() => {
			const input = document.getElementById("load-`+id+`");
			const of = input.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent);
			return { Words: of[0], Invalid: input.getAttribute("aria-invalid") === "true", Focused: document.activeElement === input };
		})()`)
		if found.Words != words || !found.Invalid || !found.Focused {
			t.Errorf("beside %s stands %q (invalid %t, focused %t), expected %q", id, found.Words, found.Invalid, found.Focused, words)
		}
	}
	refuse := func(field, words string) {
		f.mu.Lock()
		f.refusal = object{"error": words, "field": field}
		f.mu.Unlock()
		v.click("#go")
	}
	refuse("rate_per_s", "rate 100 is over what <b>this</b> machine can do")
	beside("number", "rate 100 is over what <b>this</b> machine can do")
	refuse("concurrency", "concurrency must be from 1 to 1,000,000")
	beside("cap", "concurrency must be from 1 to 1,000,000")
	refuse("target", "no such host")
	beside("target", "no such host")
	v.write("load-duration", "soon")
	before := f.said()
	v.click("#go")
	beside("duration", "“soon” is not a length of time: write 30s, 5m or 1m30s")
	if f.said() != before {
		t.Error("the page sent a form that makes no sense")
	}
	refused := `document.getElementById("problem").textContent`
	v.write("load-duration", "")
	refuse("", "a run is under way already")
	v.until(refused + ` === "a run is under way already"`)

	// Then it starts, and what runs is hostile.
	v.write("load-target", nasty)
	v.click("#go")
	v.inState("running")
	if said := f.said(); !strings.Contains(said, `"duration_s":null`) || !strings.Contains(said, `"target":"`) {
		t.Errorf("the page sent %s", said)
	}
	f.mu.Lock()
	f.form["target"] = nasty
	f.form["payloads"] = []any{object{"file": nasty, "lines": 7, "chosen": true}}
	f.note(nasty)
	f.mu.Unlock()
	f.step(12)
	v.held(12)
	f.turn("done")
	v.inState("done")
	for _, tab := range []string{"failed", "slow", "figures", "runs", "downloads", "log", "by-name"} {
		v.click("#tab-" + tab)
		v.js(nil, frames)
	}
	v.textOnly()
	v.forgive("status of 422")
	v.quiet()
}

// textOnly holds that nothing which came over the wire has become markup.
func (v *openPage) textOnly() {
	v.t.Helper()
	var found struct {
		Elements, Scripts, Handlers int
		Text                        string
		Wider                       bool
	}
	v.js(&found, `({
		Elements: document.querySelectorAll("img, iframe, object, svg, b b, #app b:not(summary b, dd b)").length,
		Scripts: document.querySelectorAll("script").length,
		Handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
		Text: document.getElementById("app").textContent,
		Wider: document.documentElement.scrollWidth > innerWidth,
	})`)
	if found.Elements != 0 || found.Scripts != 2 || found.Handlers != 0 || found.Wider {
		v.t.Errorf("%d foreign elements, %d scripts (expected 2), %d handlers, wider than its window: %t", found.Elements, found.Scripts, found.Handlers, found.Wider)
	}
	if !strings.Contains(found.Text, `</script><img src=x onerror=alert(1)>\x1b[31m`) || strings.ContainsAny(found.Text, "\u202e\u2066\x1b\x00") {
		v.t.Error("the nasty text is not shown as text with its unseen characters as escapes")
	}
}

// All that is done with a mouse can be done with keys.
func TestLiveKeys(t *testing.T) {
	t.Parallel()
	f := newFake(t, story{seconds: 20, rate: 50, names: []string{"short"}}.report())
	v := watch(t, newBrowser(t), f)
	sent := func(want string) {
		t.Helper()
		v.until(`!brunt.live.busy && !brunt.live.changing`)
		if f.said() != want {
			t.Errorf("the page sent %q, expected %q", f.said(), want)
		}
	}
	v.press("/")
	var focused string
	v.js(&focused, `document.activeElement.id`)
	if focused != "load-number" {
		t.Errorf("/ went to %q", focused)
	}
	v.press("s") // is written, not obeyed
	v.press(kb.Escape)
	sent("")
	v.press("+")
	v.press("s")
	v.inState("running")
	if !strings.HasPrefix(f.said(), `start {"rate_per_s":110,`) {
		t.Errorf("the page sent %q", f.said())
	}
	v.press("+")
	v.until(`brunt.live.state.view.load.rate_per_s === 121`)
	sent(`change {"rate_per_s":121}`)
	v.press("-")
	v.until(`brunt.live.state.view.load.rate_per_s === 110`)
	f.step(5)
	v.held(5)
	v.press("?")
	v.until(`document.getElementById("help").open`)
	v.press("s") // not through the dialog
	v.press(kb.Escape)
	v.until(`!document.getElementById("help").open`)
	sent(`change {"rate_per_s":110}`)

	v.js(nil, `document.getElementById("tab-by-name").focus()`)
	for _, want := range []string{"failed", "slow", "figures", "runs", "downloads", "log", "by-name", "failed"} {
		v.press(kb.ArrowRight)
		var now []string
		v.js(&now, `[document.activeElement.id, ...[...document.querySelectorAll("[role=tabpanel]:not([hidden])")].map((e) => e.id), document.querySelector("[aria-selected=true]").id]`)
		if strings.Join(now, " ") != "tab-"+want+" panel-"+want+" tab-"+want {
			t.Fatalf("after an arrow key: %v, expected %s", now, want)
		}
	}
	v.press("s")
	v.inState("draining")
	sent(`stop {"how":"drain"}`)
	v.press("s") // goes to the button that cuts off
	v.press("\r")
	v.inState("stopped")
	sent(`stop {"how":"cut"}`)
	var bare []string
	v.js(&bare, `[...document.querySelectorAll("input, select, button")].filter((e) => !(e.labels?.length || e.ariaLabel || e.textContent.trim())).map((e) => e.outerHTML)`)
	if len(bare) > 0 {
		t.Errorf("without a label: %v", bare)
	}

	// Who may only look is told so, and has nothing to press.
	f.mu.Lock()
	f.mayStart = false
	f.to("interrupted")
	f.mu.Unlock()
	v.until(`document.getElementById("go").matches(":disabled")`)
	v.press("s")
	v.press("+")
	sent(`stop {"how":"cut"}`)
	if words := v.text(".view-only"); words != "view only" {
		t.Errorf("it says %q", words)
	}
	v.quiet()
}

// On a phone nothing sticks out of any tab; two runs lie over each other.
func TestLiveRunsOnAPhone(t *testing.T) {
	t.Parallel()
	f := newFake(t, story{seconds: 20, rate: 50}.report())
	f.keepRun(story{seconds: 20, rate: 50, calm: true}.report())
	f.keepRun(story{seconds: 30, rate: 100, names: []string{"short", "long"}}.report("p99<200ms"))
	v := watch(t, newBrowser(t), f, phone)
	v.held(30)
	for _, tab := range []string{"failed", "slow", "figures", "downloads", "log", "by-name", "runs"} {
		v.click("#tab-" + tab)
		v.js(nil, frames)
		var width float64
		v.js(&width, `document.documentElement.scrollWidth`)
		if width > 390 {
			t.Errorf("the tab %s is %g px wide", tab, width)
		}
	}
	v.until(`document.querySelectorAll("[data-run]").length === 2`)
	v.click(`[data-run="1"]`)
	v.click(`[data-run="2"]`)
	v.until(`document.querySelector("#overlaid canvas") !== null && !document.querySelector(".compared").hidden`)
	var rows []string
	v.js(&rows, `[...document.querySelectorAll(".compared tr")].map((tr) => [...tr.children].map((e) => e.textContent).join("|"))`)
	if len(rows) < 12 || rows[0] != "|run 1|run 2|difference" || rows[1] != "sent|50.0/s|100.0/s|+100 %" {
		t.Errorf("side by side stands %q", rows[:2])
	}
	if words := v.text(".compared .answer"); words != "no difference seen between 1 and 2" {
		t.Errorf("the comparison says %q", words)
	}
	var curves int
	v.js(&curves, `brunt.live.runs.charts.figures.get("overlaid").plot.series.length`)
	if curves != 3 {
		t.Errorf("the chart has %d series", curves)
	}
	v.click("#tab-downloads")
	var links []string
	v.js(&links, `[...document.querySelectorAll(".downloads a")].map((e) => e.getAttribute("href"))`)
	if strings.Join(links, " ") != "download/report.html download/report.json download/intervals.csv download/results" {
		t.Errorf("the links are %v", links)
	}
	v.run(chromedp.EmulateViewport(1920, 1080))
	v.js(nil, frames)
	var wide float64
	v.js(&wide, `document.documentElement.scrollWidth`)
	if wide > 1920 {
		t.Errorf("on a wide screen the page is %g px wide", wide)
	}
	v.quiet()
}
