package histogram

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzSketchBytes reads whatever bytes there are: what is taken for a sketch can be read
// to its end, and comes back from its own bytes.
func FuzzSketchBytes(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Add(append(binary.AppendUvarint(nil, 1<<62), 0, 0))
	f.Add([]byte{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})
	for _, data := range [][]byte{{0, 1}, {7, 7, 7, 7}, bytes.Repeat([]byte{1, 2, 0, 1, 90, 200, 1}, 90)} {
		written, _ := SketchOf(bucketsOf(data)).MarshalBinary()
		f.Add(written)
		f.Add(written[:len(written)-1])
		f.Add(append(written, 0))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s, again Sketch
		if s.UnmarshalBinary(data) != nil {
			return
		}
		if n := s.Histogram().TotalCount(); n != s.Count() {
			t.Fatalf("%d values of %d are there", n, s.Count())
		}
		var b Buckets
		if b.Add(s); b.Count() != s.Count() {
			t.Fatalf("%d values of %d are added", b.Count(), s.Count())
		}
		written, _ := s.MarshalBinary()
		if err := again.UnmarshalBinary(written); err != nil || !again.Equal(s) {
			t.Fatalf("%v: %d values come back as %d", err, s.Count(), again.Count())
		}
	})
}

// What a sketch or a distribution was written down as is read back; with a byte too many
// or too few it is refused.
func TestSketchBytes(t *testing.T) {
	var d, again Distribution
	for i := range int64(1000) {
		d.Record(i * i * 1000)
	}
	written, _ := d.MarshalBinary()
	if err := again.UnmarshalBinary(written); err != nil || !again.old.Equal(d.Sketch()) {
		t.Errorf("%v: %d values come back as %d", err, d.Count(), again.Count())
	}
	for _, broken := range [][]byte{nil, written[:len(written)-1], append(written, 0), {5}, {0, 0}} {
		if err := again.UnmarshalBinary(broken); err == nil {
			t.Errorf("%d bytes of %d are taken", len(broken), len(written))
		}
	}
}
