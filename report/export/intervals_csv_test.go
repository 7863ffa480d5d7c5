package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"brunt/report/reporttest"
)

// The columns are named and ordered as the keys in JSON, and agree with them.
func TestIntervalsAsCSV(t *testing.T) {
	rep := reporttest.Healthy.Report()
	rep.Intervals[1].P99 = nil
	var out bytes.Buffer
	reporttest.Must(Intervals(&out, rep))
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 1+len(rep.Intervals) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i := range rep.Intervals {
		var keys map[string]json.RawMessage
		text, err := json.Marshal(&rep.Intervals[i])
		reporttest.Must(err)
		reporttest.Must(json.Unmarshal(text, &keys))
		if !slices.Equal(slices.Sorted(maps.Keys(keys)), slices.Sorted(slices.Values(rows[0]))) {
			t.Errorf("columns %v", rows[0])
		}
		for k, key := range rows[0] {
			if want := strings.TrimPrefix(string(keys[key]), "null"); rows[i+1][k] != want {
				t.Errorf("row %d: %s is %q, in JSON %q", i, key, rows[i+1][k], want)
			}
		}
	}
}
