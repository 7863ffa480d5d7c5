package report

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/histogram"
	"brunt/report/format"
)

// AtEach is At for each of many quantiles, in one pass over the histogram.
func (h Histogram) AtEach(quantiles []Quantile) []*float64 {
	out := make([]*float64, len(quantiles))
	n := h.Count()
	if n == 0 {
		return out
	}
	places := make([]float64, len(quantiles))
	for i, q := range quantiles {
		places[i] = q.place(n)
	}
	for i, ns := range h.ValueAtPercentilesSlice(places) {
		if n >= quantiles[i].Needs() {
			out[i] = format.Millis(float64(ns))
		}
	}
	return out
}

// place is the percentile by which HdrHistogram, which looks for the sample
// number ⌊n·p/100 + ½⌋, finds the ⌈q·n⌉-th of n samples.
func (q Quantile) place(n uint64) float64 { return 100 * (float64(q.rank(n)) - 0.25) / float64(n) }

// Summary sums up one distribution, in milliseconds. All but the count are
// null when there is no sample; a percentile also when there are too few (see
// Quantile.Needs). Values of 1 ms and more are rounded to 1 µs, smaller ones
// are whole nanoseconds; they come from a histogram of 3 significant digits
// and are at most 0.1 % above the true value, never below it.
type Summary struct {
	Count  uint64   `json:"count"`
	Min    *float64 `json:"min"`
	Mean   *float64 `json:"mean"`
	StdDev *float64 `json:"stddev"` // of the population
	P50    *float64 `json:"p50"`
	P75    *float64 `json:"p75"`
	P90    *float64 `json:"p90"`
	P95    *float64 `json:"p95"`
	P99    *float64 `json:"p99"`
	P999   *float64 `json:"p99_9"`
	P9999  *float64 `json:"p99_99"`
	Max    *float64 `json:"max"`
}

// Quantile is a share of samples in units of 10⁻⁸, so that 99.99 % is exact
// where a float is not.
type Quantile int64

// The quantiles of a Summary.
const (
	one   Quantile = 1e8
	P50   Quantile = 50e6
	P75   Quantile = 75e6
	P90   Quantile = 90e6
	P95   Quantile = 95e6
	P99   Quantile = 99e6
	P999  Quantile = 99.9e6
	P9999 Quantile = 99.99e6
)

// ParseQuantile reads the NN.N of pNN.N: above 0 and below 100, at most six
// decimals.
func ParseQuantile(s string) (Quantile, bool) {
	whole, fraction, dotted := strings.Cut(s, ".")
	if len(whole) < 1 || len(whole) > 2 || len(fraction) > 6 || dotted && fraction == "" {
		return 0, false
	}
	v, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", 6-len(fraction)), 10, 63)
	return Quantile(v), err == nil && v > 0
}

// String is the quantile as rules write it: p99.9.
func (q Quantile) String() string {
	s := fmt.Sprintf("%d.%06d", q/1e6, q%1e6)
	return "p" + strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// Needs is the number of samples below which the quantile says nothing:
// 1/(1−q) for the upper half (p90 10, p99 100, p99.9 1,000), 1/q for the lower
// one, and 1 for the median.
func (q Quantile) Needs() uint64 {
	if q == P50 {
		return 1
	}
	tail := min(q, one-q)
	return uint64((one + tail - 1) / tail)
}

// rank is the place, from 1, of the quantile among n sorted samples: ⌈q·n⌉.
func (q Quantile) rank(n uint64) uint64 {
	hi, lo := bits.Mul64(n, uint64(q))
	place, rest := bits.Div64(hi, lo, uint64(one)) // q < one, so it cannot overflow
	if rest > 0 {
		place++
	}
	return place
}

// Histogram is a distribution of nanoseconds with the bounds of
// histogram.New. As JSON it is HdrHistogram's V2 compressed base64, null
// when empty.
type Histogram struct{ *hdrhistogram.PackedHistogram }

// NewHistogram is an empty histogram.
func NewHistogram() Histogram { return Histogram{histogram.New()} }

// histogramOf copies a run's histogram, which may be nil.
func histogramOf(h *hdrhistogram.PackedHistogram) Histogram {
	if h == nil {
		return NewHistogram()
	}
	return Histogram{h.Clone()}
}

// Count is the number of samples.
func (h Histogram) Count() uint64 {
	if h.PackedHistogram == nil {
		return 0
	}
	return uint64(max(h.TotalCount(), 0))
}

// At is the quantile's value in milliseconds, null with too few samples: that
// of the ⌈q·n⌉-th smallest sample, as HdrHistogram for Java defines it. (Go's
// rounds the place instead, which can lie one sample too low.)
func (h Histogram) At(q Quantile) *float64 {
	n := h.Count()
	if n == 0 || n < q.Needs() {
		return nil
	}
	// ValueAtPercentile looks for the place ⌊n·p/100 + ½⌋.
	p := 100 * (float64(q.rank(n)) - 0.25) / float64(n)
	return format.Millis(float64(h.ValueAtPercentile(p)))
}

// Summary sums the histogram up.
func (h Histogram) Summary() Summary {
	n := h.Count()
	if n == 0 {
		return Summary{}
	}
	mean := h.Mean()
	at := h.AtEach(summarised)
	return Summary{
		Count: n,
		Min:   format.Millis(float64(h.Min())), Max: format.Millis(float64(h.Max())),
		Mean: format.Millis(mean), StdDev: format.Millis(h.deviation(mean)),
		P50: at[0], P75: at[1], P90: at[2], P95: at[3], P99: at[4], P999: at[5], P9999: at[6],
	}
}

// summarised are the quantiles of a summary.
var summarised = []Quantile{P50, P75, P90, P95, P99, P999, P9999}

// deviation is StdDev, which would work out the mean once more.
func (h Histogram) deviation(mean float64) float64 {
	n, variance := float64(h.Count()), 0.0
	for value, count := range h.ForEachBucket {
		middle := value + int64(1)<<max(bits.Len64(uint64(value))-bucketBits, 0)>>1
		off := float64(middle) - mean
		variance += off * off * float64(count) / n
	}
	return math.Sqrt(variance)
}

// bucketBits are the leading bits by which a bucket of 3 significant digits is
// told from its neighbours.
const bucketBits = 11

// MarshalJSON writes the V2 compressed base64 form.
func (h Histogram) MarshalJSON() ([]byte, error) {
	if h.Count() == 0 {
		return []byte("null"), nil
	}
	encoded, err := h.Encode()
	if err != nil {
		return nil, fmt.Errorf("histogram: %w", err)
	}
	return strconv.AppendQuote(nil, string(encoded)), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. A histogram with other bounds is
// refused, since its values would not merge without loss.
func (h *Histogram) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*h = NewHistogram()
		return nil
	}
	encoded, err := strconv.Unquote(string(b))
	if err != nil {
		return fmt.Errorf("a histogram is text in base64, not %.20q", b)
	}
	decoded, err := hdrhistogram.DecodePacked([]byte(encoded))
	if err != nil {
		return fmt.Errorf("a histogram cannot be decoded: %w", err)
	}
	if decoded.LowestTrackableValue() != 1 || decoded.HighestTrackableValue() != histogram.Max ||
		decoded.SignificantFigures() != histogram.Digits {
		return fmt.Errorf("a histogram has other bounds than 1 ns to 1 h at %d digits", histogram.Digits)
	}
	h.PackedHistogram = decoded
	return nil
}

// Merged is a new histogram of both. Equal bounds make it exact.
func (h Histogram) Merged(other Histogram) Histogram {
	sum := NewHistogram()
	for _, part := range []Histogram{h, other} {
		if part.PackedHistogram != nil {
			sum.Merge(part.PackedHistogram)
		}
	}
	return sum
}

// Share is the quantile as a fraction: 0.99 of p99.
func (q Quantile) Share() float64 { return float64(q) / float64(one) }
