package live

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/page"
)

// long invents a run of n seconds at 500/s whose times spread over decades.
func long(n int) (report.Meta, *result.Snapshot) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := &result.Snapshot{State: result.Running, Started: time.Now(), Elapsed: time.Duration(n) * time.Second, Status: map[int]uint64{}}
	s.Latencies = result.NewLatencies()
	const rate = 500
	for i := range n {
		packed := func() *hdrhistogram.PackedHistogram {
			return hdrhistogram.NewPacked(1, histogram.Max, histogram.Digits)
		}
		response, service, lateness := packed(), packed(), packed()
		for range rate {
			x := int64(20e6 * math.Exp(rng.NormFloat64()))
			late := int64(40e3 * math.Exp(rng.NormFloat64()))
			for _, to := range []*hdrhistogram.PackedHistogram{s.Latencies[figure.Service], s.Latencies[figure.FirstByte]} {
				must(to.RecordValue(x))
			}
			must(s.Latencies[figure.Response].RecordValue(x + late))
			must(s.Latencies[figure.Lateness].RecordValue(late))
			must(response.RecordValue(x + late))
			must(service.RecordValue(x))
			must(lateness.RecordValue(late))
		}
		s.Counts.Sent, s.Counts.Succeeded, s.Counts.Planned = s.Counts.Sent+rate, s.Counts.Succeeded+rate, s.Counts.Planned+rate
		s.Intervals = append(s.Intervals, result.Interval{
			At: time.Duration(i) * time.Second, Width: time.Second, Planned: rate, Sent: rate, Succeeded: rate,
			Response: histogram.SketchOf(response), Service: histogram.SketchOf(service), Lateness: histogram.SketchOf(lateness),
		})
	}
	plan := plan.Plan{Rate: vegeta.Rate{Freq: rate, Per: time.Second}, Duration: time.Hour}
	return report.Meta{Plan: plan}, s
}

// Merged intervals make another epoch, a replaced last one does not, and a
// page ends up with the report's intervals either way.
func TestMergedAndReplacedIntervals(t *testing.T) {
	meta, s := long(6)
	c := newEncodedRun(meta)
	at := func(n int) { cut := *s; cut.Intervals = s.Intervals[:n:n]; c.update(&cut, nil) }
	at(3)
	epoch := c.epoch
	at(5)
	if c.epoch != epoch || c.replacedIn != 0 || len(c.intervals) != 5 || len(c.spread[0]) != 5 || len(c.spread[3]) != 5 {
		t.Fatalf("epoch %d, %d intervals", c.epoch-epoch, len(c.intervals))
	}
	before := c.intervals
	first := string(before[4])
	wide := *s
	wide.Intervals = append([]result.Interval(nil), s.Intervals[:5]...)
	wide.Intervals[4].Width = 1100 * time.Millisecond
	c.update(&wide, nil)
	if c.epoch != epoch || c.replacedFrom != 4 || c.replacedIn != c.version {
		t.Errorf("replaced: epoch %d, from %d in %d of %d", c.epoch-epoch, c.replacedFrom, c.replacedIn, c.version)
	}
	if string(before[4]) != first || string(c.intervals[4]) == first {
		t.Error("a snapshot that was given away has changed, or the interval has not")
	}
	half := *s
	half.Intervals = append([]result.Interval(nil), s.Intervals[0], s.Intervals[2], s.Intervals[4])
	half.Intervals[0].Width, half.Intervals[1].Width = 2*time.Second, 2*time.Second
	c.update(&half, nil)
	if c.epoch != epoch+1 || len(c.intervals) != 3 {
		t.Errorf("merged: epoch %d, %d intervals", c.epoch-epoch, len(c.intervals))
	}
}

// What a page is sent is the report without histograms and the page's extra.
func TestFrameIsTheReport(t *testing.T) {
	meta, s := long(4)
	rep := report.From(meta, s)
	rep.Names = []report.Named{{Name: `a "name" <b>`}}
	rep.ServedModels = []report.ServedModel{{Name: "v1"}}
	var got struct {
		Report map[string]any
		Extra  *page.Extra
	}
	if err := json.Unmarshal(wholeRun(rep, 0), &got); err != nil {
		t.Fatal(err)
	}
	var full map[string]any
	must(json.Unmarshal(marshal(rep), &full))
	full["histograms"] = nil
	full["names"].([]any)[0].(map[string]any)["histograms"] = nil
	full["served_models"].([]any)[0].(map[string]any)["histograms"] = nil
	if a, b := string(marshal(got.Report)), string(marshal(full)); a != b {
		t.Errorf("%.600s\nwant\n%.600s", a, b)
	}
	if a, b := string(marshal(got.Extra)), string(marshal(page.ExtraFrom(rep, 0))); a != b {
		t.Errorf("%.600s\nwant\n%.600s", a, b)
	}
}
