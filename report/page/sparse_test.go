package page

import "testing"

// sparse is a run under way in whose third second the only replies came, and
// whose objective has too few to go by.
const sparse = `(state) => {
  const newer = structuredClone(brunt.report), extra = structuredClone(brunt.extra);
  newer.state = state;
  newer.intervals.length = 6;
  for (const [kind, texts] of Object.entries(extra.spread)) extra.spread[kind] = texts.slice(0, 6).map((text, i) => (i === 2 ? text : ""));
  newer.intervals.forEach((interval, i) => i === 2 || Object.assign(interval, { succeeded: 0, p50: null, p90: null, p99: null, max: null }));
  newer.slo = [{ rule: "p99<200ms", unit: "ms", value: null, met: false, reason: "too few samples: p99 needs 100, there are 20" }];
  brunt.show(newer, extra);
}`

// What came in one interval alone is drawn for as long as that lasted, though
// nothing came after it; and what is not known yet is not called broken.
func TestFewReplies(t *testing.T) {
	t.Parallel()
	v := open(t, newBrowser(t), story{seconds: 30, rate: 20, calm: true}.report())
	said := func(state string) (words [3]string) {
		v.js(nil, "("+sparse+`)("`+state+`")`)
		v.js(nil, frames)
		v.js(&words, `[document.querySelector(".outcome")?.textContent ?? "", document.querySelector(".lights li").className, document.querySelector(".lights strong").textContent]`)
		return words
	}
	if words := said("running"); words != [3]string{"Too early to judge the objectives", "open", "not yet known"} {
		t.Errorf("while it runs, the page says %q", words)
	}
	var drawn []bool
	v.js(&drawn, `(() => {
		const { plot } = brunt.charts.figures.get("latency");
		return [1.5, 2.1, 2.5, 2.9, 3.5].map((at) => {
			const [x, y] = [plot.valToPos(at, "x", true), plot.valToPos(brunt.charts.report.intervals[2].p50, "y", true)];
			const pixels = plot.ctx.getImageData(x - 1, y - 3, 3, 7).data;
			for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 128 && pixels[i + 2] > pixels[i] + 60) return true;
			return false;
		});
	})()`)
	for i, want := range []bool{false, true, true, true, false} {
		if drawn[i] != want {
			t.Errorf("of the interval from 2 s to 3 s, place %d is drawn: %v", i, drawn)
			break
		}
	}
	if words := said("done"); words[0] != "✕1 of 1 objective broken" || words[2] != "broken" {
		t.Errorf("at its end, the page says %q", words)
	}
	v.forgive("willReadFrequently") // only a test reads pixels
	v.quiet()
}
