package compare

import (
	"math"
	"math/rand/v2"
	"slices"
)

// chances are, for each figure, the share of ways to deal the blocks of both sides
// anew to two sides in which any figure that decides differs as much as this one
// does: a permutation test over all figures at once (Westfall and Young, 1993).
//
// It stands beside the bootstrap for what is rare and comes in lumps. A side in whose
// minute no second stalled has no stall to draw, so that it seems sure of having
// none; dealing three such seconds of both sides puts them all on one side once in
// four times.
func chances(
	list []*row,
	a, b *series,
	cols *[distributions]columns,
	length float64,
	observed []estimate,
	random *rand.Rand,
) []float64 {
	pool := &series{stretches: append(append([]stretch{}, a.stretches...), b.stretches...)}
	size := max(1, min(int(math.Ceil(length)), min(len(a.stretches), len(b.stretches))/leastBlocks))
	blocks := blocksOf(a, size, 0)
	first := len(blocks)
	blocks = append(blocks, blocksOf(b, size, len(a.stretches))...)
	x, y := newSum(cols), newSum(cols)
	differences := make([][]float64, len(list))
	for i := range differences {
		differences[i] = make([]float64, replicates)
	}
	left, right := make([]int, len(pool.stretches)), make([]int, len(pool.stretches))
	for r := range replicates {
		random.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		clear(left)
		clear(right)
		for i, block := range blocks {
			side := left
			if i >= first {
				side = right
			}
			for k := block.from; k < block.end; k++ {
				side[k] = 1
			}
		}
		pool.weighted(left, x)
		pool.weighted(right, y)
		for i, f := range list {
			differences[i][r] = f.statistic(y, cols) - f.statistic(x, cols)
		}
	}
	return smallestShare(list, differences, observed)
}

// leastBlocks is how many blocks a side is cut into at the least: of fewer, no deal
// is rare. Where latency remembers itself for longer, the bootstrap allows for it.
const leastBlocks = 12

// block is a stretch of stretches.
type block struct{ from, end int }

// blocksOf cuts a side's runs into blocks of so many stretches, the last of each run
// being shorter. Its stretches are counted from offset on.
func blocksOf(s *series, length, offset int) (blocks []block) {
	from := 0
	for _, end := range s.ends {
		for ; from < end; from += length {
			blocks = append(blocks, block{offset + from, offset + min(from+length, end)})
		}
		from = end
	}
	return blocks
}

// smallestShare turns differences into chances that hold for all figures at once: the
// share of replicates in which the least chance of any figure that decides is no more
// than this figure's own (minP, ibid.). A figure's own chance is the share of
// replicates that differ as much in it: how its values are spread does not matter.
func smallestShare(list []*row, differences [][]float64, observed []estimate) []float64 {
	least := make([]float64, replicates)
	for r := range least {
		least[r] = 1
	}
	own := make([]float64, len(list))
	for i, f := range list {
		sizes := make([]float64, replicates)
		for r, d := range differences[i] {
			sizes[r] = math.Abs(d)
		}
		sorted := slices.Sorted(slices.Values(sizes))
		atLeast := func(size float64) float64 {
			at, _ := slices.BinarySearch(sorted, size-1e-12)
			return float64(replicates-at+1) / float64(replicates+1)
		}
		own[i] = atLeast(math.Abs(observed[i].difference))
		if !f.decides || sorted[replicates-1] == 0 {
			continue
		}
		for r, size := range sizes {
			least[r] = math.Min(least[r], atLeast(size))
		}
	}
	slices.Sort(least)
	out := make([]float64, len(list))
	for i := range list {
		at, _ := slices.BinarySearch(least, own[i]+1e-12)
		out[i] = math.Max(own[i], float64(at+1)/float64(replicates+1))
	}
	return out
}
