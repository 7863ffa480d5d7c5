package payloads

import (
	"cmp"
	"fmt"
	"slices"

	"brunt/payloads/file"
	"brunt/payloads/inference"
	"brunt/payloads/setting"
)

// record puts the bodies of a file that says when its requests came in that order.
func (s *source) record() error {
	if s.times == nil {
		return s.wrongText(
			setting.Textf("neither an inference table nor lines of the request format with timestamp_ms, which say "+
				"when requests came: %v has no timing to go by", setting.Replay),
		)
	}
	if s.sessions != nil {
		return s.recordSessions()
	}
	s.order = make([]uint32, len(s.spans))
	for i, at := range s.times {
		if at == inference.NoTime || at == inference.BadTime {
			return s.untimed(uint64(i), at)
		}
		s.order[i] = uint32(i)
	}
	slices.SortStableFunc(s.order, func(a, b uint32) int { return cmp.Compare(s.times[a], s.times[b]) })
	return nil
}

// untimed is the error for a row that does not say when its request came.
func (s *source) untimed(line uint64, at int64) error {
	n, err := s.lineNumber(line)
	if err != nil {
		return err
	}
	problem := setting.Textf(
		"no timestamp_ms or request_time in the row; leave it out, or leave out %v",
		setting.Replay,
	)
	if at == inference.BadTime {
		problem = setting.Textf("timestamp_ms or request_time is no time; "+
			"write milliseconds since 1970, or 2025-01-02T03:04:05.678Z, or leave out %v", setting.Replay)
	}
	return &file.LineError{File: s.name, Line: n, Problem: problem}
}

// record puts the bodies of the set's one file in the order in which they came.
func (s *Set) record() error {
	if len(s.sources) != 1 {
		return setting.Errorf("%v takes one file, for the timing is its own", setting.Replay)
	}
	if s.sources[0].ends != nil {
		return fmt.Errorf("%s: lines with weights have no timing", s.sources[0].name)
	}
	s.straight = nil
	return s.sources[0].record()
}

// Instants are when the requests of a recorded set came, in nanoseconds since
// the first, in order: request i of a run is that of instant i. Nil for sets
// in other orders.
func (s *Set) Instants() []int64 {
	if s.order != Recorded || len(s.sources) != 1 {
		return nil
	}
	src := s.sources[0]
	list := make([]int64, len(src.order))
	for i, line := range src.order {
		list[i] = src.times[line] - src.times[src.order[0]]
	}
	return list
}
