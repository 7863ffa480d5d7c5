package report

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"io"
	"math"
	"math/bits"
	"sync"

	"brunt/attack/histogram"
)

// Distribution is a histogram that is opened only to be read: a report has two
// for each payload name, and there may be thousands of those. As JSON it is what
// a Histogram is.
type Distribution struct{ histogram.Distribution }

// Count is the number of samples.
func (d Distribution) Count() uint64 { return uint64(d.Distribution.Count()) }

// Open gives the histogram.
func (d Distribution) Open() Histogram { return Histogram{d.Distribution.Histogram()} }

// summary sums the distribution up. scratch is overwritten.
func (d Distribution) summary(scratch Histogram) Summary {
	if d.Count() == 0 {
		return Summary{}
	}
	scratch.Reset()
	d.AddTo(scratch.PackedHistogram)
	return scratch.Summary()
}

// MarshalJSON writes what Histogram.MarshalJSON does, byte for byte. The library
// makes a new compressor of a megabyte for each histogram, which takes minutes
// where there are thousands.
func (d Distribution) MarshalJSON() ([]byte, error) {
	if d.Count() == 0 {
		return []byte("null"), nil
	}
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	text := e.encode(d)
	out := make([]byte, 0, len(`""`)+base64.StdEncoding.EncodedLen(len(text)))
	return append(base64.StdEncoding.AppendEncode(append(out, '"'), text), '"'), nil
}

// Cookies of HdrHistogram's V2 encoding, with the width of its counts.
const (
	plainCookie      = 0x1c849303 | 0x10
	compressedCookie = 0x1c849304 | 0x10
	plainHeader      = 40 // bytes
	packedHeader     = 8
)

// encoder writes histograms in HdrHistogram's V2 compressed encoding, one after
// the other.
type encoder struct {
	scratch Histogram
	plain   []byte
	zip     *zlib.Writer
	out     bytes.Buffer
}

var encoders = sync.Pool{New: func() any {
	zip, _ := zlib.NewWriterLevel(io.Discard, zlib.BestCompression) // a level that there is
	return &encoder{scratch: NewHistogram(), zip: zip}
}}

// encode is valid until the next call.
func (e *encoder) encode(d Distribution) []byte {
	e.scratch.Reset()
	d.AddTo(e.scratch.PackedHistogram)
	p := append(e.plain[:0], make([]byte, plainHeader)...)
	next := int64(0) // index of the bucket that comes next
	for value, count := range e.scratch.ForEachBucket {
		shift := max(bits.Len64(uint64(value)), bucketBits) - bucketBits
		index := int64(shift)<<(bucketBits-1) + value>>shift
		switch empty := index - next; {
		case empty == 1:
			p = binary.AppendVarint(p, 0)
		case empty > 1:
			p = binary.AppendVarint(p, -empty)
		}
		p = binary.AppendVarint(p, count)
		next = index + 1
	}
	binary.BigEndian.PutUint32(p, plainCookie)
	binary.BigEndian.PutUint32(p[4:], uint32(len(p)-plainHeader))
	binary.BigEndian.PutUint32(p[12:], histogram.Digits)
	binary.BigEndian.PutUint64(p[16:], 1)
	binary.BigEndian.PutUint64(p[24:], uint64(histogram.Max))
	binary.BigEndian.PutUint64(p[32:], math.Float64bits(1))
	e.plain = p

	e.out.Reset()
	e.out.Write(make([]byte, packedHeader))
	e.zip.Reset(&e.out)
	_, _ = e.zip.Write(p) // into memory
	_ = e.zip.Close()
	out := e.out.Bytes()
	binary.BigEndian.PutUint32(out, compressedCookie)
	binary.BigEndian.PutUint32(out[4:], uint32(len(out)-packedHeader))
	return out
}

// UnmarshalJSON reads a Histogram's.
func (d *Distribution) UnmarshalJSON(b []byte) error {
	var h Histogram
	if err := h.UnmarshalJSON(b); err != nil {
		return err
	}
	d.Distribution = histogram.DistributionOf(h.PackedHistogram)
	return nil
}

// Merged is a new distribution of both.
func (d Distribution) Merged(other Distribution) Distribution {
	sum := Distribution{d.Frozen()}
	sum.Merge(other.Distribution)
	return sum
}
