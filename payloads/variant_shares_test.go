package payloads

import (
	"fmt"
	"math"
	"testing"

	"brunt/payloads/filetest"
)

// The shares of the variants are those that requests have, whatever the weights of
// lines and of files.
func TestVariantShares(t *testing.T) {
	lines := ""
	for i := range 6 {
		lines += fmt.Sprintf("{\"name\":\"n%d\",\"body\":1,\"weight\":%d}\n", i%4, 1+i)
	}
	a, b := filetest.Write(t, "a.jsonl", lines), filetest.Write(t, "b.jsonl", "{\"name\":\"n1\",\"body\":2}\n{\"body\":3}\n")
	for _, order := range []Order{Sequential, Shuffle, Random} {
		s := mustOpen(t, Options{Format: RequestFormat, Order: order, Seed: 5}, Spec{a, 2}, Spec{b, 3})
		const n = 210 * 1000
		count := make([]float64, len(s.Variants()))
		for i := range uint64(n) {
			count[s.At(i).Variant]++
		}
		sum := 0.0
		for v, share := range s.VariantShares() {
			sum += share
			if off := math.Abs(share - count[v]/n); off > 0.004 || off > 1e-4 && order != Random {
				t.Errorf("%s: %q has a share of %g, and %g of the requests", order, s.Variants()[v].Name, share, count[v]/n)
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: the shares sum up to %g", order, sum)
		}
	}
	if got := Single("x", nil).VariantShares(); len(got) != 1 || got[0] != 1 {
		t.Errorf("of a single body: %v", got)
	}
}
