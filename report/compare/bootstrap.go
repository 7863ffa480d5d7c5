package compare

import (
	"math"
	"math/rand/v2"
	"slices"

	"brunt/report"
)

// replicates is how often the runs are drawn anew. With 2,000 the error of an
// interval's end by the drawing itself is about 2 % of its length.
const replicates = 2000

// bootstrap resamples both sides' stretches in blocks. The figures that are listed
// are known of both sides.
func bootstrap(base, next []*report.Report, list []*row) ([]estimate, *sampling, bool) {
	cols, a, b, resolution, ok := bothSeries(base, next)
	if !ok {
		return nil, nil, false
	}
	// Any fixed seed will do: the same reports must always get the same answer.
	random := rand.New(rand.NewPCG(1, 2))
	x, y := a.resample(list, &cols, random), b.resample(list, &cols, random)
	out := make([]estimate, len(list))
	for i, f := range list {
		out[i].difference = y.value[i] - x.value[i]
		out[i].deviation = math.Hypot(x.error(i, f, resolution), y.error(i, f, resolution))
	}
	reach := jointReach(list, x, y) * student(x, y)
	chance := chances(list, a, b, &cols, math.Max(x.length, y.length), out, random)
	for i := range out {
		e := &out[i]
		half := reach * e.deviation
		if chance[i] > 1-confidence { // as much by chance: the interval reaches to none
			half = math.Max(half, math.Abs(e.difference))
		}
		e.reach, e.low, e.high = reach, e.difference-half, e.difference+half
	}
	return out, &sampling{
		blocks:    math.Min(x.blocks, y.blocks),
		stretches: min(len(a.stretches), len(b.stretches)),
	}, true
}

// sampling is what the intervals rest on.
type sampling struct {
	blocks    float64 // independent ones, of the side that has fewer
	stretches int     // of the side that has fewer
}

// resampled are one side's figures: of all stretches, and of each replicate.
type resampled struct {
	value  []float64
	drawn  [][]float64 // by figure
	spread []float64   // standard deviation of drawn
	least  []float64   // standard error that independent requests would have
	blocks float64     // how many there are
	length float64     // in stretches
}

func (s *series) resample(list []*row, cols *[distributions]columns, random *rand.Rand) *resampled {
	n := len(s.stretches)
	all := newSum(cols)
	s.weighted(s.once(), all)
	out := &resampled{
		value: make([]float64, len(list)), drawn: make([][]float64, len(list)),
		spread: make([]float64, len(list)), least: make([]float64, len(list)), length: 1,
	}
	for i, f := range list {
		out.value[i], out.least[i] = f.statistic(all, cols), f.independent(all, cols)
		out.drawn[i] = make([]float64, replicates)
		if f.decides {
			out.length = math.Max(out.length, s.lengthFor(f.influence(s, all, cols)))
		}
	}
	out.blocks = math.Max(float64(n)/out.length, 1)
	drawn, times := newSum(cols), make([]int, n)
	for r := range replicates {
		s.draw(times, out.length, random)
		s.weighted(times, drawn)
		for i, f := range list {
			out.drawn[i][r] = f.statistic(drawn, cols)
		}
	}
	// A replicate is as much less spread as the mean of k blocks is about its own.
	correction := math.Sqrt(out.blocks / math.Max(out.blocks-1, 1))
	independent := float64(n)
	for i, f := range list {
		more, share := s.persistence(f.influence(s, all, cols), out.length)
		out.spread[i] = deviation(out.drawn[i]) * correction * more
		if f.decides {
			independent = math.Min(independent, float64(n)*share)
		}
	}
	out.blocks = math.Max(math.Min(out.blocks, independent), 1)
	return out
}

// persistence is by how much more a figure varies than blocks of that mean length show,
// if its stretches follow an autoregression of the first order, 1 or more; and how many
// independent stretches one of these is worth, 1 or less. Blocks break
// what is alike at their ends, and in a short series of slow ups and downs the
// correlations themselves come out too small (Kendall, Biometrika 41, 1954, has the
// correction).
func (s *series) persistence(influence []float64, length float64) (more, share float64) {
	var r0, r1, seen float64
	n, from := float64(len(influence)), 0
	for _, end := range s.ends {
		x := influence[from:end]
		part := float64(end-from) / n
		first := autocovariance(x, 0)
		r0 += part * first
		seen += part * first
		kept := 1.0
		for k := 1; k < len(x); k++ {
			if kept *= 1 - 1/length; kept < 1e-4 {
				break
			}
			seen += part * 2 * (1 - float64(k)/float64(len(x))) * kept * autocovariance(x, k)
		}
		if len(x) > 1 {
			r1 += part * autocovariance(x, 1)
		}
		from = end
	}
	if !(r0 > 0) || !(seen > 0) {
		return 1, 1
	}
	each := n / float64(len(s.ends)) // stretches of a run
	phi := r1 / r0
	if phi < 2/math.Sqrt(n) { // as independent stretches have it, too
		return 1, 1
	}
	phi += (1+4*phi)/each + math.Sqrt((1-phi*phi)/n)/2 // half a standard error: a false alarm costs more
	phi = math.Min(phi, 0.95)
	share = (1 - phi) / (1 + phi)
	return math.Max(1, math.Sqrt(r0/share/seen)), share
}

// lengthFor is blockLength over all runs, of which the longest tells.
func (s *series) lengthFor(influence []float64) float64 {
	length, from := 1.0, 0
	for _, end := range s.ends {
		length = math.Max(length, blockLength(influence[from:end]))
		from = end
	}
	return length
}

// draw counts how often each stretch is taken: as many as there are, in blocks whose
// lengths are geometric with that mean, each beginning anywhere and going round
// within its run.
func (s *series) draw(times []int, length float64, random *rand.Rand) {
	clear(times)
	at := -1
	from, end := 0, 0
	for range times {
		if at < 0 || random.Float64() < 1/length {
			at = random.IntN(len(times))
			from, end = s.runOf(at)
		} else if at++; at == end {
			at = from
		}
		times[at]++
	}
}

// runOf are the bounds of the run that a stretch is of.
func (s *series) runOf(at int) (from, end int) {
	for _, end = range s.ends {
		if at < end {
			return from, end
		}
		from = end
	}
	return from, end
}

// independent is the standard error that the figure would have if all requests were
// independent of each other. A resampled one is never taken to be smaller: few
// stretches can look calmer than they are.
func (f *row) independent(all *sum, cols *[distributions]columns) float64 {
	switch f.kind {
	case percentile:
		n, p := 0.0, float64(f.q)/1e8
		for _, count := range all.counts[f.dist] {
			n += count
		}
		d := math.Sqrt(p * (1 - p) / n)
		c := &cols[f.dist]
		return math.Log(
			quantile(all.counts[f.dist], c, math.Min(p+d, 1))/quantile(all.counts[f.dist], c, math.Max(p-d, 0)),
		) / 2
	case failedShare:
		// One success and one failure more, as Agresti and Caffo (2000) have it: a side
		// without failures has not shown that it never has any.
		n := all.replies + 2
		p := (all.failed + 1) / n
		return 100 * math.Sqrt(p*(1-p)/n)
	case succeededRate, completedRate:
		return 0 // a plan's rate has no chance in it
	}
	return 0
}

// error is the figure's standard error on this side: a bucket's width counts as an
// error, since within one nothing is known.
func (r *resampled) error(i int, f *row, resolution float64) float64 {
	e := math.Max(r.spread[i], r.least[i])
	if f.kind == percentile || f.kind == mean {
		e = math.Hypot(e, resolution/math.Sqrt(12))
	}
	return e
}

// jointReach is how many standard errors an interval must take on either side so
// that all of them hold at once: the quantile of the largest deviation among the
// figures that decide (the single-step max-T procedure of Westfall and Young, 1993),
// and never below that of one figure alone. It is taken at 97.5 % and not at 95 %:
// a bootstrap of autocorrelated data holds less often than it should, and what the
// report states is to be kept there, too.
func jointReach(list []*row, x, y *resampled) float64 {
	largest := make([]float64, replicates)
	for i, f := range list {
		if !f.decides {
			continue
		}
		d := make([]float64, replicates)
		for r := range d {
			d[r] = y.drawn[i][r] - x.drawn[i][r]
		}
		m, sd := average(d), deviation(d)
		if !(sd > 0) {
			continue
		}
		for r := range d {
			largest[r] = math.Max(largest[r], math.Abs(d[r]-m)/sd)
		}
	}
	slices.Sort(largest)
	return math.Max(largest[int(math.Ceil(drawnConfidence*replicates))-1], normal975)
}

const (
	confidence      = 0.95
	drawnConfidence = 0.975
	normal95        = 1.959964 // two-sided 95 % of the normal distribution
	normal975       = 2.241403 // two-sided 97.5 % of it
	power           = 0.841621 // 80 % of it, one-sided
)

// student is by how much intervals are wider because the spread itself is known of
// few blocks only: Student's t over the normal, with Welch and Satterthwaite's
// degrees of freedom for two sides of equal spread.
func student(x, y *resampled) float64 {
	df := 4 / (1/math.Max(x.blocks-1, 0.5) + 1/math.Max(y.blocks-1, 0.5))
	return studentQuantile(df) / normal95
}

// studentQuantile is the two-sided 95 % quantile of Student's t, by bisection of its
// distribution function.
func studentQuantile(df float64) float64 {
	df = math.Max(df, 1)
	low, high := 1.9, 13.0
	for range 60 {
		if mid := (low + high) / 2; studentTail(mid, df) > 1-confidence {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// studentTail is P(|t| > x), by Simpson's rule over the density on [0, x].
func studentTail(x, df float64) float64 {
	a, _ := math.Lgamma((df + 1) / 2)
	b, _ := math.Lgamma(df / 2)
	scale := math.Exp(a-b) / math.Sqrt(df*math.Pi)
	density := func(t float64) float64 { return scale * math.Pow(1+t*t/df, -(df+1)/2) }
	const steps = 400
	h, sum := x/steps, density(0)+density(x)
	for i := 1; i < steps; i++ {
		sum += density(float64(i)*h) * float64(2+2*(i%2))
	}
	return 1 - 2*sum*h/3
}

// deviation is the standard deviation of a sample.
func deviation(x []float64) float64 {
	m, sum := average(x), 0.0
	for _, v := range x {
		sum += (v - m) * (v - m)
	}
	return math.Sqrt(sum / float64(len(x)-1))
}
