package payloads

import (
	"errors"
	"sync"
)

// maxVariants is how many distinct combinations of name, method, host and headers
// request lines may have: each costs a prebuilt message head.
const maxVariants = 10_000

var errVariants = errors.New("more than 10,000 distinct combinations of name, method, host and headers; " +
	"put what differs from line to line into the path or the body")

// interner gives equal variants one number. Numbers follow the order in which
// goroutines ask, until inOrder sorts them.
type interner struct {
	mu   sync.Mutex
	ids  map[string]uint16 // by variantKey
	list []Variant
}

func newInterner() *interner {
	return &interner{ids: make(map[string]uint16), list: make([]Variant, 1)}
}

// intern returns the number of a variant; false when there are too many.
func (n *interner) intern(key string, v Variant) (uint16, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if id, ok := n.ids[key]; ok {
		return id, true
	}
	if len(n.list) > maxVariants {
		return 0, false
	}
	id := uint16(len(n.list))
	n.ids[key] = id
	n.list = append(n.list, v)
	return id, true
}

// inOrder renumbers the variants in the order of their first line, so that
// the same files always give the same numbers, and returns them.
func (n *interner) inOrder(sources []*source) []Variant {
	renumbered := make([]uint16, len(n.list))
	ordered := make([]Variant, 1, len(n.list))
	for _, s := range sources {
		for i, old := range s.variants {
			if old != 0 && renumbered[old] == 0 {
				renumbered[old] = uint16(len(ordered))
				ordered = append(ordered, n.list[old])
			}
			s.variants[i] = renumbered[old]
		}
	}
	return ordered
}
