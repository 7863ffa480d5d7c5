package main

// exampleMax caps the lists of examples in a summary.
const exampleMax = 20

// summary is what arrived, all processes that wrote the log taken together.
type summary struct {
	Arrived    uint64 `json:"arrived"`    // requests, malformed ones apart
	Distinct   uint64 `json:"distinct"`   // different indices
	Duplicates uint64 `json:"duplicates"` // arrivals of an index that had arrived before
	Twice      []uint32
	Missing    uint64            `json:"missing"` // of the expected indices
	Ranges     [][2]uint64       `json:"ranges"`  // of them, from and to, the first few
	Malformed  uint64            `json:"malformed"`
	Unfinished uint64            `json:"unfinished"` // in the log's hands when it was killed
	Overflow   uint64            `json:"overflow"`   // beyond the log's room
	Answers    map[string]uint64 `json:"answers"`
	// Connections that were accepted, those that carried a request, and the
	// most that one carried.
	Connections, Used, MostOnOne uint64
}

func (a *arrivals) summary(expect uint64) summary {
	s := summary{Answers: map[string]uint64{}, Connections: a.head.connections.Load()}
	taken := a.head.requests.Load()
	if room := uint64(len(a.records)); taken > room {
		s.Overflow, taken = taken-room, room
	}
	perConnection := make([]uint32, s.Connections+1)
	seen := make([]uint64, expect/64+1)
	for i := range a.records[:taken] {
		r := &a.records[i]
		index := r.index.Load()
		if index == 0 {
			s.Unfinished++
			continue
		}
		as := answer(r.tail & 0xff)
		s.Answers[as.String()]++
		perConnection[r.tail>>8]++
		if as == malformed {
			s.Malformed++
			continue
		}
		s.Arrived++
		if index == noIndex {
			continue
		}
		n := index - firstIndex
		for uint64(n)/64 >= uint64(len(seen)) {
			seen = append(seen, 0)
		}
		if bit := uint64(1) << (n % 64); seen[n/64]&bit == 0 {
			seen[n/64] |= bit
			s.Distinct++
			continue
		}
		if s.Duplicates++; s.Duplicates <= exampleMax {
			s.Twice = append(s.Twice, n)
		}
	}
	for _, n := range perConnection {
		if n > 0 {
			s.Used++
			s.MostOnOne = max(s.MostOnOne, uint64(n))
		}
	}
	s.missing(seen, expect)
	return s
}

// missing lists the indices below expect that did not arrive.
func (s *summary) missing(seen []uint64, expect uint64) {
	for i := range expect {
		if seen[i/64]>>(i%64)&1 == 1 {
			continue
		}
		s.Missing++
		if last := len(s.Ranges) - 1; last >= 0 && s.Ranges[last][1] == i-1 {
			s.Ranges[last][1] = i
		} else if len(s.Ranges) < exampleMax {
			s.Ranges = append(s.Ranges, [2]uint64{i, i})
		}
	}
}
