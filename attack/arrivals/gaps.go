package arrivals

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// BlockSize is the number of requests whose gaps are drawn together, with a sum
// that is BlockSize mean gaps exactly: requests 0, 10,000, 20,000 … come when they
// would at a constant rate, so that the rate does not drift however long a run is.
// Between them the gaps are those of the law, given their sum (for the gamma law:
// Dirichlet's distribution). A queue forgets its past within far fewer requests.
const BlockSize = 10_000

// Gaps are the positions of requests by a random law. Any number of goroutines may
// ask for them; a block of them takes 80 kB, and a few are kept.
type Gaps struct {
	shape float64
	seed  [2]uint64
	kept  [4]atomic.Pointer[block]
}

type block struct {
	number uint64
	ends   []float64 // of the gaps, in mean gaps since the block's beginning
}

// NewGaps are those of the law, or nil for Constant. The same seed and stream give
// the same gaps, and two streams of one seed independent ones.
func NewGaps(law Law, seed, stream uint64) *Gaps {
	if !law.Random() {
		return nil
	}
	return &Gaps{shape: law.Shape, seed: [2]uint64{seed, stream}}
}

// Position is that of request k; without gaps, k.
func (g *Gaps) Position(k uint64) Position {
	if g == nil {
		return At(k)
	}
	number, i := k/BlockSize, k%BlockSize
	if i == 0 {
		return At(k)
	}
	b := g.block(number)
	if i == BlockSize/2 {
		go g.block(number + 1) // so that no request waits for it
	}
	return at(b.ends[i-1]).Plus(number * BlockSize)
}

// Before is the number of requests whose position lies before p.
func (g *Gaps) Before(p Position) uint64 {
	if g == nil {
		return p.Ceil()
	}
	number, rest := p.Whole/BlockSize, Position{p.Whole % BlockSize, p.Fraction}
	if rest == (Position{}) {
		return p.Whole
	}
	ends := g.block(number).ends
	n, _ := slices.BinarySearchFunc(ends, rest, func(end float64, p Position) int {
		if at(end).Before(p) {
			return -1
		}
		return 1
	})
	return number*BlockSize + min(uint64(n)+1, BlockSize)
}

// at is a position given in requests.
func at(requests float64) Position {
	whole := math.Floor(requests)
	return Position{uint64(whole), uint64(math.Ldexp(requests-whole, 64))}
}

// block draws the block's gaps, unless it is kept.
func (g *Gaps) block(number uint64) *block {
	kept := &g.kept[number%uint64(len(g.kept))]
	if b := kept.Load(); b != nil && b.number == number {
		return b
	}
	d := draw{rand.NewPCG(mixed(g.seed[0], 2*g.seed[1]), mixed(number, 2*g.seed[1]+1))}
	b := &block{number, make([]float64, BlockSize)}
	sum := 0.0
	for i := range b.ends {
		sum += d.gamma(g.shape)
		b.ends[i] = sum
	}
	for i, end := range b.ends {
		b.ends[i] = min(BlockSize, float64(end*BlockSize)/sum)
	}
	b.ends[BlockSize-1] = BlockSize
	kept.Store(b)
	return b
}

// mixed spreads what differs little over all bits: the finalizer of SplitMix64
// (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
func mixed(a, b uint64) uint64 {
	z := a + 0x9e3779b97f4a7c15*(b+1)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
