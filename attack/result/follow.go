package result

import (
	"maps"
	"slices"

	"brunt/attack/histogram"
)

// Follow numbers names and kinds of failures as they appear, for whoever counts
// requests one by one. The zero Follow is ready.
type Follow struct {
	Followed
	names map[string]int
	kinds map[FailureKind]int
}

// Name is the index of a name; OtherNames for one that is not followed.
func (f *Follow) Name(name string) int {
	at, known := f.names[name]
	switch {
	case known:
		return at
	case len(f.Names) == MaxFollowed:
		f.LeftOut = -1 // how many they are is not counted
		return OtherNames
	case f.names == nil:
		f.names = map[string]int{}
	}
	at = len(f.Names)
	f.names[name] = at
	f.Names = append(f.Names, name)
	return at
}

// Kind is the index of a kind of failures.
func (f *Follow) Kind(kind FailureKind) int {
	other := FailureKind{Kind: KindOther}
	at, known := f.kinds[kind]
	switch {
	case known:
		return at
	case len(f.Kinds) >= MaxKinds && kind != other:
		return f.Kind(other)
	case f.kinds == nil:
		f.kinds = map[FailureKind]int{}
	}
	at = len(f.Kinds)
	f.kinds[kind] = at
	f.Kinds = append(f.Kinds, kind)
	return at
}

// IntervalCounts counts one interval by name and by kind. The zero IntervalCounts is
// ready.
type IntervalCounts struct {
	names map[int]*NameCounts
	kinds map[int]uint64
}

// NameCounts are the counts of one name, and its response times.
type NameCounts struct {
	IntervalNamed
	times histogram.Distribution
}

// Record counts a response time in nanoseconds. Names that are not followed have none.
func (n *NameCounts) Record(ns int64) {
	if n.Index != OtherNames {
		n.times.Record(ns)
	}
}

// Name gives the counts of the name with that index.
func (c *IntervalCounts) Name(index int) *NameCounts {
	if c.names == nil {
		c.names = map[int]*NameCounts{}
	}
	if c.names[index] == nil {
		c.names[index] = &NameCounts{IntervalNamed: IntervalNamed{Index: index}}
	}
	return c.names[index]
}

// Failed counts a failure of the kind with that index.
func (c *IntervalCounts) Failed(index int) {
	if c.kinds == nil {
		c.kinds = map[int]uint64{}
	}
	c.kinds[index]++
}

// Join adds the counts of another interval, which is not used again.
func (c *IntervalCounts) Join(o *IntervalCounts) {
	for index, n := range o.names {
		sum := c.Name(index)
		sum.Add(&n.IntervalNamed)
		sum.times.Merge(n.times)
	}
	for index, n := range o.kinds {
		if c.kinds == nil {
			c.kinds = map[int]uint64{}
		}
		c.kinds[index] += n
	}
}

// Lists are the counts as an interval has them.
func (c *IntervalCounts) Lists() (names []IntervalNamed, kinds []KindCount) {
	for _, index := range slices.Sorted(maps.Keys(c.names)) {
		n := c.names[index]
		one := n.IntervalNamed
		one.Response = n.times.Sketch()
		names = append(names, one)
	}
	for _, index := range slices.Sorted(maps.Keys(c.kinds)) {
		kinds = append(kinds, KindCount{index, c.kinds[index]})
	}
	return names, kinds
}
