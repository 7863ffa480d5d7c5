package attack

import (
	"cmp"
	"slices"

	"brunt/attack/histogram"
	"brunt/attack/result"
)

// followed counts what ended in an interval by payload name and by kind of failure.
// Its size grows neither with requests nor with names: few names are followed, chosen
// before the run by their share of the requests, so that each of them has all its
// counts in every interval.
type followed struct {
	names   []string
	places  []int                  // name id → index in names, result.OtherNames for none
	leftOut int                    // names without a place
	now     []result.IntervalNamed // by index; the last one is of all others

	kinds   []result.FailureKind
	kindOf  map[failureKey]int
	counted []uint64 // failures of each kind as of the last interval
}

func newFollowed(r *Run) (f followed) {
	f.kindOf = map[failureKey]int{}
	f.places = make([]int, len(r.names))
	for id := range f.places {
		f.places[id] = result.OtherNames
	}
	for _, id := range r.mostUsedNames() {
		f.places[id] = len(f.names)
		f.names = append(f.names, r.names[id])
	}
	f.leftOut = len(r.names) - len(f.names)
	f.now = make([]result.IntervalNamed, len(f.names)+1)
	return f
}

// mostUsedNames are the ids of the names with the largest shares of the requests, in
// order.
func (r *Run) mostUsedNames() []int {
	ids := make([]int, len(r.names))
	for id := range ids {
		ids[id] = id
	}
	if len(ids) <= result.MaxFollowed {
		return ids
	}
	share := make([]float64, len(ids))
	for variant, part := range r.payloads.VariantShares() {
		if id := r.nameOf[variant]; id >= 0 {
			share[id] += part
		}
	}
	slices.SortStableFunc(ids, func(a, b int) int { return cmp.Compare(share[b], share[a]) })
	ids = ids[:result.MaxFollowed]
	slices.Sort(ids)
	return ids
}

// addName adds what a tally counted under a name in one interval.
func (f *followed) addName(id int, n *named, w *histogram.Sketcher) {
	at := f.places[id]
	if at == result.OtherNames {
		at = len(f.names)
	}
	now := &f.now[at]
	now.Add(&result.IntervalNamed{
		Sent: n.sent, Succeeded: n.succeeded, Failed: n.failed, CutOff: n.cutOff,
		BytesIn: n.bytesIn, BytesOut: n.bytesOut, Tokens: n.tokens,
	})
	if at < len(f.names) && n.succeeded > 0 {
		if more := w.Sketch(n.response); now.Response.Count() == 0 {
			now.Response = more
		} else {
			now.Response = w.Join(now.Response, more)
		}
	}
}

// interval is what has ended since the last one; failures are those of the whole run.
func (f *followed) interval(failures map[failureKey]*result.Failure) ([]result.IntervalNamed, []result.KindCount) {
	return f.takeNames(), f.takeKinds(failures)
}

func (f *followed) takeNames() (list []result.IntervalNamed) {
	used := 0
	for i := range f.now {
		if f.now[i].Sent > 0 {
			used++
		}
	}
	if used == 0 {
		return nil
	}
	list = make([]result.IntervalNamed, 0, used)
	take := func(i, index int) {
		if f.now[i].Sent > 0 {
			f.now[i].Index = index
			list = append(list, f.now[i])
			f.now[i] = result.IntervalNamed{}
		}
	}
	take(len(f.names), result.OtherNames) // the lowest index
	for i := range f.names {
		take(i, i)
	}
	return list
}

func (f *followed) takeKinds(failures map[failureKey]*result.Failure) (list []result.KindCount) {
	if len(failures) == 0 {
		return nil
	}
	f.number(failures)
	counts := make([]uint64, len(f.kinds))
	for key, failure := range failures {
		counts[f.kindOf[key]] += failure.Count
	}
	for i, n := range counts {
		if more := n - f.counted[i]; more > 0 {
			list = append(list, result.KindCount{Index: i, Count: more})
		}
	}
	copy(f.counted, counts)
	return list
}

// number gives the kinds that are new their indexes, those that came first before the
// others.
func (f *followed) number(failures map[failureKey]*result.Failure) {
	var fresh []failureKey
	for key := range failures {
		if _, known := f.kindOf[key]; !known {
			fresh = append(fresh, key)
		}
	}
	slices.SortFunc(fresh, func(a, b failureKey) int {
		return cmp.Or(cmp.Compare(failures[a].First, failures[b].First), cmp.Compare(a.kind, b.kind),
			cmp.Compare(a.status, b.status), cmp.Compare(a.cause, b.cause))
	})
	for _, key := range fresh {
		as := key
		if len(f.kinds) >= result.MaxKinds && key != otherKinds {
			as = otherKinds
		}
		at, known := f.kindOf[as]
		if !known {
			at = len(f.kinds)
			failure := failures[key]
			kind := result.FailureKind{Kind: failure.Kind, Status: failure.Status, Cause: failure.Cause}
			if as == otherKinds {
				kind = result.FailureKind{Kind: result.KindOther}
			}
			f.kinds, f.counted = append(f.kinds, kind), append(f.counted, 0)
			f.kindOf[as] = at
		}
		f.kindOf[key] = at
	}
}

// all is what the indexes stand for by now. What it gives is never written to.
func (f *followed) all() result.Followed {
	n := len(f.kinds)
	return result.Followed{Names: f.names, LeftOut: f.leftOut, Kinds: f.kinds[:n:n]}
}
