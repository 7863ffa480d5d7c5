package text_test

import (
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/merge"
	"brunt/report/reporttest"
	"brunt/report/text"
)

// Changes of the load stand in the JSON, in the headline, and in a merger at
// the instants where they then lie.
func TestChangesAreTold(t *testing.T) {
	r := reporttest.ThroughJSON(t, changedRun())
	if len(r.Changes) != 2 || r.Changes[0].TS != -1.5 || *r.Changes[0].RatePerS != 2.5 || r.Changes[0].Concurrency != nil || *r.Changes[1].Concurrency != 7 {
		t.Fatalf("changes: %+v", r.Changes)
	}
	if text := reporttest.TextOf(t, r, text.Options{Width: 120}); !strings.Contains(text, "changed 2 times, at last to 7 at a time") {
		t.Errorf("the text says nothing of the changes:\n%s", text)
	}
	later := reporttest.ThroughJSON(t, changedRun())
	later.Started = new(later.Started.Add(10 * time.Second))
	later.Changes = later.Changes[:1]
	if text := reporttest.TextOf(t, later, text.Options{Width: 120}); !strings.Contains(text, "changed after 0 s to 2.5/s") {
		t.Errorf("the text says nothing of the change:\n%s", text)
	}
	both, err := merge.Reports([]*report.Report{later, r})
	if err != nil {
		t.Fatal(err)
	}
	if len(both.Changes) != 3 || both.Changes[1].TS != 4 || both.Changes[2].TS != 8.5 {
		t.Errorf("merged: %+v", both.Changes)
	}
}

func changedRun() *report.Report {
	s := &result.Snapshot{
		State: result.Done, Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Elapsed: 10 * time.Second, PlanElapsed: 10 * time.Second,
		Changes: []plan.Change{
			{At: -1500 * time.Millisecond, Rate: vegeta.Rate{Freq: 5, Per: 2 * time.Second}},
			{At: 4 * time.Second, Concurrency: 7},
		},
		Verdict: result.Verdict{Trust: result.TrustFull, LimitedBy: result.LimitNone},
	}
	s.Latencies = result.NewLatencies()
	return report.From(report.Meta{Version: "1", Plan: plan.Plan{Rate: vegeta.Rate{Freq: 1, Per: time.Second}}}, s)
}
