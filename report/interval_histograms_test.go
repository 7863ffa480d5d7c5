package report_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/report"
	"brunt/report/reporttest"
)

// TestBuckets: each value lies in its bucket, buckets follow each other without a
// gap, and none is wider than its bits allow.
func TestBuckets(t *testing.T) {
	for leading := 5; leading <= 11; leading++ {
		for range 20_000 {
			v := rand.Int64N(1 << (1 + rand.IntN(41)))
			index := report.BucketOf(v, leading)
			from, to := report.BucketBounds(index, leading)
			if float64(v) < from || float64(v) >= to {
				t.Fatalf("%d bits: %d is in bucket %d, which is from %g to %g", leading, v, index, from, to)
			}
			if next, _ := report.BucketBounds(index+1, leading); next != to {
				t.Fatalf("%d bits: bucket %d ends at %g and the next begins at %g", leading, index, to, next)
			}
			if to-from > 1 && (to-from)/from > 2/float64(int(1)<<leading)*1.0001 {
				t.Fatalf("%d bits: bucket %d is from %g to %g", leading, index, from, to)
			}
		}
	}
}

// TestIntervalHistogramsAreTheRun: nothing is lost on the way into JSON and back, and
// a long run takes no more room than its bound.
func TestIntervalHistogramsAreTheRun(t *testing.T) {
	for _, seconds := range []int{5, 60, 1000} {
		sc := reporttest.Scene{Seed: 3, Rate: 50, N: 50 * seconds, Median: 20 * time.Millisecond, Spread: 0.5, Slots: 100}
		r := report.From(sc.Meta(), sc.Snapshot())
		h := r.IntervalHistograms
		if h == nil || len(h.Stretches) > 120 {
			t.Fatalf("%d s: %v", seconds, h)
		}
		var response uint64
		for _, s := range h.Stretches {
			response += s.Response.Total()
		}
		if want := r.LatencyMS[figure.Response].Count; response != want {
			t.Errorf("%d s: %d samples, expected %d", seconds, response, want)
		}
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 85_000 {
			t.Errorf("%d s: %d bytes of JSON", seconds, len(text))
		}
		var back report.IntervalHistograms
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(&back, h) {
			t.Errorf("%d s: not what was written, or %v", seconds, err)
		}
	}
}

// TestRefusedIntervalHistograms: what contradicts the totals is refused, and what
// cannot be decoded.
func TestRefusedIntervalHistograms(t *testing.T) {
	sc := reporttest.Scene{Seed: 3, Rate: 50, N: 500, Median: 20 * time.Millisecond, Spread: 0.5, Slots: 100}
	for name, c := range map[string]struct {
		change func(h *report.IntervalHistograms)
		says   string
	}{
		"successes": {func(h *report.IntervalHistograms) { h.Stretches[0].Succeeded++ }, "successes of all stretches"},
		"failures":  {func(h *report.IntervalHistograms) { h.Stretches[0].Failed++ }, "failures of all stretches"},
		"completed": {func(h *report.IntervalHistograms) { h.Stretches[0].Completed++ }, "completed of all stretches"},
		"samples":   {func(h *report.IntervalHistograms) { h.Stretches[0].Response[0].Count += 1000 }, "samples of a stretch"},
		"bits":      {func(h *report.IntervalHistograms) { h.Bits = 40 }, "interval_histograms.bits"},
	} {
		r := report.From(sc.Meta(), sc.Snapshot())
		c.change(r.IntervalHistograms)
		var text bytes.Buffer
		if err := report.JSON(&text, r); err != nil {
			t.Fatal(err)
		}
		if _, err := report.Read(&text, "x"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{`5`, `"!"`, `"gA"`, `"AAA"`, `"/////////////w8B"`, `""x`} {
		var b report.Buckets
		if err := json.Unmarshal([]byte(text), &b); err == nil && text != `""` {
			t.Errorf("%s was taken for buckets", text)
		}
	}
}

// TestSuccessIsInThePlan in the words that --success takes.
func TestSuccessIsInThePlan(t *testing.T) {
	for _, words := range []string{"200-299", "200", "200-299,304", "100-999"} {
		set, err := plan.ParseStatusSet(words)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.String(); got != words {
			t.Errorf("%s became %s", words, got)
		}
	}
}
