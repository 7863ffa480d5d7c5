package cluster

import (
	"testing"

	"brunt/attack/plan"
)

// TestSizeOfPieces: the pieces of a share that is handed on have its requests, each once,
// also where their number does not divide the requests at a time.
func TestSizeOfPieces(t *testing.T) {
	r := &Run{plan: plan.Plan{Concurrency: 7, Requests: 1000}, of: 4}
	whole := plan.Share{Index: 2, Of: 4}
	sum := uint64(0)
	for i := range uint64(2) {
		sum += r.sizeOf(held{Share: whole.Split(i, 2)})
	}
	if want := r.sizeOf(held{Share: whole}); sum != want || want != 250 {
		t.Errorf("the pieces have %d requests, the share %d of 250", sum, want)
	}
}
