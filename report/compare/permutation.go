package compare

import (
	"math"
	"math/rand/v2"
)

// chances are, for each figure, the share of ways to deal the blocks of both sides
// anew to two sides in which any figure that decides differs as much as this one
// does: a permutation test, by its largest deviation (Westfall and Young, 1993).
//
// It stands beside the bootstrap for what is rare and comes in lumps. A side in whose
// minute no second stalled has no stall to draw, so that it seems sure of having
// none; dealing three such seconds of both sides puts them all on one side once in
// four times.
func chances(list []*row, a, b *series, cols *[distributions]columns, length float64, observed []estimate, random *rand.Rand) []float64 {
	pool := &series{stretches: append(append([]stretch{}, a.stretches...), b.stretches...)}
	size := max(1, min(int(math.Ceil(length)), min(len(a.stretches), len(b.stretches))/leastBlocks))
	blocks := blocksOf(a, size, 0)
	first := len(blocks)
	blocks = append(blocks, blocksOf(b, size, len(a.stretches))...)
	x, y := room(cols), room(cols)
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
	return largestShare(list, differences, observed)
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

// largestShare is the share of replicates whose largest deviation is no less than
// each figure's own, deviations being in standard deviations over the replicates.
func largestShare(list []*row, differences [][]float64, observed []estimate) []float64 {
	largest, spread := make([]float64, replicates), make([]float64, len(list))
	for i, f := range list {
		spread[i] = deviation(differences[i])
		if !f.decides || !(spread[i] > 0) {
			continue
		}
		for r, d := range differences[i] {
			largest[r] = math.Max(largest[r], math.Abs(d)/spread[i])
		}
	}
	out := make([]float64, len(list))
	for i := range list {
		if !(spread[i] > 0) {
			continue // equal however it is dealt: the bootstrap decides
		}
		own, as := math.Abs(observed[i].difference)/spread[i], 1
		for r := range largest {
			if largest[r] >= own || math.Abs(differences[i][r])/spread[i] >= own {
				as++
			}
		}
		out[i] = float64(as) / float64(replicates+1)
	}
	return out
}
