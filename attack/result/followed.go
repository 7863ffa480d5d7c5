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
	if len(a) == 0 {
		return b
	}
	out := make([]IntervalNamed, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Index < b[0].Index:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0].Index < a[0].Index:
			out, b = append(out, b[0]), b[1:]
		default:
			sum := a[0]
			sum.Add(&b[0])
			sum.Response = s.Join(sum.Response, b[0].Response)
			out, a, b = append(out, sum), a[1:], b[1:]
		}
	}
	return out
}

// JoinKinds adds up two lists that are in the order of their indexes.
func JoinKinds(a, b []KindCount) []KindCount {
	if len(a) == 0 {
		return b
	}
	out := make([]KindCount, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Index < b[0].Index:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0].Index < a[0].Index:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, KindCount{a[0].Index, a[0].Count + b[0].Count}), a[1:], b[1:]
		}
	}
	return out
}
