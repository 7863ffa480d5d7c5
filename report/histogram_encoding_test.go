package report_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"brunt/attack/histogram"
	"brunt/report"
)

// A distribution's JSON is its histogram's, which the library writes and reads.
func TestDistributionJSON(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 9))
	for round := range 60 {
		var d report.Distribution
		for range random.IntN(1 << (round % 11)) {
			d.Record(random.Int64N(1 << (1 + random.IntN(42))))
		}
		if round%3 == 0 {
			d.Record(0)
			d.Record(histogram.Max)
			for range 300 {
				d.Record(2047)
			}
		}
		got, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := json.Marshal(d.Open()); string(got) != string(want) {
			t.Fatalf("round %d: %d values are\n%s, want\n%s", round, d.Count(), got, want)
		}
		var back report.Distribution
		if err := json.Unmarshal(got, &back); err != nil || back.Count() != d.Count() {
			t.Fatalf("%v, %d values, want %d", err, back.Count(), d.Count())
		}
		if err := report.Agree("", d.Open().Summary(), back.Open()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNamesJSONIsSmall: a report of thousands of names made a new compressor of
// a megabyte for each of their histograms.
func TestNamesJSONIsSmall(t *testing.T) {
	var d report.Distribution
	for k := range int64(100) {
		d.Record(k * k * 10_000)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = d.MarshalJSON() }); n > 40 {
		t.Errorf("%v allocations for a histogram", n)
	}
}
