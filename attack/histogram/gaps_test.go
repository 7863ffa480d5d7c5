package histogram

import (
	"testing"
	"time"
)

// What gaps leave behind is next to nothing, whatever they were.
func TestGapsAreForgotten(t *testing.T) {
	var g Gaps
	for range 2 { // first a few pages, which stay, then all
		for _, step := range []int64{Max / 10, 1 << 20} {
			for ns := int64(0); ns < Max; ns += max(step, ns/gapsPage) {
				g.Add([]time.Duration{time.Duration(ns)})
			}
			g.Reset()
			var b Buckets
			if g.AddTo(&b); b.count != 0 || g.pagesMade > maxKeptPages {
				t.Errorf("%d gaps and %d pages left", b.count, g.pagesMade)
			}
		}
	}
}

// Gaps beyond the histogram's bound are counted as such, however many there
// were before.
func TestClampedGaps(t *testing.T) {
	var g Gaps
	g.Add([]time.Duration{1, time.Duration(Max), time.Duration(Max + 1), time.Duration(3 * Max)})
	var b Buckets
	if clamped := g.AddTo(&b); clamped != 2 || b.count != 4 || b.counts[bucketCount-1] != 3 {
		t.Errorf("%d clamped of %d", clamped, b.count)
	}
}
