package draw

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func order(n, key uint64) []int {
	s := NewShuffler(n)
	out := make([]int, n)
	for i := range out {
		out[i] = int(s.At(uint64(i), key))
	}
	return out
}

func TestShufflePermutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, 3000).Draw(t, "n")
		key := rapid.Uint64().Draw(t, "key")
		seen := make([]bool, n)
		for _, to := range order(n, key) {
			if uint64(to) >= n || seen[to] {
				t.Fatalf("n %d, key %d: %d is outside or comes twice", n, key, to)
			}
			seen[to] = true
		}
	})
}

// Every size up to a few squares, since borders of the grid lie there.
func TestShufflePermutesSmallSizes(t *testing.T) {
	for n := uint64(1); n <= 130; n++ {
		seen := make(map[int]bool)
		for _, to := range order(n, Mix(n)) {
			seen[to] = to < int(n)
		}
		if len(seen) != int(n) {
			t.Errorf("size %d: %d different places", n, len(seen))
		}
	}
}

// No table: sizes far beyond memory work too, and nothing overflows.
func TestShuffleHugeSize(t *testing.T) {
	for _, n := range []uint64{1 << 32, 1<<40 + 7, 1 << 62} {
		s := NewShuffler(n)
		seen := make(map[uint64]bool)
		for i := range uint64(1000) {
			to := s.At(n-1-i, 42)
			if to >= n || seen[to] {
				t.Fatalf("n %d: place %d", n, to)
			}
			seen[to] = true
		}
	}
}

// Each of the 24 orders of four lines comes up about equally often.
func TestShuffleIsEven(t *testing.T) {
	const passes = 24_000
	count := make(map[string]int)
	for pass := range uint64(passes) {
		count[fmt.Sprint(order(4, Mix(99+pass)))]++
	}
	if len(count) != 24 {
		t.Fatalf("%d of 24 orders", len(count))
	}
	chi := 0.0
	for _, n := range count {
		d := float64(n) - passes/24
		chi += d * d / (passes / 24)
	}
	t.Logf("chi-square %.1f", chi)
	if chi > 49.7 { // one chance in a thousand with 23 degrees of freedom; the keys are fixed
		t.Errorf("chi-square %.1f: %v", chi, count)
	}
}
