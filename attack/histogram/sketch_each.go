package histogram

import (
	"encoding/binary"
	"math/bits"
)

// each adds the sketch's buckets, times a factor, to others unless they are nil. It reads
// what sketchReader does, in less than half the time, since all that it knows is in
// registers: whoever adds up what a thousand workers measured does little else. spare is
// how many bits nothing was read of, and whole is false where it is no sketch.
func (s Sketch) each(into *[bucketCount]int64, factor int64) (spare int, whole bool) {
	var m model
	in := bitReader{in: s.buckets}
	for index, left := uint64(0), s.count; left > 0; index++ {
		var count uint64
		if m.level >= levelUnit/4 { // dense
			folded := in.short(m.error.shift())
			count = unfold(folded, m.guess())
			m.learn(count, folded)
			if count == 0 {
				if index >= uint64(bucketCount) {
					return 0, false
				}
				continue
			}
		} else {
			gap := in.short(m.gap.shift())
			count = in.short(m.single.shift()) + 1
			if gap >= uint64(bucketCount) {
				return 0, false
			}
			m.sparse(gap, count)
			index += gap
		}
		if index >= uint64(bucketCount) || count == 0 || count > uint64(left) {
			return 0, false
		}
		left -= int64(count)
		if into != nil {
			into[index] += factor * int64(count)
		}
	}
	return 8*len(in.in) + int(in.bits) - int(in.past), true
}

// short is rice, for the codes that are short, as nearly all are.
func (r *bitReader) short(shift uint) uint64 {
	if r.bits < riceOnes+riceBits {
		if len(r.in) < 8 {
			return r.rice(shift)
		}
		r.next |= binary.BigEndian.Uint64(r.in) >> r.bits
		n := (63 - r.bits) / 8
		r.in = r.in[n:]
		r.bits += 8 * n
	}
	ones := uint(bits.LeadingZeros64(^r.next))
	if ones >= riceOnes {
		return r.rice(shift)
	}
	n := ones + 1 + shift
	v := uint64(ones)<<shift | r.next<<(ones+1)>>(64-shift)
	r.next <<= n
	r.bits -= n
	return v
}
