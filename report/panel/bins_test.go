package panel

import (
	"slices"
	"testing"
)

// Every value lies in the bin that says so, and none is lost.
func TestBins(t *testing.T) {
	values := []bin{{900, 1}, {1000, 2}, {1001, 3}, {1_999_000, 4}, {2_000_001, 5}, {3_000_000_000, 6}}
	for rows := 1; rows < 80; rows++ {
		bins := binsOf(values, rows)
		if len(bins) > rows && len(bins) > 8 {
			t.Errorf("%d bins for %d rows", len(bins), rows)
		}
		left := slices.Clone(values)
		below := 0.0
		for _, b := range bins {
			if b.upTo <= below {
				t.Fatalf("bounds do not rise: %v", bins)
			}
			var in int64
			for len(left) > 0 && left[0].upTo <= b.upTo {
				in += left[0].count
				left = left[1:]
			}
			if in != b.count {
				t.Errorf("%d rows: %d up to %g, want %d", rows, b.count, b.upTo, in)
			}
			below = b.upTo
		}
		if len(left) > 0 || bins[0].count == 0 || bins[len(bins)-1].count == 0 {
			t.Errorf("%d rows: %v lost of %v", rows, left, bins)
		}
	}
}
