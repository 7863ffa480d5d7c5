package page

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"brunt/attack/plan"
	"brunt/report"

	"github.com/chromedp/chromedp"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// lane is what a lane of the timeline draws: by series the value of each bucket.
type lane struct {
	Xs       []float64
	Series   map[string][]*float64
	Sentence string
	Unit     string
	Ticks    []string // of its axis of values
	Inked    bool     // what is asked for was drawn at its height
}

// lane reads one; ink asks whether a series is drawn at a time and a height.
func (v *openPage) lane(id, ink string, at, height float64) (l lane) {
	v.t.Helper()
	v.js(nil, frames)
	name, _ := json.Marshal(ink)
	v.js(&l, fmt.Sprintf(`(() => {
		const { plot, spec } = brunt.charts.figures.get(%q);
		const scale = plot.axes[1].scale ?? "y", splits = plot.axes[1]._splits ?? [];
		const ticks = (plot.axes[1]._values ?? []).map(String);
		const series = Object.fromEntries(spec.series.map((one, i) => [one.label, spec.data[i + 1]]));
		const [x, y] = [plot.valToPos(%v, "x", true), plot.valToPos(%v, "y", true)];
		const wanted = spec.series.find((one) => one.label === %s);
		let inked = wanted === undefined;
		if (wanted) {
			// Another line of the lane may lie over it.
			const all = spec.series.map(({ meaning }) => getComputedStyle(document.documentElement).getPropertyValue("--" + meaning).trim()).map((colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)));
			const { data } = plot.ctx.getImageData(Math.round(x) - 2, Math.round(y) - 4, 5, 9);
			for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200 && all.some((rgb) => rgb.every((c, k) => Math.abs(c - data[i + k]) < 40))) inked = true;
		}
		return { Xs: spec.data[0], Series: series, Sentence: spec.sentence, Unit: spec.unit, Ticks: ticks, Inked: inked };
	})()`, id, at, height, name))
	return l
}

// at is a series' value in the bucket of a moment, NaN for none.
func (l lane) at(series string, seconds float64) float64 {
	i := len(l.Xs) - 1
	for i > 0 && l.Xs[i] > seconds {
		i--
	}
	values := l.Series[series]
	if i >= len(values) || values[i] == nil {
		return math.NaN()
	}
	return *values[i]
}

// near allows a histogram's digits, and the drawing's where a distribution is coarse.
func near(got, want float64) bool {
	if math.IsNaN(want) {
		return math.IsNaN(got)
	}
	return math.Abs(got-want) <= 0.002*math.Abs(want)+1e-9
}

// point is one that has to be drawn.
type point struct {
	lane, series string
	at, value    float64
}

// truths are runs of which it is known what has to be drawn where.
var truths = map[string]struct {
	run      told
	points   []point
	captions []string // some of the lanes' words
	outcome  string
}{
	"step": {
		told{seconds: 30, rate: steady(100), takes: func(at float64) time.Duration {
			if at < 10 {
				return 20 * time.Millisecond
			}
			return 200 * time.Millisecond
		}},
		[]point{{"latency", "p50", 8.5, 20}, {"latency", "p99", 8.5, 20}, {"latency", "p50", 11.5, 200}, {"latency", "p99", 20.5, 200}, {"latency", "max", 20.5, 200}, {"throughput", "succeeded", 5.5, 100}},
		[]string{"Highest p99 at 10 s: 200 ms."}, "The endpoint kept up",
	},
	"pause": {
		told{seconds: 30, rate: steady(100), takes: func(at float64) time.Duration {
			if at >= 9.985 && at < 12 {
				return time.Duration((12.02 - at) * 1e9)
			}
			return 20 * time.Millisecond
		}},
		[]point{{"throughput", "succeeded", 10.5, 0}, {"throughput", "succeeded", 11.5, 0}, {"latency", "max", 12.5, 2030}, {"latency", "p50", 10.5, math.NaN()}, {"latency", "p50", 13.5, 20}, {"load", "in flight", 11.5, 202}},
		[]string{"No reply from 10 s to 12 s."}, "The endpoint kept up",
	},
	"rate change": {
		told{seconds: 30, rate: func(at float64) float64 {
			if at < 10-1e-6 {
				return 50
			}
			return 100
		}, takes: always(time.Millisecond)},
		[]point{{"throughput", "succeeded", 5.5, 50}, {"throughput", "succeeded", 15.5, 100}},
		nil, "The endpoint kept up",
	},
	// Too few replies before the change for a p99: those after it do not stand in.
	"few, then many": {
		told{seconds: 30, rate: func(at float64) float64 {
			if at < 7-1e-6 {
				return 10
			}
			return 200
		}, takes: func(at float64) time.Duration {
			if at < 7-1e-6 {
				return 20 * time.Millisecond
			}
			return 150 * time.Millisecond
		}, changes: []plan.Change{{At: 7 * time.Second, Rate: vegeta.Rate{Freq: 200, Per: time.Second}}}},
		[]point{{"latency", "p50", 3.5, 20}, {"latency", "p99", 3.5, math.NaN()}, {"latency", "p50", 12.5, 150}, {"latency", "p99", 12.5, 150}},
		nil, "The endpoint kept up",
	},
	"503 for 5 s": {
		told{seconds: 60, rate: steady(100), takes: always(5 * time.Millisecond), fails: func(at float64) int {
			if at >= 10-1e-6 && at < 15-1e-6 {
				return 503
			}
			return 0
		}},
		[]point{{"throughput", "failed 503", 12.5, 100}, {"throughput", "succeeded", 12.5, 0}, {"throughput", "succeeded", 20.5, 100}, {"throughput", "failed 503", 20.5, 100}},
		nil, "✕8.3 % failed (503), 10 s to 15 s",
	},
	"20 s latency": {
		told{seconds: 60, rate: steady(10), takes: always(20 * time.Second)},
		[]point{{"throughput", "succeeded", 10.5, 0}, {"throughput", "succeeded", 30.5, 10}, {"latency", "p50", 30.5, 20000}, {"latency", "p50", 10.5, math.NaN()}, {"load", "in flight", 40.5, 200}, {"throughput", "succeeded", 70.5, 10}},
		[]string{"No reply from 0 s to 20 s."}, "The endpoint kept up",
	},
	"an hour": {
		told{seconds: 3600, rate: steady(20), takes: func(at float64) time.Duration {
			if at >= 1800 && at < 1860 {
				return 80 * time.Millisecond
			}
			return 20 * time.Millisecond
		}},
		[]point{{"latency", "p99", 100, 20}, {"latency", "p50", 1830, 80}, {"throughput", "succeeded", 500, 20}},
		[]string{"each step 20 s", "Highest p99 at 30:00: 80.0 ms."}, "The endpoint kept up",
	},
	"5 min at 20/s": {
		told{seconds: 300, rate: steady(20), takes: always(20 * time.Millisecond)},
		[]point{{"latency", "p99", 100, 20}, {"latency", "p50", 200, 20}},
		[]string{"each step 2 s; p99 of 10 s each"}, "The endpoint kept up",
	},
	"1/s": {
		told{seconds: 300, rate: steady(1), takes: always(20 * time.Millisecond)},
		[]point{{"latency", "p90", 100, 20}, {"latency", "p50", 200, 20}},
		[]string{"p90 of 10 s each"}, "The endpoint kept up",
	},
	"µs": {
		told{seconds: 20, rate: steady(200), takes: always(50 * time.Microsecond)},
		[]point{{"latency", "p99", 10.5, 0.05}},
		[]string{"p50 0.05 ms", "µs"}, "The endpoint kept up",
	},
	"minutes": {
		told{seconds: 300, rate: steady(5), takes: always(90 * time.Second)},
		[]point{{"latency", "p50", 200, 90000}},
		[]string{"min", "No reply from 0:00 to 1:30."}, "The endpoint kept up",
	},
}

// What is known of a run is drawn: in its bucket, at its height, and said so.
func TestKnownTruthIsDrawn(t *testing.T) {
	v := open(t, newBrowser(t), story{seconds: 5, rate: 20, calm: true}.report())
	for name, c := range truths {
		t.Run(name, func(t *testing.T) {
			v.t = t
			r, _ := c.run.report()
			must(r.Check())
			v.load(r)
			var said strings.Builder
			for _, p := range c.points {
				height := p.value
				if math.IsNaN(height) {
					height = 1
				}
				ink := p.series
				if p.value == 0 || math.IsNaN(p.value) {
					ink = ""
				}
				l := v.lane(p.lane, ink, p.at, height)
				if got := l.at(p.series, p.at); !near(got, p.value) {
					t.Errorf("%s, %s at %g s is %v, expected %v", p.lane, p.series, p.at, got, p.value)
				}
				if !l.Inked {
					t.Errorf("%s, %s at %g s is not drawn at the height of %v", p.lane, p.series, p.at, p.value)
				}
				if len(l.Xs) > 201 {
					t.Errorf("%s has %d buckets", p.lane, len(l.Xs)-1)
				}
			}
			for _, id := range chartIDs {
				l := v.lane(id, "", 0, 1)
				fmt.Fprintln(&said, l.Unit, "|", l.Sentence, "|", strings.Join(l.Ticks, " "))
			}
			for _, words := range c.captions {
				if !strings.Contains(said.String(), words) {
					t.Errorf("no lane says %q:\n%s", words, said.String())
				}
			}
			if words := v.text(".outcome"); !strings.Contains(words, c.outcome) {
				t.Errorf("the strip says %q, expected %q", words, c.outcome)
			}
			if dir := os.Getenv("BRUNT_SHOTS"); dir != "" {
				picture, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
				must(err)
				must(os.WriteFile(filepath.Join(dir, "truth-"+strings.ReplaceAll(name, "/", " per ")+".png"), picture, 0o600))
			}
		})
	}
	v.t = t
	v.forgive("willReadFrequently") // only a test reads pixels
	v.quiet()
}

// varied is a run whose times, names and failures differ from request to request.
func varied(seconds int, rate float64) (*report.Report, []request) {
	rng := rand.New(rand.NewPCG(3, 4))
	names := []string{"short", "long", "naïve 日本"}
	return told{
		seconds: seconds, rate: steady(rate),
		takes: func(float64) time.Duration { return time.Duration(40e6 * math.Exp(0.6*rng.NormFloat64())) },
		fails: func(at float64) int { return []int{0, 0, 0, 0, 0, 0, 0, 0, 429, 503}[rng.IntN(10)] },
		name:  func(i int) string { return names[i%7%3] },
	}.report()
}

// stretch is what the page says of the stretch that is selected.
type stretch struct {
	Figures  string
	P50, P99 float64
	Names    [][]string // name, requests, failed
	Total    []string
	Kinds    [][]string // kind, count
	Slowest  int
}

const readStretch = `(() => {
	const cells = (selector) => [...document.querySelectorAll(selector)].map((tr) => [...tr.children].map((td) => td.textContent));
	const values = [...document.querySelectorAll(".c-times [data-value]")].map((e) => Number(e.dataset.value));
	return {
		Figures: document.querySelector(".figures").textContent, P50: values[0], P99: values[1],
		Names: cells("#names tbody tr").map((row) => [row[0], row[1], row[3]]), Total: cells("#names tfoot tr")[0],
		Kinds: cells("#failure-kinds tbody tr").map((row) => [row[0].replace(/^\W+/, ""), row[1]]), Slowest: document.querySelectorAll("#slowest tbody tr").length,
	};
})()`

// The figures of a selected stretch are those of its records, counted by hand.
func TestSelectedStretchIsItsRecords(t *testing.T) {
	v := open(t, newBrowser(t), story{seconds: 5, rate: 20, calm: true}.report())
	for _, c := range []struct {
		seconds  int
		rate     float64
		from, to float64
	}{{60, 200, 0.25, 0.6}, {60, 20, 0.5, 0.52}, {400, 60, 0.3, 0.7}} {
		r, all := varied(c.seconds, c.rate)
		v.load(r)
		v.drag("latency", c.from, c.to)
		range_ := v.selection()
		if len(range_) != 2 || range_[1] <= range_[0] {
			t.Fatalf("selected %v", range_)
		}
		var got stretch
		v.js(&got, readStretch)
		var times []float64
		names, kinds, failed, count := map[string][2]int{}, map[string]int{}, 0, 0
		for _, q := range all {
			if at := q.ended.Seconds(); at < range_[0] || at >= range_[1] {
				continue
			}
			count++
			n := names[q.name]
			n[0]++
			if q.status != 0 {
				n[1]++
				failed++
				kinds[fmt.Sprintf("status %d", q.status)]++
			} else {
				times = append(times, q.took.Seconds()*1e3)
			}
			names[q.name] = n
		}
		slices.Sort(times)
		what := fmt.Sprintf("%d s at %g/s, %v", c.seconds, c.rate, range_)
		for _, q := range []struct {
			share, got float64
		}{{0.5, got.P50}, {0.99, got.P99}} {
			if len(times) < 100 && q.share > 0.9 {
				continue
			}
			want := times[int(math.Ceil(q.share*float64(len(times))))-1]
			if q.got < want*(1-1e-9)-0.0006 || q.got > want*1.001+0.0006 {
				t.Errorf("%s: p%g is %v, of %d records it is %v", what, 100*q.share, q.got, len(times), want)
			}
		}
		if want := fmt.Sprintf("failed%d (", failed); !strings.Contains(strings.ReplaceAll(got.Figures, "\u202f", ""), want) {
			t.Errorf("%s: the strip says %q, expected %q", what, got.Figures, want)
		}
		digits := func(n int) string { return strings.ReplaceAll(fmt.Sprint(n), "\u202f", "") }
		for _, row := range got.Names {
			n := names[row[0]]
			if strings.ReplaceAll(row[1], "\u202f", "") != digits(n[0]) || strings.ReplaceAll(row[2], "\u202f", "") != digits(n[1]) {
				t.Errorf("%s: the row of %s says %v, expected %v", what, row[0], row, n)
			}
		}
		if len(got.Names) != len(names) || len(got.Kinds) != len(kinds) {
			t.Errorf("%s: %d names, %d kinds of failures; expected %d and %d", what, len(got.Names), len(got.Kinds), len(names), len(kinds))
		}
		for _, row := range got.Kinds {
			if strings.ReplaceAll(row[1], "\u202f", "") != digits(kinds[row[0]]) {
				t.Errorf("%s: %s of %s, expected %d", what, row[1], row[0], kinds[row[0]])
			}
		}
	}
	v.quiet()
}
