package compare

import (
	"math"
	"slices"

	"brunt/report"
)

// series are the stretches of one side's runs, in their order. A stretch is the
// unit that is drawn: what lies within one stays together.
type series struct {
	stretches []stretch
	ends      []int // of each run, among the stretches
}

// stretch is one of them, its counts by the columns of both sides.
type stretch struct {
	counts [distributions][]count
	totals
}

// count is how many values lie in a column.
type count struct {
	column int32
	n      float64
}

// sum is that of many stretches, with a count for every column.
type sum struct {
	counts [distributions][]float64
	totals
}

// totals are what needs no columns.
type totals struct {
	failed  float64
	replies float64
	good    float64 // completed within width
	width   float64 // seconds
	done    float64 // completed within window
	window  float64 // seconds of the measured window
}

// columns are the buckets that any stretch of either side uses.
type columns struct {
	index    []uint64
	from, to []float64 // bounds in milliseconds
}

func (c *columns) find(index uint64) int {
	i, _ := slices.BinarySearch(c.index, index)
	return i
}

// bothSeries brings both sides into one form; false where a run has no stretches.
func bothSeries(base, next []*report.Report) (cols [distributions]columns, a, b *series, resolution float64, ok bool) {
	leading := math.MaxInt
	all := slices.Concat(base, next)
	for _, r := range all {
		if r.IntervalHistograms == nil {
			return cols, nil, nil, 0, false
		}
		leading = min(leading, r.IntervalHistograms.Bits)
	}
	for d := range distributions {
		cols[d] = columnsOf(all, d, leading)
	}
	return cols, seriesOf(base, &cols, leading), seriesOf(next, &cols, leading), math.Pow(2, float64(1-leading)), true
}

func columnsOf(runs []*report.Report, d distribution, leading int) (c columns) {
	for _, r := range runs {
		h := r.IntervalHistograms
		for i := range h.Stretches {
			for _, x := range d.of(&h.Stretches[i]) {
				c.index = append(c.index, recode(x.Index, h.Bits, leading))
			}
		}
		slices.Sort(c.index)
		c.index = slices.Compact(c.index)
	}
	for _, index := range c.index {
		from, to := report.BucketBounds(index, leading)
		c.from, c.to = append(c.from, max(from, 0.5)/1e6), append(c.to, to/1e6)
	}
	return c
}

// recode is the bucket of fewer leading bits that holds another.
func recode(index uint64, bits, leading int) uint64 {
	if bits == leading {
		return index
	}
	from, _ := report.BucketBounds(index, bits)
	return report.BucketOf(int64(from), leading)
}

func seriesOf(runs []*report.Report, cols *[distributions]columns, leading int) *series {
	s := &series{}
	for _, r := range runs {
		h := r.IntervalHistograms
		for i := range h.Stretches {
			in := &h.Stretches[i]
			out := stretch{totals: totals{
				failed: float64(in.Failed), replies: float64(in.Failed + in.Succeeded),
				good: float64(in.Succeeded), width: in.WidthS, done: float64(in.Completed),
			}}
			if in.WindowS != nil {
				out.window = *in.WindowS
			}
			for d := range distributions {
				for _, x := range d.of(in) {
					column := cols[d].find(recode(x.Index, h.Bits, leading))
					out.counts[d] = append(out.counts[d], count{int32(column), float64(x.Count)})
				}
			}
			s.stretches = append(s.stretches, out)
		}
		s.ends = append(s.ends, len(s.stretches))
	}
	return s
}

// weighted is the sum of the stretches, each taken so many times.
func (s *series) weighted(times []int, into *sum) {
	for d := range into.counts {
		clear(into.counts[d])
	}
	into.totals = totals{}
	for i, n := range times {
		if n == 0 {
			continue
		}
		w, x, t := float64(n), &s.stretches[i], &into.totals
		t.failed += w * x.failed
		t.replies += w * x.replies
		t.good += w * x.good
		t.width += w * x.width
		t.done += w * x.done
		t.window += w * x.window
		for d := range into.counts {
			to := into.counts[d]
			for _, c := range x.counts[d] {
				to[c.column] += w * c.n
			}
		}
	}
}

// newSum is an empty sum.
func newSum(cols *[distributions]columns) *sum {
	s := &sum{}
	for d := range cols {
		s.counts[d] = make([]float64, len(cols[d].index))
	}
	return s
}

// once takes each stretch one time.
func (s *series) once() []int {
	return slices.Repeat([]int{1}, len(s.stretches))
}

// quantile is that of counts by columns, within a bucket by its share of it.
func quantile(counts []float64, c *columns, p float64) float64 {
	total := 0.0
	for _, n := range counts {
		total += n
	}
	rank, below := p*total, 0.0
	for i, n := range counts {
		if n > 0 && below+n >= rank {
			return c.from[i] + (c.to[i]-c.from[i])*min(max((rank-below)/n, 0), 1)
		}
		below += n
	}
	return math.NaN()
}

// statistic is what is resampled of a figure: the logarithm of a time or a rate, or
// a share in percent.
func (f *row) statistic(of *sum, cols *[distributions]columns) float64 {
	switch f.kind {
	case percentile:
		return math.Log(quantile(of.counts[f.dist], &cols[f.dist], float64(f.q)/1e8))
	case mean:
		n, total := 0.0, 0.0
		for i, count := range of.counts[f.dist] {
			n += count
			total += count * (cols[f.dist].from[i] + cols[f.dist].to[i]) / 2
		}
		return math.Log(total / n)
	case failedShare:
		return 100 * of.failed / of.replies
	case succeededRate:
		return math.Log(of.good / of.width)
	}
	return math.Log(of.done / of.window)
}

// influence is how far each stretch pulls the figure from its value over all of
// them: for a percentile, the requests above it less their expected share. Its
// autocorrelation is that of the figure (the figure's influence function, but for a
// factor).
func (f *row) influence(s *series, all *sum, cols *[distributions]columns) []float64 {
	out := make([]float64, len(s.stretches))
	value := f.statistic(all, cols)
	for i := range s.stretches {
		x := &s.stretches[i]
		switch f.kind {
		case percentile, mean:
			c, at := &cols[f.dist], math.Exp(value)
			for _, in := range x.counts[f.dist] {
				j := in.column
				if f.kind == mean {
					out[i] += in.n * ((c.from[j]+c.to[j])/2 - at)
					continue
				}
				above := min(max((c.to[j]-at)/(c.to[j]-c.from[j]), 0), 1)
				out[i] += in.n * (above - (1 - float64(f.q)/1e8))
			}
		case failedShare:
			out[i] = x.failed - value/100*x.replies
		case succeededRate:
			out[i] = x.good - math.Exp(value)*x.width
		case completedRate:
			out[i] = x.done - math.Exp(value)*x.window
		}
	}
	return out
}
