package figure

import (
	"slices"
	"testing"
)

// TestRows: each figure has its row, and reports show all but those that are for
// the engine alone.
func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for f := range Len {
		if f.String() == "" || f.Meaning() == "" || seen[f.String()] {
			t.Errorf("figure %d: name %q, meaning %q", f, f, f.Meaning())
		}
		seen[f.String()] = true
		found, known := Parse(f.String())
		if shown := slices.Contains(All(), f); known != shown || shown && found != f {
			t.Errorf("%s: parsed as %s, %v", f, found, known)
		}
		if known && f.OfStreams() == slices.Contains(Whole(), f) || f.OfStreams() != slices.Contains(Streamed(), f) {
			t.Errorf("%s: of streams %v, whole %v, streamed %v", f, f.OfStreams(), Whole(), Streamed())
		}
	}
	if _, known := Parse("slot_wait"); known || len(All()) != len(Whole())+len(Streamed()) {
		t.Errorf("%v is not %v and %v", All(), Whole(), Streamed())
	}
	if Connect.OfRequests() || Failed.OfRequests() || !TPOT.OfRequests() {
		t.Error("bounds are on times of one success")
	}
}
