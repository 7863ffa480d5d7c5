package payloads

import (
	"brunt/payloads/compose"
	"brunt/payloads/inference"
	"brunt/payloads/setting"
	"brunt/payloads/splice"
)

// place notes where a body stands that was made.
func (x *indexer) place(body int, p compose.Place) {
	x.makePlaces.Do(func() { x.src.places = make([]span, len(x.src.spans)) })
	x.src.places[body] = newSpan(p.Offset, p.Length)
}

// placePath notes where the path of the line that was read last stands: in the line, or
// among what was made.
func (x *indexer) placePath(rd *requestReader, body, at int) error {
	if rd.path == nil {
		return nil
	}
	x.makePaths.Do(func() { x.src.paths = make([]span, len(x.src.spans)) })
	if rd.pathAt > 0 {
		x.src.paths[body] = newSpan(at+rd.pathAt, len(rd.path))
		return nil
	}
	p, err := x.src.maker.Add(rd.path)
	x.src.paths[body] = newSpan(p.Offset, p.Length|madePath)
	return err
}

// findSplices finds the places of what each request has of its own in its body.
func (x *indexer) findSplices(body int) (problem setting.Text) {
	if x.src.spans[body].length() == 0 || x.src.places != nil && x.src.places[body] != 0 {
		return noSplice(x.splice)
	}
	sp := x.src.spans[body]
	x.src.splices[body], problem = splice.Find(x.splice, x.src.data[sp.offset():sp.offset()+sp.length()])
	return problem
}

// noSplice says what is wrong where splices are wanted in what is no JSON text: nothing
// where they may be left out.
func noSplice(list []splice.Finder) setting.Text {
	_, problem := splice.Find(list, []byte("null"))
	return problem
}

// noTimes are n requests that do not say when they came.
func noTimes(n int) []int64 {
	times := make([]int64, n)
	for i := range times {
		times[i] = inference.NoTime
	}
	return times
}

// addTimes puts the times of all chunks together, if there are any.
func (x *indexer) addTimes() {
	s := x.src
	for k, r := range x.reports {
		if r.times == nil {
			continue
		}
		if s.times == nil {
			s.times = noTimes(len(s.spans))
		}
		copy(s.times[s.chunks[k].firstBody:], r.times)
		x.reports[k].times = nil
	}
}

// addWeights sums up the weights of all lines.
func (x *indexer) addWeights() {
	s := x.src
	s.ends = make([]uint64, len(s.spans))
	sum, body := uint64(0), 0
	for k, r := range x.reports {
		for i := range s.chunks[k].bodies {
			w := uint64(1)
			if r.weights != nil {
				w = uint64(r.weights[i])
			}
			sum += w
			s.ends[body] = sum
			body++
		}
		x.reports[k].weights = nil
	}
}
