package rules

import (
	"testing"

	"brunt/report"
)

// A rule that its figure keeps, and that requests of which nobody knows may have broken, is
// told from one that is broken.
func TestUnknown(t *testing.T) {
	for _, c := range []struct {
		failed, unknown uint64
		met, open       bool
	}{{0, 0, true, false}, {0, 60, false, true}, {60, 0, false, false}, {60, 60, false, false}} {
		rep := &report.Report{Requests: report.Requests{Succeeded: 1000, Failed: c.failed, Unknown: c.unknown}}
		rule, err := Parse("failed<1%")
		if err != nil {
			t.Fatal(err)
		}
		if j := rule.Judge(rep); j.Met != c.met || Unknown(&j) != c.open {
			t.Errorf("%+v: %+v, unknown %v", c, j, Unknown(&j))
		}
	}
}
