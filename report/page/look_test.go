package page

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"brunt/report"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var phone = chromedp.EmulateViewport(390, 844, chromedp.EmulateScale(2), chromedp.EmulateMobile)

func scheme(value string) step {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}}})
		return err
	})
}

// The page follows the system's theme, and a choice overrules it.
func TestThemes(t *testing.T) {
	v := open(t, newBrowser(t), story{seconds: 20, rate: 50}.report(), scheme("dark"))
	ground := func() (colour string) {
		v.js(&colour, `getComputedStyle(document.documentElement).backgroundColor`)
		return colour
	}
	dark := ground()
	v.js(nil, `(() => { const theme = document.getElementById("theme"); theme.value = "light"; theme.dispatchEvent(new Event("change")); })()`)
	light := ground()
	v.js(nil, `localStorage.clear()`)
	if dark == light || light != "rgb(255, 255, 255)" {
		t.Errorf("the ground is %s in dark and %s in light", dark, light)
	}
	v.quiet()
}

// On a phone the charts stand in one column and nothing sticks out.
func TestPhone(t *testing.T) {
	v := open(t, newBrowser(t), hostile(), phone)
	for _, name := range []string{"hostile", "ordinary"} {
		if name == "ordinary" {
			v.load(story{seconds: 60, rate: 50}.report("p99<200ms"))
		}
		var widths []float64
		v.js(&widths, `[document.documentElement.scrollWidth, new Set([...document.querySelectorAll(".chart")].map((e) => e.getBoundingClientRect().left)).size, document.querySelector(".strip").offsetHeight]`)
		if widths[0] > 390 || widths[1] != 1 || widths[2] > 330 {
			t.Errorf("%s: %g px wide, %g columns of charts, a header %g px high", name, widths[0], widths[1], widths[2])
		}
		var places float64
		v.js(&places, `new Set([...document.querySelectorAll(".lanes .u-over")].map((e) => { const b = e.getBoundingClientRect(); return b.left + " " + b.right; })).size`)
		if places != 1 {
			t.Errorf("%s: one instant stands at %g places in the lanes", name, places)
		}
		v.quiet()
	}
}

// Paper is always light, and two sheets of it do.
func TestPrint(t *testing.T) {
	r := story{seconds: 120, rate: 100, names: []string{"short", "long"}}.report("p99<200ms")
	v := open(t, newBrowser(t), r, scheme("dark"))
	pdf, err := chromedp.Run(v.ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPaper(chromedp.PaperA4)))
	must(err)
	if sheets := len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(pdf, -1)); sheets < 1 || sheets > 2 {
		t.Errorf("printed on %d sheets", sheets)
	}
	v.js(nil, `dispatchEvent(new Event("beforeprint"))`)
	v.js(nil, frames)
	var theme string
	v.js(&theme, `document.documentElement.dataset.theme + " " + brunt.charts.figures.get("latency").plot.width`)
	if theme != "light 700" {
		t.Errorf("before printing, theme and width are %s", theme)
	}
	v.js(nil, `dispatchEvent(new Event("afterprint"))`)
	v.js(nil, frames)
	v.js(&theme, `document.documentElement.dataset.theme`)
	if theme != "dark" {
		t.Errorf("after printing, the theme is %s", theme)
	}
	v.quiet()
}

// Long tables are cut, and say by how much; sorting goes over all rows.
func TestTablesAreBounded(t *testing.T) {
	r := story{seconds: 1, rate: 5}.report()
	for i := range 600 {
		name := r.Names[0]
		name.Name, name.Requests.Sent = fmt.Sprintf("name %03d", i), uint64(i)
		r.Names = append(r.Names, name)
	}
	v := open(t, newBrowser(t), r)
	var rows []string
	read := func() {
		v.js(&rows, `[...document.querySelectorAll("#names tbody tr")].map((tr) => tr.firstChild.textContent).concat(document.querySelector("#names .left-out").textContent)`)
	}
	read()
	if len(rows) != 501 || rows[0] != "name 599" || !strings.HasPrefix(rows[500], "101 more rows are left out") {
		t.Fatalf("%d rows, the first is %q, the note %q", len(rows)-1, rows[0], rows[len(rows)-1])
	}
	v.js(nil, `document.querySelector("#names th button").click()`)
	read()
	if rows[0] != "chat" || rows[1] != "name 000" {
		t.Errorf("sorted by name, the rows start with %q", rows[:2])
	}
	v.quiet()
}

// Whatever is empty in a report, the page does not stumble over it.
func TestReportsWithGaps(t *testing.T) {
	r := story{seconds: 6, rate: 50}.report()
	r.Plan.RatePerS, r.Plan.DurationS, r.Target.Endpoint = nil, nil, nil
	r.Intervals = append(r.Intervals[:2], r.Intervals[4:]...)
	r.State, r.Interrupted = "draining", true
	model := 12.5
	r.ServedModels = []report.ServedModel{{Name: "v3", Count: 7, P99: &model}, {Name: "v4", Count: 9}}
	v := open(t, newBrowser(t), r)
	var text string
	v.js(&text, `document.getElementById("app").textContent`)
	for _, want := range []string{"stopped", "several loads", "served model"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	var gap bool
	v.js(&gap, `brunt.charts.figures.get("load").spec.data[1][2] === null`)
	if !gap {
		t.Error("missing intervals are not a gap in the charts")
	}
	var b bytes.Buffer
	must(report.JSON(&b, r))
	var original string
	v.js(&original, `brunt.original()`)
	if original != b.String() {
		t.Error("the JSON differs")
	}
	v.quiet()
}
