package histogram

import (
	"encoding/binary"
	"math/bits"
)

// A sketch's buckets are a stream of Rice codes, whose parameters follow from
// what came before, so that writer and reader need no tables. Neighbouring
// buckets hold about the same count: where most are in use, each one's distance
// from the mean of the last few is written, empty buckets included; elsewhere
// the length of each gap, and the count after it.

// model is what writer and reader know of a sketch so far.
type model struct {
	level              int64 // mean count of the last buckets, in units of 1/levelUnit
	error, gap, single mean
}

const (
	levelUnit = 256
	// maxLearned bounds what a mean learns from one value, so that no sum
	// overflows; what is written is not bounded.
	maxLearned = 1 << 40
)

// dense reports how the next bucket is written.
func (m *model) dense() bool { return m.level >= levelUnit/4 }

// guess is the next bucket's likely count.
func (m *model) guess() uint64 { return uint64(m.level+levelUnit/2) / levelUnit }

// learn takes note of a bucket of a dense stretch.
func (m *model) learn(count, folded uint64) {
	m.level += (int64(min(count, maxLearned))*levelUnit - m.level) / 8
	m.error.learn(folded)
}

// sparse takes note of a gap and of the bucket after it.
func (m *model) sparse(gap, count uint64) {
	now := min(count, maxLearned) * levelUnit
	if (now|gap)>>31 == 0 { // dividing these takes a fraction of the time
		now = uint64(uint32(now) / uint32(gap+1))
	} else {
		now /= gap + 1
	}
	m.level += (int64(now) - m.level) / 4
	m.gap.learn(gap)
	m.single.learn(count - 1)
}

// mean is that of the last values written with one kind of code, times 16.
type mean int64

func (m *mean) learn(v uint64) { *m += (mean(min(v, maxLearned))*16 - *m) / 8 }

// shift is the Rice parameter for values with this mean.
func (m mean) shift() uint {
	return uint(min(bits.Len64(uint64(m)/24), riceBits)) // two thirds of it
}

// fold numbers counts by their distance from a guess, the nearest first.
func fold(count, guess uint64) uint64 {
	switch {
	case count > 2*guess:
		return count
	case count >= guess:
		return 2 * (count - guess)
	default:
		return 2*(guess-count) - 1
	}
}

func unfold(folded, guess uint64) uint64 {
	switch {
	case folded > 2*guess:
		return folded
	case folded%2 == 0:
		return guess + folded/2
	default:
		return guess - (folded+1)/2
	}
}

// A Rice code is v>>shift in unary, a zero, and the shift low bits of v; from
// riceOnes ones on, v's length and v instead.
const (
	riceOnes = 24
	riceBits = 32
)

// bitWriter appends bits to out, highest first.
type bitWriter struct {
	out  []byte
	kept uint64 // its low bits are not in out yet
	bits uint
}

// put writes the n ≤ 56 low bits of v, above which v is 0.
func (w *bitWriter) put(v uint64, n uint) {
	w.kept = w.kept<<n | v
	for w.bits += n; w.bits >= 8; {
		w.bits -= 8
		w.out = append(w.out, byte(w.kept>>w.bits))
	}
}

func (w *bitWriter) rice(v uint64, shift uint) {
	if ones := uint(min(v>>shift, riceOnes)); ones < riceOnes {
		unary := uint64(1)<<(ones+1) - 2
		w.put(unary<<shift|v&(1<<shift-1), ones+1+shift)
		return
	}
	n := uint(bits.Len64(v))
	w.put(1<<riceOnes-1, riceOnes)
	w.put(uint64(n), 7)
	w.put(v>>(n/2), n-n/2)
	w.put(v&(1<<(n/2)-1), n/2)
}

// flush writes the last bits, filled up with zeros.
func (w *bitWriter) flush() {
	if w.bits > 0 {
		w.put(0, 8-w.bits)
	}
}

// bitReader reads what a bitWriter wrote.
type bitReader struct {
	in   []byte
	next uint64 // bits to come, highest first
	bits uint   // how many of them are known
	past uint   // of them, those that stand past the end
}

// fill makes at least 56 bits known; past the end they are zeros.
func (r *bitReader) fill() {
	if len(r.in) >= 8 {
		r.next |= binary.BigEndian.Uint64(r.in) >> r.bits
		n := (63 - r.bits) / 8
		r.in = r.in[n:]
		r.bits += 8 * n
		return
	}
	for r.bits <= 56 {
		if len(r.in) > 0 {
			r.next |= uint64(r.in[0]) << (56 - r.bits)
			r.in = r.in[1:]
		} else {
			r.past += 8
		}
		r.bits += 8
	}
}

// take reads n ≤ 56 known bits.
func (r *bitReader) take(n uint) uint64 {
	v := r.next >> (64 - n) // 0 for n = 0
	r.next <<= n
	r.bits -= n
	return v
}

func (r *bitReader) rice(shift uint) uint64 {
	if r.bits < riceOnes+riceBits {
		r.fill()
	}
	ones := uint(bits.LeadingZeros64(^r.next))
	if ones < riceOnes {
		r.take(ones + 1)
		return uint64(ones)<<shift | r.take(shift)
	}
	r.take(riceOnes)
	n := min(uint(r.take(7)), 64) // more than that no writer says
	r.fill()
	high := r.take(n - n/2)
	r.fill()
	return high<<(n/2) | r.take(n/2)
}
