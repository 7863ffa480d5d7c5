package payloads

// VariantShares is which share of the requests each of [Set.Variants] has, on average
// over passes through the files; of sessions, the share of the turns. The shares sum
// up to 1.
func (s *Set) VariantShares() []float64 {
	shares := make([]float64, len(s.variants))
	if s.fixed != nil {
		shares[0] = 1
		return shares
	}
	cycle := 0.0
	for _, n := range s.shares {
		cycle += float64(n)
	}
	for f, src := range s.sources {
		of, total := make([]float64, len(s.variants)), 0.0
		for line := range src.spans {
			weight := src.weight(line)
			of[src.variantOf(line)] += weight
			total += weight
		}
		for v, weight := range of {
			shares[v] += weight / total * float64(s.shares[f]) / cycle
		}
	}
	return shares
}

// weight is that of one line; lines without one weigh 1.
func (s *source) weight(line int) float64 {
	switch {
	case s.ends == nil:
		return 1
	case line == 0:
		return float64(s.ends[0])
	}
	return float64(s.ends[line] - s.ends[line-1])
}

// variantOf is the index of the line's variant.
func (s *source) variantOf(line int) int {
	if s.variants == nil {
		return 0
	}
	return int(s.variants[line])
}
