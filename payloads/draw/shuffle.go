package draw

import (
	"math"
)

// Shuffler permutes 0 … n-1, differently for each key, without a table: a
// Feistel network over a grid of rows × columns that has room for n.
type Shuffler struct {
	n, columns, rows uint64
	rounds           int
}

// NewShuffler prepares permutations of 0 … n-1.
func NewShuffler(n uint64) Shuffler {
	columns := uint64(math.Sqrt(float64(n)))
	for columns == 0 || columns*columns < n {
		columns++
	}
	// On a small grid each round has few choices, so it takes more of them
	// until all orders are about equally likely.
	rounds := 4
	if n < 1000 {
		rounds = 8
	}
	return Shuffler{n: n, columns: columns, rows: (n + columns - 1) / columns, rounds: rounds}
}

// At returns where the permutation of that key sends pos. The grid has less
// than one row more than needed, so walking on from the places outside of
// 0 … n-1 is rare; it ends, since the network permutes the whole grid.
func (s Shuffler) At(pos, key uint64) uint64 {
	for {
		column, row := pos%s.columns, pos/s.columns
		k := key
		for range s.rounds {
			column += Below(Mix(k+row), s.columns)
			if column >= s.columns {
				column -= s.columns
			}
			k += Golden
			row += Below(Mix(k+column), s.rows)
			if row >= s.rows {
				row -= s.rows
			}
			k += Golden
		}
		if pos = row*s.columns + column; pos < s.n {
			return pos
		}
	}
}
