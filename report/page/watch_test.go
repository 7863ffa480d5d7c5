package page

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// watch opens the live view of a server in a tab of its own.
func watch(t *testing.T, browser context.Context, f *fake, before ...step) *openPage {
	t.Helper()
	v := tab(t, browser, f.URL)
	v.run(before...)
	v.run(chromedp.Navigate(f.URL+"/"), chromedp.WaitReady[chromedp.CSS](".tabs"))
	v.js(nil, frames)
	return v
}

// until waits for something to come true on the page, up to half a minute.
func (v *openPage) until(condition string) {
	v.t.Helper()
	var held bool
	v.js(&held, `new Promise((done) => {
		const last = performance.now() + 30000;
		const look = () => (`+condition+`) ? done(true) : performance.now() > last ? done(false) : setTimeout(look, 15);
		look();
	})`)
	if !held {
		v.t.Fatalf("did not come true: %s; the page says %q", condition, v.text("header"))
	}
}

func (v *openPage) text(selector string) (text string) {
	v.t.Helper()
	v.js(&text, `document.querySelector(`+strconv.Quote(selector)+`)?.textContent ?? "(no such element)"`)
	return text
}

// inState waits until the header has the word.
func (v *openPage) inState(state string) {
	v.t.Helper()
	v.until(`document.querySelector(".state").textContent === ` + strconv.Quote(state))
}

// held waits until the charts hold so many intervals and are drawn.
func (v *openPage) held(n int) {
	v.t.Helper()
	v.until(`brunt.charts?.report.intervals.length === ` + strconv.Itoa(n) + ` && brunt.charts.figures.get("throughput").plot?.data[0].length === ` + strconv.Itoa(n+1))
}

// write puts text into a field as keys would.
func (v *openPage) write(id, text string) {
	v.t.Helper()
	v.js(nil, `(() => { const e = document.getElementById(`+strconv.Quote(id)+`); e.focus(); e.value = `+strconv.Quote(text)+`; e.dispatchEvent(new Event("input", { bubbles: true })); })()`)
}

func (v *openPage) press(key string) {
	v.t.Helper()
	v.run(chromedp.KeyEvent(key))
}

func (v *openPage) click(selector string) {
	v.t.Helper()
	v.js(nil, `document.querySelector(`+strconv.Quote(selector)+`).click()`)
}

// forgive drops the complaints that a test provoked: the browser itself logs
// each answer that is an error.
func (v *openPage) forgive(words ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	kept := v.complaints[:0]
	for _, complaint := range v.complaints {
		provoked := false
		for _, word := range words {
			provoked = provoked || strings.Contains(complaint, word)
		}
		if !provoked {
			kept = append(kept, complaint)
		}
	}
	v.complaints = kept
}

// A run from its start to its end, as the person at the page and another one
// who comes later see it.
func TestLiveRun(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	f := newFake(t, story{seconds: 60, rate: 100, names: []string{"short", "long"}}.report("p99<200ms"))
	v := watch(t, browser, f)
	v.inState("idle")
	var first [3]string
	v.js(&first, `[document.activeElement.id, String(document.querySelector(".timeline").offsetHeight), document.querySelector(".outcome").textContent]`)
	if first != [3]string{"load-number", "0", "Ready: press Enter to start, or set the load first."} {
		t.Errorf("the first screen has the focus on, a timeline as high as, and says %q", first)
	}
	v.write("load-number", "250")
	v.write("load-duration", "1 min 30s")
	v.write("load-cap", "64")
	v.click(".payloads label:nth-of-type(2) input")
	v.click("#go")
	v.inState("running")
	if want := `start {"rate_per_s":250,"concurrency":64,"duration_s":90,"requests":null,"warmup_s":0,"timeout_s":60,"payloads":["a.jsonl","b.jsonl"]}`; f.said() != want {
		t.Errorf("the page sent %s, expected %s", f.said(), want)
	}
	if words := v.text("#throughput"); !strings.Contains(words, "Waiting for the first second") {
		t.Errorf("before the first second a chart says %q", words)
	}
	f.step(12)
	v.held(12)
	v.chartsAreDrawn()

	var before int
	v.js(&before, `[...document.querySelectorAll(".charts canvas")].length`)
	v.write("load-number", "400")
	v.press("\r")
	v.until(`brunt.charts.report.changes.length === 1`)
	if f.said() != `change {"rate_per_s":400}` {
		t.Errorf("the page sent %s", f.said())
	}
	f.step(8)
	v.held(20)
	v.marked(11.5)

	// Who comes later has the whole history, and both agree.
	other := watch(t, browser, f)
	other.held(20)
	other.inState("running")
	other.marked(11.5)
	f.step(1)
	for _, page := range []*openPage{v, other} {
		page.held(21)
	}
	if a, b := v.text(".figures"), other.text(".figures"); a != b || !strings.Contains(a, "400/s → ") {
		t.Errorf("one page says %q, another %q", a, b)
	}
	other.click("#go")
	for _, page := range []*openPage{v, other} {
		page.inState("draining")
		page.until(`document.getElementById("go").textContent === "Stopping" && document.getElementById("cut").offsetHeight > 0`)
	}
	if f.said() != `stop {"how":"drain"}` {
		t.Errorf("the page sent %s", f.said())
	}
	v.click("#cut")
	for _, page := range []*openPage{v, other} {
		page.inState("stopped")
		page.until(`document.getElementById("go").textContent === "Start"`)
		page.quiet()
	}
	if f.said() != `stop {"how":"cut"}` {
		t.Errorf("the page sent %s", f.said())
	}
	v.click("#reset")
	v.inState("idle")
	v.until(`document.querySelector(".timeline").offsetHeight === 0`)
	v.quiet()
}

// marked finds the mark of a change on every chart of time.
func (v *openPage) marked(seconds float64) {
	v.t.Helper()
	var lacking []string
	v.js(&lacking, `["throughput", "latency", "load"].filter((id) => {
		const { plot } = brunt.charts.figures.get(id);
		const x = Math.round(plot.valToPos(`+strconv.FormatFloat(seconds, 'f', -1, 64)+`, "x", true));
		const { data } = plot.ctx.getImageData(x, plot.bbox.top + 16, 1, plot.bbox.height - 16);
		const pixels = new Uint32Array(data.buffer);
		return pixels.filter((pixel, i) => i > 0 && pixel !== pixels[i - 1]).length < plot.bbox.height / 8; // it is dashed
	})`)
	if len(lacking) > 0 {
		v.t.Errorf("the change at %g s is not marked on %v", seconds, lacking)
	}
}

// Another kind of load takes another run: this one is stopped, and the other one starts
// by itself once it may.
func TestUsersInPlaceOfARate(t *testing.T) {
	t.Parallel()
	f := newFake(t, story{seconds: 20, rate: 50}.report())
	f.begin()
	f.step(3)
	v := watch(t, newBrowser(t), f)
	v.held(3)
	v.click(`input[name="load-kind"][value="concurrency"]`)
	v.write("load-number", "7")
	v.press("\r")
	v.inState("draining")
	if f.said() != `stop {"how":"drain"}` {
		t.Errorf("the page sent %s", f.said())
	}
	f.turn("interrupted")
	v.inState("running")
	if said := f.said(); !strings.HasPrefix(said, `start {"rate_per_s":null,"concurrency":7,`) {
		t.Errorf("the page sent %s", said)
	}
	v.quiet()
}
