package result

import (
	"brunt/attack/cause"
	"brunt/attack/histogram"
)

// MaxFollowed is how many payload names are counted by interval; the requests of all
// others are counted together.
const MaxFollowed = 32

// OtherNames is the index of an IntervalNamed that counts the names which are not
// followed.
const OtherNames = -1

// MaxKinds is how many kinds of failures are counted by interval; what comes after is
// counted under KindOther.
const MaxKinds = 64

// Followed says what the indexes of intervals stand for. An index never changes
// within a run.
type Followed struct {
	Names   []string // those with most lines in the payload files, in order of first appearance
	LeftOut int      // names that are counted under OtherNames; below 0 where the number is not known
	Kinds   []FailureKind
}

// FailureKind tells failures apart.
type FailureKind struct {
	Kind   string // as in Failure
	Status int
	Cause  cause.Cause
}

// IntervalNamed are the requests of one payload name that ended within one interval.
type IntervalNamed struct {
	Index                           int // in Followed.Names, or OtherNames
	Sent, Succeeded, Failed, CutOff uint64
	BytesIn, BytesOut, Tokens       uint64
	Response                        histogram.Sketch // of successes; empty under OtherNames
}

// namedSize is about what an IntervalNamed takes without its sketch.
const namedSize = 96

// KindCount is how many failures of one kind ended within one interval.
type KindCount struct {
	Index int // in Followed.Kinds
	Count uint64
}

// Add adds the counts of another one; its sketch stays as it is.
func (n *IntervalNamed) Add(o *IntervalNamed) {
	n.Sent += o.Sent
	n.Succeeded += o.Succeeded
	n.Failed += o.Failed
	n.CutOff += o.CutOff
	n.BytesIn += o.BytesIn
	n.BytesOut += o.BytesOut
	n.Tokens += o.Tokens
}

// JoinNames adds up two lists that are in the order of their indexes.
func JoinNames(a, b []IntervalNamed, s *histogram.Sketcher) []IntervalNamed {
	return joined(a, b, func(n *IntervalNamed) int { return n.Index }, func(sum, more *IntervalNamed) {
		sum.Add(more)
		sum.Response = s.Join(sum.Response, more.Response)
	})
}

// JoinKinds adds up two lists that are in the order of their indexes.
func JoinKinds(a, b []KindCount) []KindCount {
	return joined(a, b, func(k *KindCount) int { return k.Index }, func(sum, more *KindCount) { sum.Count += more.Count })
}

// joined merges two lists that are in the order of their indexes; add adds up two
// entries of one index.
func joined[T any](a, b []T, index func(*T) int, add func(sum, more *T)) []T {
	if len(a) == 0 {
		return b
	}
	out := make([]T, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && index(&a[0]) < index(&b[0]):
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || index(&b[0]) < index(&a[0]):
			out, b = append(out, b[0]), b[1:]
		default:
			sum := a[0]
			add(&sum, &b[0])
			out, a, b = append(out, sum), a[1:], b[1:]
		}
	}
	return out
}
