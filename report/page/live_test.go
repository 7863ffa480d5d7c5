package page

import (
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/chromedp"
)

// feed shows the report as it stood after its first seconds, as a live view
// would, one state after the other up to the last.
const feed = `async (first, last) => {
  for (let n = first; n <= last; n++) {
    const newer = structuredClone(brunt.report), extra = structuredClone(brunt.extra);
    newer.state = "running";
    newer.requests.in_flight = n;
    newer.intervals.length = n;
    for (const texts of Object.values(extra.spread)) texts.length = n;
    newer.errors[0].count = n;
    brunt.show(newer, extra);
    await new Promise(n % 10 ? setTimeout : requestAnimationFrame);
  }
}`

// counters are what a page holds after its garbage was collected.
func (v *openPage) counters() memory.GetDOMCountersResult {
	v.t.Helper()
	_, err := chromedp.Call(v.ctx, heapprofiler.CollectGarbage, cdp.Empty{})
	must(err)
	counters, err := chromedp.Call(v.ctx, memory.GetDOMCounters, cdp.Empty{})
	must(err)
	return counters
}

// state is what must outlive newer reports, in one line.
const state = `[
  brunt.charts.range?.map(Math.round), document.querySelectorAll("canvas").length, document.querySelectorAll(".uplot").length,
  [...document.querySelectorAll("#slowest th")].findIndex((th) => th.getAttribute("aria-sort") === "ascending"),
  document.activeElement === kept.button, [...brunt.charts.figures.values()].every((chart, i) => chart.plot === kept.plots[i]),
].join()`

// A live view calls show again and again: nothing piles up, nothing that the
// reader did is undone, and no button is replaced under the pointer.
func TestFiftyNewerReports(t *testing.T) {
	v := open(t, newBrowser(t), story{seconds: 60, rate: 60, names: []string{"short", "long"}}.report("p99<200ms"))
	v.js(nil, "("+feed+")(9, 10)")
	v.js(nil, `(() => {
		const button = document.querySelectorAll("#slowest th button")[2];
		button.focus();
		button.click(); button.click();
		brunt.charts.zoom([2, 8]);
		globalThis.kept = { button, plots: [...brunt.charts.figures.values()].map((chart) => chart.plot) };
	})()`)
	v.js(nil, "("+feed+")(9, 10)")
	var before, after string
	v.js(&before, state)
	started := v.counters()
	v.js(nil, "("+feed+")(11, 60)")
	v.js(&after, state)
	ended := v.counters()
	if before != "2,8,14,4,2,true,true" || after != before {
		t.Errorf("before 50 newer reports the page's state was %s, after them %s", before, after)
	}
	// A few more are the cells of a digit that came in, none is one per report.
	if ended.Nodes > started.Nodes+25 || ended.JsEventListeners > started.JsEventListeners+5 {
		t.Errorf("50 newer reports made %d nodes of %d and %d listeners of %d", ended.Nodes, started.Nodes, ended.JsEventListeners, started.JsEventListeners)
	}
	v.sameRanges(2, 8)
	v.js(nil, `brunt.charts.whole()`)
	v.sameRanges(0, 60)
	v.chartsAreDrawn()
	v.quiet()
}

// A hidden page draws nothing, and the newest once it is looked at.
func TestHiddenPageDrawsNothing(t *testing.T) {
	v := open(t, newBrowser(t), story{seconds: 30, rate: 20}.report())
	hide := func(hidden string) {
		v.js(nil, `(() => {
			Object.defineProperty(document, "hidden", { configurable: true, get: () => `+hidden+` });
			document.dispatchEvent(new Event("visibilitychange"));
		})()`)
	}
	changes := func() (n int) {
		v.js(nil, frames)
		v.js(&n, `changes`)
		return n
	}
	v.js(nil, `(() => {
		globalThis.changes = 0;
		new MutationObserver((list) => (changes += list.length)).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
	})()`)
	hide("true")
	v.js(nil, "("+feed+")(1, 14)")
	if n := changes(); n != 0 {
		t.Errorf("a hidden page changed in %d places", n)
	}
	hide("false")
	if changes() == 0 {
		t.Error("nothing was drawn when the page was looked at")
	}
	var flight string
	v.js(&flight, `document.querySelector('[data-path="requests.in_flight"]').dataset.value`)
	if flight != "14" {
		t.Errorf("the page shows %s in flight, the newest report has 14", flight)
	}
	v.quiet()
}
