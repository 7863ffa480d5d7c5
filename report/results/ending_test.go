package results_test

import (
	"testing"

	"brunt/report"
	"brunt/report/results"
)

// What workers that are gone have written is not kept, and is counted as missing, whatever
// else a file could not take.
func TestMissingRecords(t *testing.T) {
	kept := uint64(70)
	for why, row := range map[string]struct {
		end  results.Ending
		want report.ResultsKept
	}{
		"nothing":            {results.Ending{}, report.ResultsKept{Kept: 90, Dropped: 10}},
		"a worker":           {results.Ending{Missing: 42, MissingKept: 40}, report.ResultsKept{Kept: 50, Dropped: 10, Missing: 42}},
		"more than there is": {results.Ending{Missing: 142, MissingKept: 140}, report.ResultsKept{Dropped: 10, Missing: 142}},
		"a full disk, too":   {results.Ending{Kept: &kept, Missing: 5, MissingKept: 5}, report.ResultsKept{Kept: 65, Dropped: 30, Missing: 5}},
	} {
		rep := &report.Report{Results: &report.ResultsKept{Kept: 90, Dropped: 10}}
		if row.end.Amend(rep); *rep.Results != row.want {
			t.Errorf("%s: %+v, want %+v", why, *rep.Results, row.want)
		}
	}
	rep := &report.Report{}
	if (results.Ending{Missing: 3}).Amend(rep); rep.Results != nil {
		t.Error("a report without a results file says what is missing of it")
	}
}
