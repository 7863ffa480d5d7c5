package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"brunt/report"
	"brunt/report/format"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var chartIDs = []string{"throughput", "latency", "load"}

func TestPageInABrowser(t *testing.T) {
	chromium := newBrowser(t)
	r := story{seconds: 120, rate: 200, names: []string{"short", "long", "chat"}}.report("p99<200ms", "failed<0.1%", "succeeded_per_s>100")
	v := open(t, chromium, r)
	t.Run("charts are drawn", func(t *testing.T) { v.t = t; v.chartsAreDrawn() })
	t.Run("figures are the report's", func(t *testing.T) { v.t = t; v.figuresAreTheReports(r) })
	t.Run("words are the text report's", func(t *testing.T) { v.t = t; v.wordsAreTheTexts() })
	t.Run("cursor is shared", func(t *testing.T) { v.t = t; v.cursorIsShared() })
	t.Run("a stretch is selected", func(t *testing.T) { v.t = t; v.stretchIsSelected() })
	t.Run("keys", func(t *testing.T) { v.t = t; v.keysWork() })
	t.Run("service switch", func(t *testing.T) { v.t = t; v.serviceSwitch() })
	t.Run("tables sort", func(t *testing.T) { v.t = t; v.tablesSort() })
	t.Run("a newer report", func(t *testing.T) { v.t = t; v.newerReport() })
	t.Run("download", func(t *testing.T) { v.t = t; v.downloadIsTheJSON(r) })
	v.t = t
	v.quiet()
}

// inked counts a canvas's pixels that are not transparent, within the plot's
// own area, so that axes alone do not count.
const inked = `(id) => {
  const plot = brunt.charts.figures.get(id).plot;
  const { left, top, width, height } = plot.bbox;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(plot.ctx.canvas, -left, -top);
  const pixels = copy.getImageData(0, 0, width, height).data;
  const colours = new Set();
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 0) colours.add(pixels[i] + "," + pixels[i + 1] + "," + pixels[i + 2]);
  return colours.size;
}`

func (v *openPage) chartsAreDrawn() {
	for _, id := range chartIDs {
		v.chartIsDrawn(id)
	}
}

func (v *openPage) chartIsDrawn(id string) {
	var colours int
	v.js(&colours, "("+inked+")("+strconv.Quote(id)+")")
	// The grid has one colour; data add more.
	if colours < 2 {
		v.t.Errorf("chart %s has %d colours in its plot", id, colours)
	}
}

func (v *openPage) figuresAreTheReports(r *report.Report) {
	var b bytes.Buffer
	must(report.JSON(&b, r))
	var whole any
	must(json.Unmarshal(b.Bytes(), &whole))
	var shown []struct{ Path, Value string }
	v.js(&shown, `[...document.querySelectorAll("[data-path]")].filter((e) => e.dataset.path).map((e) => ({Path: e.dataset.path, Value: e.dataset.value}))`)
	seen := map[string]bool{}
	for _, s := range shown {
		seen[s.Path] = true
		var got any
		must(json.Unmarshal([]byte(s.Value), &got))
		if want := at(whole, s.Path); fmt.Sprint(got) != fmt.Sprint(want) {
			v.t.Errorf("%s is %v on the page and %v in the JSON", s.Path, got, want)
		}
	}
	for _, path := range []string{"latency_ms.response.p99", "latency_ms.service.p99_9", "lateness_ms.p99", "requests.failed", "throughput.sent_per_s", "names.1.latency_ms.response.p50", "slowest.0.response_ms"} {
		if !seen[path] {
			v.t.Errorf("%s is not on the page", path)
		}
	}
}

func at(value any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch holder := value.(type) {
		case map[string]any:
			value = holder[key]
		case []any:
			i, err := strconv.Atoi(key)
			must(err)
			value = holder[i]
		}
	}
	return value
}

// The page and the text report write each figure the same way, but for the
// thin space of thousands.
func (v *openPage) wordsAreTheTexts() {
	figures := []float64{0, 0.0004, 0.0005, 0.00994, 0.00995, 0.125, 0.994, 0.995, 1, 1.005, 2.125, 9.994, 9.995, 12.25, 12.35, 99.94, 99.95, 100.5, 101.5, 143.2, 999.4, 999.5, 1200, 61234, 3.6e6}
	list, err := json.Marshal(figures)
	must(err)
	var got [][]string
	v.js(&got, string(list)+`.map((x) => [brunt.format.formatMS(x), brunt.format.formatRate(x), brunt.format.formatShare(Math.min(x, 100)), brunt.format.formatCount(Math.floor(x))])`)
	for i, x := range figures {
		want := []string{format.Duration(time.Duration(x * 1e6)), format.Rate(x), format.Share(min(x, 100)), format.Count(uint64(x))}
		if strings.ReplaceAll(fmt.Sprint(got[i]), "\u202f", ",") != fmt.Sprint(want) {
			v.t.Errorf("%v is %q on the page and %q in the text", x, got[i], want)
		}
	}
}

// place is the middle of a chart's plot and its width, in the window.
func (v *openPage) place(id string) (x, y, width float64) {
	var box []float64
	v.js(&box, `(() => { const e = document.querySelector("#`+id+` .u-over"); e.scrollIntoView({block: "center"}); const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2, b.width]; })()`)
	return box[0], box[1], box[2]
}

func (v *openPage) cursorIsShared() {
	x, y, width := v.place("throughput")
	v.run(chromedp.MouseEvent(chromedp.MouseMoved, x-width/5, y), chromedp.MouseEvent(chromedp.MouseMoved, x-width/4, y))
	v.js(nil, frames)
	var at []int
	v.js(&at, `["throughput", "latency", "load"].map((id) => brunt.charts.figures.get(id).plot.cursor.idx ?? -1)`)
	for _, i := range at {
		if i < 10 || i != at[0] {
			v.t.Fatalf("the charts' cursors are at %v", at)
		}
	}
	var words string
	v.js(&words, `document.querySelector("#latency .legend").textContent`)
	if !strings.Contains(words, "at ") || !strings.Contains(words, " ms") {
		v.t.Errorf("the legend says %q", words)
	}
}

const ranges = `["throughput", "latency", "load"].map((id) => { const x = brunt.charts.figures.get(id).plot.scales.x; return [x.min, x.max]; })`

func (v *openPage) sameRanges(from, to float64) {
	v.t.Helper()
	v.js(nil, frames)
	var got [][2]float64
	v.js(&got, ranges)
	for i, x := range got {
		if x != got[0] || x[0] < from || x[1] > to {
			v.t.Errorf("chart %d of %v shows other than %g to %g s", i, got, from, to)
		}
	}
}

// drag presses the mouse at one place of a lane and lets go at another, both as
// shares of its width.
func (v *openPage) drag(id string, from, to float64) {
	v.t.Helper()
	x, y, width := v.place(id)
	at := func(share float64) float64 { return x + width*(share-0.5) }
	mouse := func(kind input.DispatchMouseEventType, x float64) step {
		return chromedp.MouseEvent(kind, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1))
	}
	v.run(mouse(chromedp.MousePressed, at(from)), mouse(chromedp.MouseMoved, at((from+to)/2)), mouse(chromedp.MouseMoved, at(to)), mouse(chromedp.MouseReleased, at(to)))
	v.js(nil, frames)
}

// selection is what is selected, in seconds; nil for nothing.
func (v *openPage) selection() (range_ []float64) {
	v.t.Helper()
	v.js(&range_, `brunt.charts.selection`)
	return range_
}

// A drag selects whole intervals, and a button zooms into them; a double-click shows
// the whole run again.
func (v *openPage) stretchIsSelected() {
	v.drag("latency", 0.25, 0.625)
	if got := v.selection(); len(got) != 2 || got[0] != 30 || got[1] != 75 {
		v.t.Errorf("a drag from 30 s to 75 s selected %v", got)
	}
	v.sameRanges(0, 120)
	v.click("#zoom-in")
	v.sameRanges(30, 75)
	x, y, _ := v.place("latency")
	press := func(kind input.DispatchMouseEventType, clicks int) step {
		return chromedp.MouseEvent(kind, x, y, chromedp.ButtonLeft, chromedp.ClickCount(clicks))
	}
	v.run(press(chromedp.MousePressed, 1), press(chromedp.MouseReleased, 1), press(chromedp.MousePressed, 2), press(chromedp.MouseReleased, 2))
	v.sameRanges(0, 120)
	if got := v.selection(); got != nil {
		v.t.Errorf("a double-click left %v selected", got)
	}
}

func (v *openPage) keysWork() {
	v.run(chromedp.Focus[chromedp.CSS]("#load .space"))
	v.run(chromedp.KeyEvent("\ue012"), chromedp.KeyEvent("+"), chromedp.KeyEvent("+")) // ArrowLeft
	v.sameRanges(0, 119)
	v.run(chromedp.KeyEvent("0"))
	v.sameRanges(0, 120)
	v.run(chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(chromedp.ModifierShift)), chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(chromedp.ModifierShift)))
	if got := v.selection(); len(got) != 2 || got[1]-got[0] != 2 {
		v.t.Fatalf("Shift and two arrow keys selected %v", got)
	}
	v.run(chromedp.KeyEvent("\r"))
	got := v.selection()
	v.sameRanges(got[0], got[1])
	v.run(chromedp.KeyEvent("0"))
	v.sameRanges(0, 120)
}

func (v *openPage) serviceSwitch() {
	v.run(chromedp.Click[chromedp.CSS](`#measure input[value="service"]`))
	v.js(nil, frames)
	var title string
	v.js(&title, `document.querySelector("#latency h3").textContent`)
	if title != "Service time" {
		v.t.Errorf("the chart is called %q", title)
	}
	v.chartsAreDrawn()
	v.run(chromedp.Click[chromedp.CSS](`#measure input[value="response"]`))
}

func (v *openPage) tablesSort() {
	column := func() (values []float64) {
		v.js(&values, `[...document.querySelectorAll("#slowest tbody tr")].map((tr) => Number(tr.children[1].querySelector("[data-value]").dataset.value))`)
		return values
	}
	before := column()
	v.js(nil, `document.querySelectorAll("#slowest th button")[1].focus()`)
	v.run(chromedp.KeyEvent("\r")) // it was sorted downwards
	after := column()
	if len(before) < 2 || after[0] != before[len(before)-1] || after[len(after)-1] != before[0] {
		v.t.Errorf("sorted %v to %v", before, after)
	}
	var sorted string
	v.js(&sorted, `[...document.querySelectorAll("#slowest th")].map((th) => th.getAttribute("aria-sort") || "").join()`)
	if sorted != ",ascending,,,," {
		v.t.Errorf("aria-sort is %q", sorted)
	}
}

// A live view feeds the same page again and again.
func (v *openPage) newerReport() {
	v.js(nil, `(() => {
		const newer = structuredClone(brunt.report);
		newer.state = "running";
		newer.requests.in_flight = 17;
		newer.intervals = newer.intervals.slice(0, 60);
		brunt.show(newer, brunt.extra);
	})()`)
	v.js(nil, frames)
	var said string
	v.js(&said, `document.querySelector(".state").textContent + " " + document.querySelector(".figures").textContent`)
	if !strings.HasPrefix(said, "running") || !strings.Contains(said, "17") {
		v.t.Errorf("the header says %q", said)
	}
	v.sameRanges(0, 60)
	v.chartsAreDrawn()
	v.js(nil, `brunt.show(brunt.report, brunt.extra)`)
	v.js(nil, frames)
	v.sameRanges(0, 120)
}

func (v *openPage) downloadIsTheJSON(r *report.Report) {
	dir := v.t.TempDir()
	done := make(chan string, 1)
	must(chromedp.ListenBrowser(v.ctx, func(event any) {
		if e, ok := event.(*browser.EventDownloadProgress); ok && e.State == browser.DownloadProgressStateCompleted {
			done <- e.GUID
		}
	}))
	_, err := chromedp.CallBrowser(v.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: new(true)})
	must(err)
	v.run(chromedp.Click[chromedp.CSS]("#download"))
	select {
	case name := <-done:
		got, err := os.ReadFile(filepath.Join(dir, name))
		must(err)
		var want bytes.Buffer
		must(report.JSON(&want, r))
		if !bytes.Equal(got, want.Bytes()) {
			v.t.Errorf("downloaded %d bytes, not the %d bytes of the JSON", len(got), want.Len())
		}
	case <-time.After(2 * time.Minute):
		v.t.Fatal("no download within 10 s")
	}
}
