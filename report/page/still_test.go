package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// places are where the parts of strip and controls stand, and what lies below them.
const places = `[".headline", ".answers", ".outcome", ".figures", ".c-scope", ".c-rate", ".c-flight", ".c-times", ".c-failed", ".c-time", ".rules", ".control", ".kinds", "#load-number", ".slider", "#load-duration", "#go", ".apply", "#reset", "#more"].map((name) => {
	const { left, top, width, height } = document.querySelector(name).getBoundingClientRect();
	return name + " " + [left, top, width, height].map(Math.round).join();
})`

// Over a whole run nothing moves in the strip and the controls, whatever is said in
// them; and what lies below the strip stays where it is, too.
func TestNothingMoves(t *testing.T) {
	t.Parallel()
	r := story{seconds: 60, rate: 200, names: []string{"short", "long"}}.report("p99<200ms", "failed<0.1%")
	f := newFake(t, r)
	v := watch(t, newBrowser(t), f)
	var first, now []string
	var lanes, below float64
	v.js(&first, places)
	still := func(when string) {
		t.Helper()
		v.js(nil, frames)
		v.js(&now, places)
		for i := range first {
			if now[i] != first[i] {
				t.Errorf("%s: %s, before %s", when, now[i], first[i])
			}
		}
	}
	timeline := func(when string) {
		t.Helper()
		v.js(&below, `document.querySelector(".timeline").getBoundingClientRect().top`)
		if lanes == 0 {
			lanes = below
		}
		if below != lanes {
			t.Errorf("%s: the timeline begins at %g, before at %g", when, below, lanes)
		}
	}
	v.press("\r") // the form has the focus
	v.inState("running")
	still("as it began")
	for _, n := range []int{1, 9, 20, 25} {
		f.step(n)
		v.until(fmt.Sprintf(`brunt.charts?.report.intervals.length === %d`, f.at))
		still(fmt.Sprintf("after %d s", f.at))
		timeline(fmt.Sprintf("after %d s", f.at))
	}
	v.write("load-number", "abc")
	v.press("\r")
	v.until(`document.getElementById("wrong-number").textContent === "“abc” is not a rate: write 10, 500/s or 90/m"`)
	still("with a wrong value")
	v.write("load-number", "90/m")
	v.press("\r")
	v.until(`brunt.charts.report.changes.length === 1`)
	if f.said() != `change {"rate_per_s":1.5}` {
		t.Errorf("the page sent %s", f.said())
	}
	still("with another load")
	timeline("with another load")
	v.drag("latency", 0.3, 0.6)
	still("with a stretch selected")
	v.js(nil, `scrollTo(0, 0)`)
	v.click("#go")
	v.inState("draining")
	still("while draining")
	f.turn("interrupted")
	v.inState("stopped")
	still("once stopped")
	f.cut("hang")
	v.until(`!document.getElementById("banner").hidden`)
	still("without its server")
	v.forgive("net::ERR")
	v.quiet()
}

// hand counts what a person does.
type hand struct {
	*openPage
	clicks, keys int
}

func (h *hand) hit(selector string) {
	h.t.Helper()
	h.clicks++
	h.until(`document.querySelector('` + selector + `')?.offsetHeight > 0`)
	h.click(selector)
}

func (h *hand) types(keys ...string) {
	h.t.Helper()
	for _, key := range keys {
		h.keys++
		h.press(key)
	}
}

// done says how often both were used, and begins anew.
func (h *hand) done() (clicks, keys int) {
	clicks, keys = h.clicks, h.keys
	h.clicks, h.keys = 0, 0
	return clicks, keys
}

// What people come for takes no more clicks and keystrokes than on Locust's page, whose
// counts were taken on version 2.12.1 of it: its form is focused, too, and filled in once
// a host was given on the command line, as a target is here.
func TestTasksTakeFewSteps(t *testing.T) {
	t.Parallel()
	f := newFake(t, story{seconds: 60, rate: 100, names: []string{"short", "long"}}.report())
	f.keepRun(story{seconds: 20, rate: 50, calm: true}.report())
	f.keepRun(story{seconds: 60, rate: 100, names: []string{"short", "long"}}.report())
	f.run, f.at, f.state = 0, 0, "idle"
	h := &hand{openPage: watch(t, newBrowser(t), f)}
	atMost := func(task string, clicks, keys int) {
		t.Helper()
		c, k := h.done()
		t.Logf("%s: %d clicks, %d keystrokes; on Locust's page %d and %d", task, c, k, clicks, keys)
		if c+k > clicks+keys {
			t.Errorf("%s took %d clicks and %d keystrokes", task, c, k)
		}
	}
	h.types("\r")
	h.inState("running")
	atMost("start a first run", 0, 1)
	f.step(60)
	h.held(60)

	h.types("/", "2", "0", "0", "\r")
	h.until(`brunt.live.state.view.load.rate_per_s === 200`)
	atMost("change the load to 200", 1, 4)

	h.hit("#tab-failed")
	if words := h.text("#failure-kinds tbody"); !strings.Contains(words, "too many concurrent requests") {
		t.Errorf("the failures say %q", words)
	}
	atMost("find why requests failed", 1, 0)

	h.openPage.click("#tab-by-name")
	h.done()
	if words := h.text("#names tbody"); !strings.Contains(words, "short") {
		t.Errorf("by name it says %q", words)
	}
	h.run(chromedp.EmulateViewport(1440, 900))
	h.js(nil, frames)
	var top float64
	h.js(&top, `document.querySelector("#names tbody").getBoundingClientRect().top`)
	if top > 880 {
		t.Errorf("the names begin at %g px of 900", top)
	}
	atMost("find p99 of a name", 0, 0)

	h.hit("#tab-runs")
	h.hit(`[data-run="1"]`)
	h.hit(`[data-run="2"]`)
	h.until(`document.querySelector("#overlaid canvas") !== null`)
	if c, k := h.done(); c+k > 3 { // which Locust's page cannot
		t.Errorf("comparing two runs took %d clicks and %d keystrokes", c, k)
	}

	h.hit("#tab-downloads")
	if got := h.text(`.downloads a[href="download/report.html"]`); got != "HTML report" {
		t.Errorf("the report is called %q", got)
	}
	h.clicks++ // on that link
	atMost("share a run", 2, 0)
	h.quiet()
}
