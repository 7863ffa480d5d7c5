package live_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"brunt/report/rules"
)

// holding answers each second request at once, up to 50 of them, which is too few
// for a p99, and holds on to the others.
func holding(t *testing.T) string {
	t.Helper()
	release := make(chan struct{})
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if i := n.Add(1); i%2 == 0 || i > 100 {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(func() { close(release); server.Close() })
	return server.URL
}

// drained is a run that is stopped while replies are owed: the page says so, also
// after it was loaded anew, and another button then cuts them off, which a key leads to.
// What it says of the objectives while they cannot be told is not that they are
// broken.
func drained(t *testing.T, chromium context.Context) {
	s := newSession(t, holding(t), "-r", "20", "-d", "10m", "--serve=127.0.0.1:0", "--wait")
	var err error
	s.Rules, err = rules.ParseAll([]string{"p99<1h"})
	must(err)
	url := s.serve(t)
	v := openTab(t, chromium, url)
	v.inState("idle")
	v.click("#go")
	v.inState("running")
	v.holds(1)
	v.until(`document.querySelector(".lights .open strong")?.textContent === "not yet known" && !/broken/.test(document.querySelector(".outcome")?.textContent)`)
	const button = `document.getElementById("go").textContent`
	v.click("#go")
	v.inState("draining")
	v.until(button + ` === "Stopping" && document.getElementById("cut").offsetHeight > 0`)
	for range 2 {
		v.until(`/^[1-9]\d* repl(y|ies) to come$/.test(document.querySelector(".figures > div:last-child .below").textContent)`)
		v.until(`document.getElementById("load-number").readOnly`)
		v.load(url)
		v.inState("draining")
		v.until(button + ` === "Stopping" && document.getElementById("cut").offsetHeight > 0`)
	}
	v.until(`document.hasFocus() && document.readyState === "complete"`) // or the key is nobody's
	v.do(chromedp.KeyEvent("s"), chromedp.KeyEvent("\r"))
	v.inState("stopped")
	v.until(button + ` === "Start"`)
	final := fetch(t, url+"api/report")
	v.showsAll(final)
	if cut := fmt.Sprint(at(decoded(final), "requests.cut_off")); cut == "0" {
		t.Error("nothing was cut off")
	}
	var log string
	v.js(&log, `brunt.live.state.view.log.map((line) => line.text).join("|")`)
	if !strings.Contains(log, "stopped from the page|cut off from the page|run 1 ended before its plan's end") {
		t.Errorf("the log says %s", log)
	}
	v.quiet()
	s.interrupt <- os.Interrupt
	<-s.ended
}
