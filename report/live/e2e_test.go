package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"brunt/report"
)

// The real page in a real browser, served by the real server and engine.
func TestInTheBrowser(t *testing.T) {
	t.Parallel()
	chromium := newChromium(t)
	t.Run("from start to end", func(t *testing.T) { wholeLife(t, chromium) })
	t.Run("interrupted while watched", func(t *testing.T) { interrupted(t, chromium) })
	t.Run("by a link from elsewhere", func(t *testing.T) { linked(t, chromium) })
	t.Run("drained and cut off", func(t *testing.T) { drained(t, chromium) })
	t.Run("left and come back to", func(t *testing.T) { closeTimeout(t, chromium) })
}

// wholeLife is all of it, as a person does it: the page is opened, load is
// started from its form, watched, changed, looked at again after a reload and
// in a second tab, stopped, and taken along.
func wholeLife(t *testing.T, chromium context.Context) {
	results := filepath.Join(t.TempDir(), "run.csv")
	s := newSession(t, endpoint(t), "-p", bodies(t), "--payload-format=request", "--results="+results, "--serve=127.0.0.1:0", "--wait")
	url := s.serve(t)
	v := openTab(t, chromium, url)
	v.inState("idle")
	var opening []float64
	v.js(&opening, `(() => {
		const files = performance.getEntriesByType("resource"), [page] = performance.getEntriesByType("navigation");
		return [performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1, page.loadEventEnd, files.length + 1, page.transferSize + files.reduce((sum, file) => sum + file.transferSize, 0)];
	})()`)
	t.Logf("first paint after %.0f ms, loaded after %.0f ms: %.0f files, %.0f bytes with their headers", opening[0], opening[1], opening[2], opening[3])
	v.write("load-number", "150")
	v.write("load-duration", "10 min")
	v.click("#go")
	v.inState("running")
	v.holds(1)
	var size int
	v.js(&size, `(globalThis.before = `+picture+`).length`)
	if size < 10_000 {
		t.Error("nothing is drawn")
	}
	v.until(picture + ` !== before`)
	v.write("load-number", "300")
	v.do(chromedp.KeyEvent("\r"))
	v.until(`brunt.charts.report.changes.length === 1`)
	v.until(`document.querySelector(".figures").textContent.includes("300/s → ")`)
	v.holds(3)

	v.load(url)
	v.holds(3)
	v.inState("running")
	v.wholeHistory(1)
	other := openTab(t, chromium, url)
	other.holds(4)
	other.wholeHistory(1)
	v.agrees(other)

	other.click("#go")
	for _, tab := range []*tab{v, other} {
		tab.inState("stopped")
		tab.until(`document.getElementById("go").textContent === "Start"`)
	}
	final := fetch(t, url+"api/report")
	if command := fmt.Sprint(at(decoded(final), "command")); !strings.HasSuffix(command, "--rate 150 --duration 10m0s") || strings.Contains(command, "--serve") {
		t.Errorf("to repeat the run it says %s", command)
	}
	for _, tab := range []*tab{v, other} {
		tab.showsAll(final)
		tab.wholeHistory(1)
	}
	v.downloads(t.TempDir(), final)
	v.quiet()
	other.quiet()

	s.interrupt <- os.Interrupt
	<-s.ended
	v.until(`document.getElementById("banner").textContent.startsWith("brunt has ended")`)
	v.showsAll(final)
	if len(s.published) != 1 || !s.published[0].Interrupted {
		t.Errorf("%d reports were published", len(s.published))
	}
}

// interrupted is a run of the command line that is watched: the page has the
// last figures before it says that brunt has ended, at once.
func interrupted(t *testing.T, chromium context.Context) {
	s := newSession(t, endpoint(t), "-r", "100", "-d", "10m", "--serve=127.0.0.1:0")
	v := openTab(t, chromium, s.serve(t))
	v.holds(1)
	s.interrupt <- os.Interrupt
	<-s.ended
	v.until(`document.getElementById("banner").textContent.startsWith("brunt has ended")`)
	var text bytes.Buffer
	must(report.JSON(&text, s.published[0]))
	v.until(`brunt.live.state.view.state === "interrupted"`)
	v.showsAll(text.Bytes())
	v.quiet("ERR_CONNECTION_REFUSED")
}

// holds waits until so many intervals are there and drawn.
func (v *tab) holds(n int) {
	v.t.Helper()
	v.until(`brunt.charts?.report.intervals.length >= ` + strconv.Itoa(n) + ` && brunt.charts.figures.get("throughput").plot?.data[0].length > ` + strconv.Itoa(n))
}

// picture is that of the charts.
const picture = `[...document.querySelectorAll(".charts canvas")].map((canvas) => canvas.toDataURL()).join()`

// wholeHistory holds that the charts begin with the run, have no hole, end
// where it is, and know the changes.
func (v *tab) wholeHistory(changes int) {
	v.t.Helper()
	var broken []string
	v.js(&broken, `(() => {
		const { report } = brunt.charts, { intervals } = report, broken = [];
		const sum = (key) => intervals.reduce((sum, interval) => sum + interval[key], 0);
		if (intervals[0].t_s !== 0) broken.push("begins at " + intervals[0].t_s);
		intervals.forEach((interval, i) => i > 0 && Math.abs(interval.t_s - intervals[i - 1].t_s - intervals[i - 1].width_s) > 0.001 && broken.push("a hole before " + interval.t_s));
		for (const key of ["sent", "succeeded", "failed"]) if (sum(key) !== report.requests[key]) broken.push(key + ": " + sum(key) + " of " + report.requests[key]);
		const { extra, report: newest } = brunt.live.state; // which may be newer than what is drawn
		if (extra.spread.response.length !== newest.intervals.length) broken.push("there are " + extra.spread.response.length + " distributions of " + newest.intervals.length);
		if (report.changes.length !== `+strconv.Itoa(changes)+`) broken.push(report.changes.length + " changes");
		if (brunt.charts.figures.get("latency").plot.data[0].length !== intervals.length + 1) broken.push("not all is drawn");
		return broken;
	})()`)
	for _, what := range broken {
		v.t.Errorf("the page's history: %s", what)
	}
}

// figures are all figures on the page, by what they are in the report.
const figures = `Object.fromEntries([...document.querySelectorAll("[data-path]")].filter((e) => e.dataset.path).map((e) => [e.dataset.path, e.dataset.value]))`

// agrees compares two tabs figure by figure, as soon as both show the same
// moment.
func (v *tab) agrees(other *tab) {
	v.t.Helper()
	var a, b map[string]string
	if !await(func() bool {
		v.js(&a, figures)
		other.js(&b, figures)
		return a["requests.sent"] == b["requests.sent"] && a["elapsed_s"] == b["elapsed_s"]
	}) {
		v.t.Error("two tabs never showed the same moment")
	} else if len(a) < 40 || fmt.Sprint(a) != fmt.Sprint(b) {
		v.t.Errorf("two tabs show %d and %d figures:\n%v\n%v", len(a), len(b), a, b)
	}
}

// showsAll holds every figure of the page against the report.
func (v *tab) showsAll(text []byte) {
	v.t.Helper()
	whole := decoded(text)
	sent, _ := json.Marshal(at(whole, "requests.sent"))
	v.until(`document.querySelector('[data-path="requests.sent"]')?.dataset.value === "` + string(sent) + `" && brunt.live.timer === 0`)
	var shown map[string]string
	v.js(&shown, figures)
	for path, value := range shown {
		if want, _ := json.Marshal(at(whole, path)); string(want) != value {
			v.t.Errorf("%s is %s on the page and %s in the report", path, value, want)
		}
	}
	for _, path := range []string{"latency_ms.response.p99", "latency_ms.service.p50", "requests.failed", "throughput.sent_per_s", "slowest.0.response_ms", "elapsed_s"} {
		if shown[path] == "" {
			v.t.Errorf("%s is not on the page", path)
		}
	}
}

func decoded(text []byte) (value any) {
	must(json.Unmarshal(text, &value))
	return value
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

func fetch(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %.200s", url, resp.Status, err, text)
	}
	return text
}

// linked follows the link with the token from where it was sent, another site's
// page, from which a strict cookie does not come along. The token stays in no
// address, and no request names it as where it came from.
func linked(t *testing.T, chromium context.Context) {
	s := newSession(t, "mock://", "-r", "10", "-d", "10m", "--serve=0.0.0.0:0", "--wait")
	link := s.serve(t)
	_, rest, _ := strings.Cut(link, "://")
	host, query, _ := strings.Cut(rest, "/")
	_, port, _ := strings.Cut(host, ":")
	own := "http://127.0.0.2:" + port + "/"
	mail := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><a href="%s%s">the test</a>`, own, query)
	}))
	defer mail.Close()
	v := newTab(t, chromium, own)
	v.do(chromedp.Navigate(mail.URL))
	v.requests = nil
	v.do(chromedp.Click[chromedp.CSS]("a"), chromedp.WaitReady[chromedp.CSS](".tabs"))
	v.inState("idle")
	var where []string
	v.js(&where, `[location.href, document.referrer, document.getElementById("go").textContent]`)
	if where[0] != own || where[1] != "" || where[2] != "Start" {
		t.Errorf("the page is at %q, coming from %q, and offers %q", where[0], where[1], where[2])
	}
	v.do(chromedp.Reload(), chromedp.WaitReady[chromedp.CSS](".tabs"))
	v.inState("idle")
	v.quiet()
	for _, from := range v.referrers {
		if !strings.HasPrefix(from, mail.URL) {
			t.Errorf("a request says that it comes from %s", from)
		}
	}
	s.interrupt <- os.Interrupt
	<-s.ended
}

// closeTimeout goes to the page and away from it more often than a browser allows
// connections to one server, and back: none is kept.
func closeTimeout(t *testing.T, chromium context.Context) {
	s := newSession(t, "mock://", "-r", "10", "-d", "10m", "--serve=127.0.0.1:0", "--wait")
	v := openTab(t, chromium, s.serve(t))
	for range 7 {
		v.do(chromedp.Navigate("about:blank"))
		v.load(v.own)
		v.inState("idle")
	}
	v.do(chromedp.Navigate("about:blank"))
	var gone bool
	v.js(&gone, `(setTimeout(() => history.back(), 20), true)`) // not at once: the answer would go with the page
	await(func() bool {                                         // no event tells of a page that the browser had kept
		text, err := chromedp.Run(v.ctx, chromedp.Evaluate[[]byte](`document.querySelector(".tabs") !== null`))
		return err == nil && string(text) == "true"
	})
	v.inState("idle")
	v.until(`brunt.live.link.state === "open" && brunt.live.link.source.readyState === EventSource.OPEN`)
	s.interrupt <- os.Interrupt
	<-s.ended
}
