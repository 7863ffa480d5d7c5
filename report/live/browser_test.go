package live_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/payloads/needs"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// newChromium starts a browser that ends with the test. Where there is none the
// test is skipped, but not in CI, which would then test nothing.
func newChromium(t *testing.T) context.Context {
	t.Helper()
	needs.Time(t)
	path := needs.Program(t, "chromium")
	profile, err := os.MkdirTemp("", "brunt-live-")
	must(err)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.UserDataDir(profile), chromedp.WindowSize(1400, 1000), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, done := chromedp.NewContext(allocated)
	t.Cleanup(func() { done(); stop(); _ = os.RemoveAll(profile) })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// tab is a page in the browser, with what it complained about and asked for.
type tab struct {
	t   *testing.T
	ctx context.Context
	own string // what its own addresses begin with

	mu        sync.Mutex
	complains []string
	requests  []string
	referrers []string
}

func openTab(t *testing.T, browser context.Context, url string) *tab {
	t.Helper()
	v := newTab(t, browser, url)
	v.load(url)
	return v
}

// newTab is an empty one.
func newTab(t *testing.T, browser context.Context, own string) *tab {
	t.Helper()
	v := &tab{t: t, own: own}
	ctx, done := chromedp.NewContext(browser)
	must(chromedp.Do(ctx))
	limited, late := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(func() { late(); done() })
	v.ctx = limited
	must(chromedp.Listen(ctx, v.hear))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	must(err)
	_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	must(err)
	return v
}

func (v *tab) load(url string) {
	v.t.Helper()
	v.do(chromedp.Navigate(url), chromedp.WaitReady[chromedp.CSS](".tabs"))
}

func (v *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

func (v *tab) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		v.complains = append(v.complains, e.ExceptionDetails.Text+": "+e.ExceptionDetails.Exception.Description)
	case *runtime.EventConsoleAPICalled:
		v.complains = append(v.complains, "console."+string(e.Type))
	case *log.EventEntryAdded:
		v.complains = append(v.complains, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		v.requests = append(v.requests, e.Request.URL)
		if from, sent := e.Request.Headers["Referer"].(string); sent && from != "" {
			v.referrers = append(v.referrers, from)
		}
	}
}

// js takes the value of an expression, once its promise is kept.
func (v *tab) js(into any, expression string) {
	v.t.Helper()
	text, err := chromedp.Run(v.ctx, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		v.t.Fatalf("%s: %v", expression, err)
	}
}

// until waits for something to come true on the page.
func (v *tab) until(condition string) {
	v.t.Helper()
	var held bool
	v.js(&held, `new Promise((done) => {
		const last = performance.now() + 15000;
		const look = () => (`+condition+`) ? done(true) : performance.now() > last ? done(false) : setTimeout(look, 15);
		look();
	})`)
	if !held {
		var words string
		v.js(&words, `document.body.innerText.slice(0, 600)`)
		v.t.Fatalf("did not come true: %s; the page says %q", condition, words)
	}
}

// await looks until there is what it looks for; false where that does not come.
func await(found func() bool) bool {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for end := time.After(2 * time.Minute); !found(); {
		select {
		case <-look.C:
		case <-end:
			return false
		}
	}
	return true
}

func (v *tab) click(selector string) {
	v.t.Helper()
	var done bool
	v.js(&done, `(document.querySelector(`+quoted(selector)+`).click(), true)`)
}

// write puts text into a field as keys would.
func (v *tab) write(id, text string) {
	v.t.Helper()
	var done bool
	v.js(&done, `(() => { const e = document.getElementById(`+quoted(id)+`); e.focus(); e.value = `+quoted(text)+`; return e.dispatchEvent(new Event("input", { bubbles: true })); })()`)
}

func (v *tab) inState(word string) {
	v.t.Helper()
	v.until(`document.querySelector(".state").textContent === ` + quoted(word))
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	must(err)
	return string(text)
}

// quiet holds that the console is silent, and that nothing but the page's own
// files was asked for. What the test provoked is forgiven.
func (v *tab) quiet(provoked ...string) {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, text := range v.complains {
		if !slices.ContainsFunc(provoked, func(p string) bool { return strings.Contains(text, p) }) {
			v.t.Errorf("the browser complains: %s", text)
		}
	}
	for _, url := range v.requests {
		if !strings.HasPrefix(url, v.own) && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
			v.t.Errorf("the page asked for %s", url)
		}
	}
	if len(v.requests) < 5 {
		v.t.Errorf("%d requests were seen", len(v.requests))
	}
}
