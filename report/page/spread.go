package page

import (
	"encoding/base64"
	"math/bits"

	"brunt/attack/histogram"
	"brunt/report"
)

// Spread are the distributions of each interval, in the order of the intervals, as
// the page merges them again: each is base64 of what encodeSpread writes, and empty
// where an interval has no sample.
type Spread struct {
	Response []string `json:"response"`
	Service  []string `json:"service"`
	TTFT     []string `json:"ttft"`
	TPOT     []string `json:"tpot"`
}

// bounds are how many bytes the distribution of one interval may take.
type bounds struct{ response, service, ttft, tpot int }

// liveBounds are those of a run under way, of which a page is sent an hour at once.
var liveBounds = bounds{400, 160, 200, 160}

// boundsOf are those of a file with so many intervals. Of many, service times are in
// the report's slices alone.
func boundsOf(intervals int) bounds {
	each := func(all int) int { return min(max(all/max(intervals, 1), 48), 2048) }
	b := bounds{each(60_000), each(36_000), each(36_000), each(30_000)}
	if intervals > 240 {
		b.service, b.tpot = 0, 0
	}
	return b
}

func (s *Spread) add(in *report.Interval, most bounds) {
	s.Response = append(s.Response, spreadOf(in.Response, most.response))
	s.Service = append(s.Service, spreadOf(in.Service, most.service))
	s.TTFT = append(s.TTFT, spreadOf(in.TTFT, most.ttft))
	s.TPOT = append(s.TPOT, spreadOf(in.TPOT, most.tpot))
}

const (
	finestBits   = 11 // a bucket of 3 significant digits, as histograms have them
	coarsestBits = 4  // 6 to 12 % wide: as fine as the heat map
)

// spreadOf is a distribution in at most so many bytes, if the coarsest buckets
// allow.
func spreadOf(sketch histogram.Sketch, most int) string {
	if sketch.Count() == 0 || most == 0 {
		return ""
	}
	h := sketch.Histogram()
	var values, counts []int64
	for value, count := range h.ForEachBucket {
		values, counts = append(values, value), append(counts, count)
	}
	for leading := finestBits; ; leading-- {
		text := encodeSpread(values, counts, leading)
		if len(text) <= most || leading == coarsestBits {
			return base64.RawStdEncoding.EncodeToString(text)
		}
	}
}

// encodeSpread writes the buckets by the leading bits of their values, as
// report.BucketOf numbers them: a byte each for these bits and for the orders of gaps
// and of counts, how many buckets are not empty, and for each of those how many empty
// ones lie before it and its count less one, all in exponential Golomb codes.
func encodeSpread(values, counts []int64, leading int) []byte {
	var gaps, sizes []uint64
	next, sum := uint64(0), uint64(0)
	for i, value := range values {
		index := report.BucketOf(value, leading)
		if n := len(sizes); n > 0 && index == next-1 {
			sizes[n-1] += uint64(counts[i])
			continue
		}
		gaps, sizes = append(gaps, index-next), append(sizes, uint64(counts[i])-1)
		next = index + 1
	}
	for _, gap := range gaps[1:] {
		sum += gap
	}
	wide := order(sum, len(gaps)-1)
	sum = 0
	for _, size := range sizes {
		sum += size
	}
	high := order(sum, len(sizes))
	w := bitWriter{out: []byte{byte(leading), byte(wide), byte(high)}}
	w.golomb(uint64(len(sizes)), 6)
	w.golomb(gaps[0], 12)
	w.golomb(sizes[0], high)
	for i := 1; i < len(sizes); i++ {
		w.golomb(gaps[i], wide)
		w.golomb(sizes[i], high)
	}
	return w.flush()
}

// order is that of the code which suits n values of this sum.
func order(sum uint64, n int) uint {
	if n <= 0 {
		return 0
	}
	return uint(max(bits.Len64(sum/uint64(n))-1, 0))
}

// bitWriter writes bits, the highest of each byte first.
type bitWriter struct {
	out  []byte
	held uint64
	n    uint
}

func (w *bitWriter) put(v uint64, n uint) {
	for i := n; i > 0; i-- {
		w.held = w.held<<1 | v>>(i-1)&1
		if w.n++; w.n == 8 {
			w.out, w.held, w.n = append(w.out, byte(w.held)), 0, 0
		}
	}
}

// golomb writes a value's exponential Golomb code of this order.
func (w *bitWriter) golomb(v uint64, order uint) {
	top := v>>order + 1
	length := uint(bits.Len64(top))
	w.put(0, length-1)
	w.put(top, length)
	w.put(v, order)
}

func (w *bitWriter) flush() []byte {
	if w.n > 0 {
		w.put(0, 8-w.n)
	}
	return w.out
}
