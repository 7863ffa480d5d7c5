package payloads

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func letters(turns []turn) string {
	var out []byte
	for _, t := range turns {
		out = append(out, byte('A'+t.file))
	}
	return string(out)
}

func TestRotation(t *testing.T) {
	for _, c := range []struct {
		weights []int
		want    string
		why     string
	}{
		{[]int{1}, "A", "one file"},
		{[]int{7}, "A", "its weight means nothing then"},
		{[]int{1, 1}, "AB", "equal shares take turns"},
		{[]int{3, 1}, "AABA", "spread, not AAAB"},
		{[]int{300, 100}, "AABA", "only the ratio matters"},
		{[]int{5, 1, 1}, "AABACAA", "the example in nginx's own history"},
		{[]int{2, 3, 4}, "CBACBCABC", "nobody waits long"},
	} {
		specs := make([]Spec, len(c.weights))
		for i, w := range c.weights {
			specs[i] = Spec{"f", w}
		}
		if got := letters(rotation(shares(specs))); got != c.want {
			t.Errorf("%s: weights %v give %s, want %s", c.why, c.weights, got, c.want)
		}
	}
}

// Over one cycle each file has exactly its share, and at no point within it is
// a file a whole turn or more away from it.
func TestRotationIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.IntRange(1, 50), 1, 8).Draw(t, "parts")
		turns := rotation(parts)
		seen := make([]int, len(parts))
		for slot, turn := range turns {
			if int(turn.nth) != seen[turn.file] {
				t.Fatalf("slot %d: nth %d, want %d", slot, turn.nth, seen[turn.file])
			}
			seen[turn.file]++
		}
		if diff := cmp.Diff(parts, seen); diff != "" {
			t.Fatal(diff)
		}
	})
}
