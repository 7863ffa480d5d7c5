package report

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack/histogram"
	"brunt/report/format"
)

// IntervalHistograms are the distributions of stretches of a run, small enough to
// stand in its JSON, so that two reports can be compared by resampling. There are
// at most maxStretches, each of one or more neighbouring intervals, and the buckets
// are as fine as maxSketchBytes allows. Their counts are those of the intervals.
type IntervalHistograms struct {
	// Bits is how fine the buckets are: a value keeps that many leading bits, so
	// that a bucket is 2^(1−Bits) of its value wide at the most.
	Bits      int       `json:"bits"`
	Stretches []Stretch `json:"stretches"`
}

// Stretch is one stretch of a run. TTFT and TPOT are empty without streams.
type Stretch struct {
	TS          float64  `json:"t_s"`
	WidthS      float64  `json:"width_s"`
	WindowS     *float64 `json:"window_s"` // as in Interval
	Succeeded   uint64   `json:"succeeded"`
	Failed      uint64   `json:"failed"`
	Completed   uint64   `json:"completed"`
	CompletedOK uint64   `json:"completed_ok"`
	Response    Buckets  `json:"response"`
	Service     Buckets  `json:"service"`
	TTFT        Buckets  `json:"ttft"`
	TPOT        Buckets  `json:"tpot"`
}

const (
	maxStretches   = 120
	maxSketchBytes = 40 << 10 // of all stretches, before base64
	coarsestBits   = 5        // buckets 3 to 6 % wide
)

// Buckets are the counts of a distribution by bucket, lowest first. As JSON they
// are base64 without padding of unsigned varints, two for each bucket that is not
// empty: how many empty ones lie before it, and its count; null when there is none.
// With b bits, the bucket of a value v in nanoseconds is shift·2^(b−1) + v>>shift,
// where shift is the number of bits that v has beyond b.
type Buckets []Bucket

// Bucket is one of them.
type Bucket struct{ Index, Count uint64 }

// BucketOf is the index of a value's bucket, in nanoseconds.
func BucketOf(value int64, leading int) uint64 {
	shift := max(bits.Len64(uint64(value))-leading, 0)
	return uint64(shift)<<(leading-1) + uint64(value)>>shift
}

// BucketBounds are the least value of a bucket and that of the next one, in
// nanoseconds.
func BucketBounds(index uint64, leading int) (from, to float64) {
	half := uint64(1) << (leading - 1)
	if index < 2*half {
		return float64(index), float64(index + 1)
	}
	shift := index/half - 1
	top := index - shift*half
	return float64(top << shift), float64((top + 1) << shift)
}

// bucketsOf counts a histogram's values by buckets of so many bits.
func bucketsOf(h *hdrhistogram.PackedHistogram, leading int) (b Buckets) {
	for value, count := range h.ForEachBucket {
		index := BucketOf(value, leading)
		if n := len(b); n > 0 && b[n-1].Index == index {
			b[n-1].Count += uint64(count)
			continue
		}
		b = append(b, Bucket{index, uint64(count)})
	}
	return b
}

// coarser are the same counts by buckets of fewer bits.
func (b Buckets) coarser(from, to int) (out Buckets) {
	for _, x := range b {
		low, _ := BucketBounds(x.Index, from)
		index := BucketOf(int64(low), to)
		if n := len(out); n > 0 && out[n-1].Index == index {
			out[n-1].Count += x.Count
			continue
		}
		out = append(out, Bucket{index, x.Count})
	}
	return out
}

// Total is the number of values.
func (b Buckets) Total() (n uint64) {
	for _, x := range b {
		n += x.Count
	}
	return n
}

func (b Buckets) encode() []byte {
	var out []byte
	next := uint64(0)
	for _, x := range b {
		out = binary.AppendUvarint(out, x.Index-next)
		out = binary.AppendUvarint(out, x.Count)
		next = x.Index + 1
	}
	return out
}

// MarshalJSON implements json.Marshaler.
func (b Buckets) MarshalJSON() ([]byte, error) {
	if len(b) == 0 {
		return []byte("null"), nil
	}
	return append(base64.RawStdEncoding.AppendEncode([]byte{'"'}, b.encode()), '"'), nil
}

// maxBucket is above the index of any bucket, whatever the bits.
const maxBucket = 1 << 20

// UnmarshalJSON implements json.Unmarshaler.
func (b *Buckets) UnmarshalJSON(text []byte) error {
	*b = nil
	if string(text) == "null" {
		return nil
	}
	if len(text) < 2 || text[0] != '"' {
		return fmt.Errorf("buckets are text in base64, not %.20q", text)
	}
	in, err := base64.RawStdEncoding.DecodeString(string(text[1 : len(text)-1]))
	if err != nil {
		return fmt.Errorf("buckets cannot be decoded: %w", err)
	}
	next := uint64(0)
	for len(in) > 0 {
		gap, n := binary.Uvarint(in)
		if n <= 0 || gap > maxBucket {
			return errBuckets
		}
		count, m := binary.Uvarint(in[n:])
		if m <= 0 || count == 0 || count > 1<<48 || next+gap > maxBucket {
			return errBuckets
		}
		*b = append(*b, Bucket{next + gap, count})
		next += gap + 1
		in = in[n+m:]
	}
	return nil
}

var errBuckets = errors.New("buckets cannot be decoded: a gap or a count is out of bounds")

// intervalHistogramsOf sums intervals up; nil where none has a distribution.
func intervalHistogramsOf(intervals []Interval) *IntervalHistograms {
	if len(intervals) == 0 {
		return nil
	}
	per := (len(intervals) + maxStretches - 1) / maxStretches
	h := &IntervalHistograms{Bits: bucketBits}
	var samples uint64
	for i := 0; i < len(intervals); i += per {
		s := stretchOf(intervals[i:min(i+per, len(intervals))])
		samples += s.Response.Total()
		h.Stretches = append(h.Stretches, s)
	}
	if samples == 0 {
		return nil
	}
	for h.Bits > coarsestBits && h.size() > maxSketchBytes {
		h.coarsen()
	}
	return h
}

func stretchOf(intervals []Interval) Stretch {
	s := Stretch{TS: intervals[0].TS}
	response, service, ttft, tpot := histogram.New(), histogram.New(), histogram.New(), histogram.New()
	for i := range intervals {
		in := &intervals[i]
		s.WidthS += in.WidthS
		s.Succeeded, s.Failed = s.Succeeded+in.Succeeded, s.Failed+in.Failed
		s.Completed, s.CompletedOK = s.Completed+in.Completed, s.CompletedOK+in.CompletedOK
		if in.WindowS != nil {
			before := 0.0
			if s.WindowS != nil {
				before = *s.WindowS
			}
			s.WindowS = new(format.Significant(before+*in.WindowS, 12))
		}
		in.Response.AddTo(response)
		in.Service.AddTo(service)
		in.TTFT.AddTo(ttft)
		in.TPOT.AddTo(tpot)
	}
	s.WidthS = format.Significant(s.WidthS, 12)
	s.Response, s.Service = bucketsOf(response, bucketBits), bucketsOf(service, bucketBits)
	s.TTFT, s.TPOT = bucketsOf(ttft, bucketBits), bucketsOf(tpot, bucketBits)
	return s
}

// distributions are the stretch's, to be changed.
func (s *Stretch) distributions() [4]*Buckets {
	return [...]*Buckets{&s.Response, &s.Service, &s.TTFT, &s.TPOT}
}

func (h *IntervalHistograms) size() (n int) {
	for i := range h.Stretches {
		for _, b := range h.Stretches[i].distributions() {
			n += len(b.encode())
		}
	}
	return n
}

// coarsen makes the buckets twice as wide.
func (h *IntervalHistograms) coarsen() {
	for i := range h.Stretches {
		for _, b := range h.Stretches[i].distributions() {
			*b = b.coarser(h.Bits, h.Bits-1)
		}
	}
	h.Bits--
}

// SumUpIntervals fills in IntervalHistograms from the intervals' own distributions,
// which a report that was read from JSON does not have: there it changes nothing.
func (r *Report) SumUpIntervals() {
	if h := intervalHistogramsOf(r.Intervals); h != nil {
		r.IntervalHistograms = h
	}
}

// checkIntervalHistograms holds the stretches against the totals.
func (r *Report) checkIntervalHistograms() error {
	h := r.IntervalHistograms
	if h == nil {
		return nil
	}
	if h.Bits < coarsestBits || h.Bits > bucketBits {
		return fmt.Errorf("interval_histograms.bits (%d) is not %d to %d", h.Bits, coarsestBits, bucketBits)
	}
	var succeeded, failed, completed uint64
	for i := range h.Stretches {
		s := &h.Stretches[i]
		succeeded, failed, completed = succeeded+s.Succeeded, failed+s.Failed, completed+s.Completed
		if err := atMost("samples of a stretch", s.Response.Total(), "its successes", s.Succeeded); err != nil {
			return err
		}
	}
	return first(
		equal("successes of all stretches", succeeded, "succeeded", r.Requests.Succeeded),
		equal("failures of all stretches", failed, "failed", r.Requests.Failed),
		equal("completed of all stretches", completed, "completed", r.Throughput.Completed),
	)
}
