package histogram

import (
	"encoding/binary"
	"errors"
)

// errBroken is that bytes are no sketch.
var errBroken = errors.New("no histogram: its buckets and their counts do not add up")

// MarshalBinary writes the sketch as bytes, a few more than Size. The error is nil.
func (s Sketch) MarshalBinary() ([]byte, error) {
	return append(binary.AppendUvarint(make([]byte, 0, len(s.buckets)+3), uint64(s.count)), s.buckets...), nil
}

// UnmarshalBinary reads what MarshalBinary wrote, and keeps a copy of it. Bytes that are
// no sketch, whoever made them, are an error.
func (s *Sketch) UnmarshalBinary(b []byte) error {
	count, n := binary.Uvarint(b)
	if n <= 0 || int64(count) < 0 {
		return errBroken
	}
	if count == 0 && n == len(b) {
		*s = Sketch{}
		return nil
	}
	read := Sketch{count: int64(count), buckets: append([]byte(nil), b[n:]...)}
	if !read.sound() {
		return errBroken
	}
	*s = read
	return nil
}

// sound reports whether the sketch is what a Sketcher writes: its buckets are there, in
// order, and hold as many values as it says.
func (s Sketch) sound() bool {
	spare, whole := s.each(nil, 0)
	return whole && s.count > 0 && len(s.buckets) > 0 && spare >= 0 && spare < 8
}

// MarshalBinary writes the distribution as the bytes of its sketch. The error is nil.
func (d Distribution) MarshalBinary() ([]byte, error) { return d.Sketch().MarshalBinary() }

// UnmarshalBinary reads what MarshalBinary wrote.
func (d *Distribution) UnmarshalBinary(b []byte) error {
	*d = Distribution{}
	return d.old.UnmarshalBinary(b)
}

// DistributionOfSketch is the distribution of the sketch's values.
func DistributionOfSketch(s Sketch) Distribution { return Distribution{old: s} }
