package result

import (
	"strings"
	"testing"
	"time"

	"brunt/attack/plan"
)

// TestDoubtfulWorkers: workers are named where the doubt is theirs, and not where all of
// them have what the whole has.
func TestDoubtfulWorkers(t *testing.T) {
	doubtful := func(name string) Worker {
		return Worker{Name: name, Trust: TrustNone, LimitedBy: LimitClient, Reasons: []string{"own delay", "brunt used 1 %"}}
	}
	worse := doubtful("1")
	worse.Error = time.Second
	sound := Worker{Name: "2", Trust: TrustFull, LimitedBy: LimitNone, Reasons: []string{"brunt used 1 %"}}
	for _, row := range []struct {
		why     string
		whole   string
		workers []Worker
		named   bool
	}{
		{"one of two", TrustFull, []Worker{doubtful("1"), sound}, true},
		{"both, and the whole", TrustNone, []Worker{doubtful("1"), doubtful("3")}, false},
		{"both, and not the whole", TrustFull, []Worker{doubtful("1"), doubtful("3")}, true},
		{"both, and the whole, one of them far more", TrustNone, []Worker{worse, doubtful("3")}, true},
		{"one of two, and the whole", TrustNone, []Worker{doubtful("1"), sound}, true},
	} {
		v := Verdict{Trust: row.whole, Reasons: []string{"late"}}
		v.judgeWorkers(&Snapshot{Workers: row.workers}, &plan.Plan{})
		if named := strings.Contains(strings.Join(v.Reasons, "\n"), "worker 1: own delay"); named != row.named {
			t.Errorf("%s: worker 1 named: %t, want %t: %q", row.why, named, row.named, v.Reasons)
		}
		if v.Trust != TrustNone {
			t.Errorf("%s: trust %s", row.why, v.Trust)
		}
	}
}
