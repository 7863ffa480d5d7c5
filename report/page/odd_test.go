package page

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/payloads/setting"
	"brunt/report"
	"brunt/report/merge"
)

// What a run or its endpoint wrote is text on the page, whatever it is.
func TestHostileTextStaysText(t *testing.T) {
	chromium := newBrowser(t)
	r := hostile()
	v := open(t, chromium, r)
	var found struct {
		Images, Scripts, Handlers int
		Text, Original            string
		Wider                     bool
	}
	v.js(&found, `({
		Images: document.querySelectorAll("img, iframe, object, svg").length,
		Scripts: document.querySelectorAll("script").length,
		Handlers: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
		Text: document.getElementById("app").textContent,
		Original: brunt.original(),
		Wider: document.documentElement.scrollWidth > innerWidth,
	})`)
	if found.Images != 0 || found.Scripts != 4 || found.Handlers != 0 {
		t.Errorf("%d images, %d scripts (expected 4), %d handlers", found.Images, found.Scripts, found.Handlers)
	}
	if !strings.Contains(found.Text, `</script><img src=x onerror=alert(1)>\x1b[31m\r\n\t\u202eevil\u2066\x00"'\ & &amp;`) {
		t.Error("the nasty text is not shown with its unseen characters as escapes")
	}
	if strings.ContainsAny(found.Text, "\u202e\u2066\x1b\x00") {
		t.Error("unseen characters are on the page as they are")
	}
	if found.Wider {
		t.Error("the page is wider than its window")
	}
	var want bytes.Buffer
	must(report.JSON(&want, r))
	if found.Original != want.String() {
		t.Error("the JSON taken back from the page is not what report.JSON writes")
	}
	v.run(chromedp.Click[chromedp.CSS]("button.more"))
	v.quiet()
}

// States without data are designed too.
func TestPagesWithLittleToShow(t *testing.T) {
	chromium := newBrowser(t)
	var b bytes.Buffer
	must(report.JSON(&b, story{seconds: 20, rate: 50}.report()))
	read, err := report.Read(&b, "report.json")
	must(err)
	merged, err := merge.Reports([]*report.Report{story{seconds: 20, rate: 50}.report(), story{seconds: 20, rate: 50}.report()})
	must(err)
	v := open(t, chromium, read)
	nothing := report.From(story{rate: 1}.meta(), &result.Snapshot{State: result.Starting})
	for name, scene := range map[string]struct {
		r     *report.Report
		words string
	}{
		"read from JSON": {read, "Response time"},
		"merged":         {merged, "ercentiles of intervals cannot be merged"},
		"one second":     {story{seconds: 1, rate: 5, calm: true}.report(), "too few samples"},
		"nothing yet":    {nothing, "Nothing was measured yet"},
		"nothing sent":   {unsent(), "Nothing was sent."},
		"all failed":     {allFailed(), "No request succeeded, so there are no response times."},
	} {
		t.Run(name, func(t *testing.T) {
			v.t = t
			v.load(scene.r)
			var text string
			v.js(&text, `document.getElementById("app").textContent`)
			if !strings.Contains(text, scene.words) {
				t.Errorf("the page does not say %q", scene.words)
			}
			if strings.Contains(text, "NaN") || strings.Contains(text, "undefined") || strings.Contains(text, "null") {
				t.Errorf("the page says NaN, undefined or null: %s", text)
			}
			v.quiet()
		})
	}
}

// unsent is a run that was stopped before its first request.
func unsent() *report.Report {
	return report.From(story{rate: 1}.meta(), &result.Snapshot{State: result.Done, Interrupted: true, Started: epoch})
}

// allFailed is a run against an endpoint that answers everything with a 503.
func allFailed() *report.Report {
	st := story{seconds: 20, rate: 50, calm: true}
	s := st.snapshot()
	s.Counts.Failed, s.Counts.Succeeded = s.Counts.Sent, 0
	s.Status = map[int]uint64{503: s.Counts.Sent}
	s.Latencies[figure.Response], s.Latencies[figure.Service], s.Latencies[figure.FirstByte] = histogram.New(), histogram.New(), histogram.New()
	s.Failures = []result.Failure{{Kind: "status_503", Status: 503, Message: setting.Plain("no healthy upstream"), Count: s.Counts.Sent, Last: 19 * time.Second}}
	s.Names, s.Slowest = nil, nil
	for i := range s.Intervals {
		in := &s.Intervals[i]
		in.Failed, in.Succeeded, in.Response, in.Service = in.Sent, 0, histogram.Sketch{}, histogram.Sketch{}
	}
	s.Verdict = result.Verdict{Trust: result.TrustFull, LimitedBy: result.LimitEndpoint, Headline: setting.Plain("the endpoint failed all requests (status 503)")}
	return report.From(st.meta(), s)
}

// What a report that was rebuilt from results does not know is not said as a fact.
func TestUnknownIsNotSaidAsAFact(t *testing.T) {
	t.Parallel()
	r := story{seconds: 20, rate: 50, calm: true}.report()
	r.Rebuilt, r.Client = true, report.Client{}
	r.Plan.MaxInFlight, r.Plan.TimeoutS, r.Plan.KeepAlive = 0, 0, false
	v := open(t, newBrowser(t), r)
	var text string
	v.js(&text, `document.getElementById("app").textContent`)
	for _, wrong := range []string{"0 allowed", "on 0 cores", "timeout 0 s", "0 in flight,", "0 B", "a connection per request"} {
		if strings.Contains(text, wrong) {
			t.Errorf("the page says %q", wrong)
		}
	}
	v.quiet()
}
