package page

import (
	"fmt"
	"strings"
	"testing"

	"brunt/attack/result"
	"brunt/report"
)

// The answer in a few words names what an endpoint did with the requests; a
// closed loop, of which no rate is asked, has neither kept up nor a line for that.
func TestOutcomeInWords(t *testing.T) {
	t.Parallel()
	v := open(t, newBrowser(t), story{seconds: 10, rate: 100, calm: true}.report())
	closed := func(r *report.Report) {
		r.Plan.RatePerS, r.Plan.Concurrency = nil, new(16)
	}
	distrust := func(r *report.Report) { r.Verdict.Trust, r.Verdict.Valid = new(result.TrustNone), new(false) }
	endpointFell := func(r *report.Report) { r.Verdict.LimitedBy = new(result.LimitEndpoint) }
	for name, c := range map[string]struct {
		change func(r *report.Report)
		words  string
		asked  bool
	}{
		"open":   {func(*report.Report) {}, "✓The endpoint kept up", true},
		"closed": {closed, "The endpoint set the pace", false},
		"some failed": {func(r *report.Report) {
			endpointFell(r)
			r.Requests.Failed = r.Requests.Sent / 8
			r.Requests.Succeeded -= r.Requests.Failed
		}, "✕12 % failed", true},
		"some cut off": {func(r *report.Report) {
			endpointFell(r)
			r.Requests.CutOff = r.Requests.Sent / 2
			r.Requests.Succeeded -= r.Requests.CutOff
		}, "✕50 % cut off", true},
		"a queue grew": {endpointFell, "✕The endpoint fell behind", true},
		"not trusted":  {func(r *report.Report) { distrust(r); r.Verdict.LimitedBy = new(result.LimitClient) }, "Brunt was the limit", true},
		"failing, and not trusted": {func(r *report.Report) {
			distrust(r)
			endpointFell(r)
			r.Requests.Failed = r.Requests.Sent / 8
			r.Requests.Succeeded -= r.Requests.Failed
		}, "✕12 % failed", true},
		"all failed, and not trusted": {func(r *report.Report) {
			distrust(r)
			r.Requests.Failed, r.Requests.Succeeded = r.Requests.Sent, 0
		}, "✕Every request failed", true},
		"refused since": {func(r *report.Report) {
			endpointFell(r)
			for i := range r.Intervals[8:] {
				r.Intervals[8+i].Failed, r.Intervals[8+i].Succeeded = 30, 70
			}
			r.Requests.Failed, r.Requests.Succeeded = 60, r.Requests.Sent-60
			r.Errors = []report.Failure{{Kind: "status_429", Status: new(429), Count: 60, FirstS: 8.2, LastS: 9.9}}
		}, "✕30 % refused (429) since 8.2 s", true},
		"no reply yet": {func(r *report.Report) {
			r.State, r.PlanElapsedS, r.Requests.Succeeded, r.Requests.InFlight = "running", 9.4, 0, r.Requests.Sent
		}, "Filling: no reply yet, longest wait 9 s", true},
		"not judged":      {func(r *report.Report) { r.Verdict = report.Verdict{Reasons: []string{}} }, "", true},
		"closed, cut off": {func(r *report.Report) { closed(r); endpointFell(r); r.Requests.CutOff = r.Requests.Sent / 50 }, "% cut off", false},
	} {
		r := story{seconds: 10, rate: 100, calm: true}.report()
		r.Requests.Succeeded, r.Requests.Failed, r.Errors = r.Requests.Sent, 0, []report.Failure{}
		c.change(r)
		v.load(r)
		var seen struct {
			Words  string
			Series []string
		}
		v.js(&seen, `({
			words: document.querySelector(".outcome")?.textContent ?? "",
			series: brunt.charts.figures.get("throughput").plot.series.map((s) => s.label ?? ""),
		})`)
		asked := strings.Contains(strings.Join(seen.Series, ","), "asked")
		if !strings.Contains(seen.Words, c.words) || c.words == "" && strings.TrimSpace(seen.Words) != "" || asked != c.asked {
			t.Errorf("%s: the page says %q and draws %v", name, seen.Words, seen.Series)
		}
	}
	v.quiet()
}

// What was asked for is drawn as it was planned, whatever was counted when, and
// the last interval's rates are not spread over a drain in which little came.
func TestThroughputIsDrawnAsPlanned(t *testing.T) {
	t.Parallel()
	r := story{seconds: 4, rate: 150, calm: true}.report()
	v := open(t, newBrowser(t), r)
	for i, planned := range []uint64{153, 147, 151, 149} {
		r.Intervals[i].Planned = planned
	}
	last := &r.Intervals[3]
	last.WidthS += 0.19
	v.load(r)
	var seen struct {
		Asked, Succeeded []float64
		Figure           string
	}
	v.js(&seen, `(() => {
		const { plot } = brunt.charts.figures.get("throughput");
		const of = (label) => Array.from(plot.data[plot.series.findIndex((s) => s.label === label)]);
		return { Asked: of("asked"), Succeeded: of("succeeded"), Figure: document.querySelector("[data-path='throughput.completed_per_s']").dataset.value };
	})()`)
	for _, rate := range seen.Asked {
		if rate != 150 {
			t.Errorf("asked for: %v", seen.Asked)
			break
		}
	}
	if rate := seen.Succeeded[3]; rate != float64(last.CompletedOK) {
		t.Errorf("%v/s succeeded in the last second, in which %d did", rate, last.CompletedOK)
	}
	if seen.Figure != fmt.Sprint(*r.Throughput.CompletedPerS) {
		t.Errorf("the page says %s/s completed, want %v", seen.Figure, *r.Throughput.CompletedPerS)
	}
	v.quiet()
}
