package page

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"brunt/payloads/needs"
	"brunt/report"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// openPage is a page in a real browser, and what it complained about.
type openPage struct {
	t    *testing.T
	ctx  context.Context
	file string
	own  string // what addresses of its own begin with

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// chromium is one browser for all tests, each of which opens tabs.
var chromium = struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}{stop: func() {}}

func TestMain(m *testing.M) {
	code := m.Run()
	chromium.stop()
	os.Exit(code)
}

// newBrowser starts Chromium without a network of its own. Where there is none
// the test is skipped, but not in CI, which would then test nothing.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	needs.Time(t)
	path := needs.Program(t, "chromium")
	chromium.once.Do(func() { startBrowser(path) })
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	return chromium.ctx
}

func startBrowser(path string) {
	profile, err := os.MkdirTemp("", "brunt-page-")
	must(err)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("renderer-process-limit", "1"), chromedp.WindowSize(1400, 1000))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, done := chromedp.NewContext(allocated)
	chromium.ctx, chromium.err = ctx, chromedp.Do(ctx)
	chromium.stop = func() {
		done()
		stop()
		_ = os.RemoveAll(profile)
	}
}

// open shows a report in a tab of its own.
func open(t *testing.T, browser context.Context, r *report.Report, before ...step) *openPage {
	t.Helper()
	dir := t.TempDir()
	v := tab(t, browser, "file://"+dir+"/")
	v.file = filepath.Join(dir, "report.html")
	v.run(before...)
	v.load(r)
	return v
}

// load shows a report in the tab that is open.
func (v *openPage) load(r *report.Report) {
	v.t.Helper()
	must(os.WriteFile(v.file, []byte(written(v.t, r)), 0o600))
	v.run(chromedp.Navigate("file://"+v.file), chromedp.WaitReady[chromedp.CSS](".charts"))
	v.js(nil, frames)
}

// tab is an empty one that listens to what happens in it.
func tab(t *testing.T, browser context.Context, own string) *openPage {
	t.Helper()
	v := &openPage{t: t, own: own}
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

// frames waits until what was changed has been drawn.
const frames = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))`

func (v *openPage) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		v.complaints = append(v.complaints, fmt.Sprintf("%s: %s", e.ExceptionDetails.Text, e.ExceptionDetails.Exception.Description))
	case *runtime.EventConsoleAPICalled:
		v.complaints = append(v.complaints, fmt.Sprintf("console.%s: %s", e.Type, e.Args[0].Value))
	case *log.EventEntryAdded:
		v.complaints = append(v.complaints, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		v.requests = append(v.requests, e.Request.URL)
	}
}

// step is an action that has no result.
type step = chromedp.Action[chromedp.Void]

func (v *openPage) run(steps ...step) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

// js evaluates an expression, waits for its promise, and takes the value where
// it is wanted.
func (v *openPage) js(into any, expression string) {
	v.t.Helper()
	if into == nil {
		into = new(bool)
		expression = "Promise.resolve(" + expression + ").then(() => true)"
	}
	text, err := chromedp.Run(v.ctx, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		v.t.Fatalf("%s: %v", expression, err)
	}
}

// quiet holds the page to its word: no error, and nothing fetched but itself.
func (v *openPage) quiet() {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, complaint := range v.complaints {
		v.t.Errorf("the browser complains: %s", complaint)
	}
	for _, url := range v.requests {
		if !strings.HasPrefix(url, v.own) && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
			v.t.Errorf("the page asked for %s", url)
		}
	}
	if len(v.requests) == 0 {
		v.t.Error("no request was seen, not even the page's own")
	}
}
