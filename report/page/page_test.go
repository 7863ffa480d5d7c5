package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/report"
)

// block cuts an element's text out of a page as an HTML parser would: up to
// the first end tag.
func block(t *testing.T, html, start, end string) string {
	t.Helper()
	_, rest, ok := strings.Cut(html, start)
	text, _, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("no %s…%s in the page", start, end)
	}
	return text
}

func embedded(t *testing.T, html, id string) string {
	return block(t, html, `<script type="application/json" id="`+id+`">`, "</script")
}

func TestEmbeddedJSONIsTheReport(t *testing.T) {
	for name, r := range map[string]*report.Report{
		"ordinary": story{seconds: 20, rate: 50}.report("p99<200ms"), "hostile": hostile(), "empty": {},
	} {
		var want bytes.Buffer
		if err := report.JSON(&want, r); err != nil {
			t.Fatal(err)
		}
		text := embedded(t, written(t, r), "report")
		if strings.ContainsAny(text, "<>&\u2028\u2029\r\x00") {
			t.Errorf("%s: the embedded JSON holds characters that an HTML parser acts on", name)
		}
		var got, whole any
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		must(json.Unmarshal(want.Bytes(), &whole))
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(whole)
		if !bytes.Equal(a, b) {
			t.Errorf("%s: the embedded JSON says something else than report.JSON", name)
		}
	}
}

// What the policy allows has to be exactly what is in the file, or a browser
// refuses to run it.
func TestPolicyNamesTheInlineCode(t *testing.T) {
	html := written(t, hostile())
	policy := block(t, html, `http-equiv="Content-Security-Policy" content="`, `"`)
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy is %s", policy)
	}
	inline := regexp.MustCompile(`(?s)<(script|style)>(.*?)</(?:script|style)>`).FindAllStringSubmatch(html, -1)
	if len(inline) != 3 {
		t.Fatalf("%d inline scripts and styles, expected 3", len(inline))
	}
	for _, m := range inline {
		sum := sha256.Sum256([]byte(m[2]))
		if hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, m[1]+"-src ") || !strings.Contains(policy, hash) {
			t.Errorf("the policy lacks the hash of a %s", m[1])
		}
		if strings.Contains(m[2], "<!--") {
			t.Errorf("a %s holds <!--, which changes how it is parsed", m[1])
		}
	}
	if strings.Contains(html, "@import") || regexp.MustCompile(`(?i)(src|href)="?(https?:)?//`).MatchString(html) {
		t.Error("the page names another host")
	}
}

func TestSizes(t *testing.T) {
	p, err := assembled()
	if err != nil {
		t.Fatal(err)
	}
	own := len(p.style) + len(p.library) + len(p.script) + len(head) + len(body)
	if own > 250_000 {
		t.Errorf("code and styles are %d bytes, expected at most 250,000", own)
	}
	if ten := len(written(t, wide(600))); ten > 1_000_000 {
		t.Errorf("a report of 600 intervals is %d bytes, expected at most 1,000,000", ten)
	} else {
		t.Logf("code %d bytes, report of 600 intervals %d bytes", own, ten)
	}
}

// wide is a report as large as one of its length gets: in each second replies
// from 1 ms to 60 s, next to no two of them in one bucket, and twenty names.
func wide(seconds int) *report.Report {
	st := story{seconds: seconds, rate: 60}
	for i := range 20 {
		st.names = append(st.names, fmt.Sprintf("a prompt of sort %d", i))
	}
	s := st.snapshot()
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range s.Intervals {
		in := &s.Intervals[i]
		for _, sketch := range []*histogram.Sketch{&in.Response, &in.Service, &in.Lateness} {
			h := packed()
			for range 1000 {
				must(h.RecordValue(int64(1e6 * math.Pow(60e3, rng.Float64()))))
			}
			*sketch = histogram.SketchOf(h)
		}
		in.Planned, in.Sent, in.Succeeded, in.BytesIn, in.BytesOut = 123_456, 123_455, 123_454, 987_654_321, 123_456_789
	}
	return report.From(st.meta(), s)
}

// Text is easy to read on its ground and a line easy to see, in both themes.
func TestContrast(t *testing.T) {
	css, err := web.ReadFile("web/app.css")
	must(err)
	for theme, start := range map[string]string{"light": ":root {", "dark": `:root[data-theme="dark"] {`} {
		rule := block(t, string(css), start, "}")
		of := func(name string) float64 { return luminance(t, block(t, rule, "--"+name+": #", ";")) }
		for ground, names := range map[string][]string{"ground": {"text", "muted", "loud", "good"}, "soft": {"text", "muted", "loud"}, "loud-ground": {"text", "loud"}} {
			for _, name := range names {
				if c := contrast(of(ground), of(name)); c < 4.5 {
					t.Errorf("%s: %s on %s has a contrast of %.2f", theme, name, ground, c)
				}
			}
		}
		for _, name := range []string{"response", "response-tail", "service", "service-tail", "succeeded", "failed", "asked", "lateness", "flight", "focus", "edge"} {
			if c := contrast(of("ground"), of(name)); c < 3 {
				t.Errorf("%s: the line %s has a contrast of %.2f", theme, name, c)
			}
		}
	}
}

// luminance of a colour as six hexadecimal digits, as WCAG defines it.
func luminance(t *testing.T, hex string) float64 {
	rgb, err := strconv.ParseUint(hex, 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
		c := float64(rgb>>(8*i)&0xff) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// What the page merges of the intervals are the run's percentiles: exactly, where a
// distribution is as fine as the histogram, and else within what the page says.
func TestSpreadsMergeToTheSummary(t *testing.T) {
	v := open(t, newBrowser(t), story{seconds: 30, rate: 300}.report())
	for name, c := range map[string]struct {
		r     *report.Report
		exact bool
	}{"fine": {story{seconds: 30, rate: 300}.report(), true}, "wide": {wide(400), false}} {
		v.load(c.r)
		var merged struct {
			Count                              uint64
			P50, P90, P99, Min, Max, Mean, Err float64
		}
		v.js(&merged, `(() => {
			const s = new brunt.Sum(brunt.extra.spread.response).summary();
			return { Count: s.count, P50: s.p50, P90: s.p90, P99: s.p99, Min: s.min, Max: s.max, Mean: s.mean, Err: s.error };
		})()`)
		sum := histogram.New()
		for i := range c.r.Intervals {
			c.r.Intervals[i].Response.AddTo(sum)
		}
		want := report.Histogram{PackedHistogram: sum}.Summary()
		if merged.Count != want.Count || c.exact != (merged.Err == 0) || merged.Err > 0.07 {
			t.Errorf("%s: %d values known to ±%g, want %d", name, merged.Count, merged.Err, want.Count)
		}
		near := merged.Err + 1e-9
		for what, pair := range map[string][2]float64{"p50": {merged.P50, *want.P50}, "p90": {merged.P90, *want.P90}, "p99": {merged.P99, *want.P99}, "max": {merged.Max, *want.Max}, "min": {merged.Min, *want.Min}, "mean": {merged.Mean, *want.Mean}} {
			if math.Abs(pair[0]/pair[1]-1) > near && !(what == "mean" && math.Abs(pair[0]/pair[1]-1) < 1e-3+near) {
				t.Errorf("%s: %s is %v, want %v", name, what, pair[0], pair[1])
			}
		}
	}
	v.quiet()
}

// The curve goes through the percentiles of the summary.
func TestCurveMeetsTheSummary(t *testing.T) {
	r := story{seconds: 60, rate: 300}.report()
	c := ExtraOf(r).Curve
	want := map[float64]*float64{2: r.LatencyMS[figure.Response].P50, 10: r.LatencyMS[figure.Response].P90, 100: r.LatencyMS[figure.Response].P99, 1000: r.LatencyMS[figure.Response].P999}
	for i, x := range c.X {
		if p, ok := want[x]; ok {
			delete(want, x)
			if c.Response[i] == nil || *c.Response[i] != *p {
				t.Errorf("at %g the curve has %v, the summary %v", x, c.Response[i], *p)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("the curve lacks %d named percentiles", len(want))
	}
}

// A report that was read from JSON has no histograms per interval.
func TestReportFromJSON(t *testing.T) {
	var b bytes.Buffer
	must(report.JSON(&b, story{seconds: 20, rate: 50}.report()))
	r, err := report.Read(&b, "report.json")
	if err != nil {
		t.Fatal(err)
	}
	if e := ExtraOf(r); len(e.Spread.Response) != 0 || len(e.Curve.X) == 0 {
		t.Errorf("%d distributions, %d curve points", len(e.Spread.Response), len(e.Curve.X))
	}
}

// A module that is not bundled would fail in the browser only; those of the
// live view stay out of the file.
func TestEveryModuleIsBundled(t *testing.T) {
	entries, err := web.ReadDir("web")
	must(err)
	scripts := 0
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".js") {
			scripts++
		}
	}
	if scripts != len(modules)+len(liveModules)+1 { // and comparison.js
		t.Errorf("%d modules in web, %d in the bundle and %d of the live view", scripts, len(modules), len(liveModules))
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestWriteErrorIsReturned(t *testing.T) {
	if err := Write(brokenPipe{}, &report.Report{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error is %v", err)
	}
}
