package stream

import (
	"math/rand/v2"
	"slices"
	"testing"

	"brunt/attack/clock"
)

// FuzzStream feeds any bytes whole, byte by byte and split at random: what is
// found does not depend on it, and the instants are those of the pieces in which
// the events ended.
func FuzzStream(f *testing.F) {
	for _, s := range streams {
		if len(s.text) < 1<<16 {
			f.Add([]byte(s.text), uint64(1), uint8(Events))
		}
	}
	f.Add([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"\xff\xfe\"}}]}\r\n\r\ndata: [DONE]"), uint64(2), uint8(Events))
	f.Add([]byte("\r\r\n\n\rdata\rdata:\n\r\n: \x00\ndata: {\"delta\":\"\\\"\"}\n\n"), uint64(3), uint8(Lines))
	var bytewise, split, whole Stream // used again, as workers do
	f.Fuzz(func(t *testing.T, text []byte, seed uint64, form uint8) {
		format := Format(form % 3)
		bytewise.Reset(format)
		for i := range text {
			bytewise.Feed(text[i:i+1], clock.Instant(i))
		}
		bytewise.End(clock.Instant(len(text)))
		want := allOf(&bytewise)

		whole.Reset(format)
		whole.Feed(text, 1)
		whole.End(1)
		if got := allOf(&whole); got != want {
			t.Fatalf("whole %+v, by bytes %+v", got, want)
		}
		if len(whole.Gaps) != whole.Chunks-whole.Choices {
			t.Fatalf("%d gaps between %d chunks of %d choices", len(whole.Gaps), whole.Chunks, whole.Choices)
		}

		// at maps the place of a byte to the instant of its piece.
		at := make([]clock.Instant, len(text)+1)
		random := rand.New(rand.NewPCG(seed, 0))
		split.Reset(format)
		for from := 0; from < len(text); {
			end := from + 1 + random.IntN(min(40, len(text)-from))
			for i := from; i < end; i++ {
				at[i] = clock.Instant(end)
			}
			split.Feed(text[from:end], clock.Instant(end))
			from = end
		}
		at[len(text)] = clock.Instant(len(text))
		split.End(clock.Instant(len(text)))
		if got := allOf(&split); got != want {
			t.Fatalf("split %+v, by bytes %+v", got, want)
		}
		if want.Chunks > 0 && (split.First != at[bytewise.First] || split.Last != at[bytewise.Last]) {
			t.Fatalf("split: first %d, last %d; by bytes %d, %d", split.First, split.Last, bytewise.First, bytewise.Last)
		}
		if want.Choices > 1 {
			return
		}
		place := bytewise.First
		gaps := slices.Clone(bytewise.Gaps)
		for i, gap := range gaps {
			if at[place.Add(gap)].Sub(at[place]) != split.Gaps[i] {
				t.Fatalf("gap %d: %d split", i, split.Gaps[i])
			}
			place = place.Add(gap)
		}
	})
}

// all is what must not depend on where a stream was split.
type all struct {
	say
	Choices         int
	Dialect         Dialect
	Stated          Tokens
	Finish          FinishReason
	Finishes        [FinishReasons]int
	Stray           string
	Finished, Paced bool
}

func allOf(s *Stream) all {
	return all{
		said(s), s.Choices, s.Dialect, s.Stated, s.Finish, s.Finishes, string(s.Stray), s.Finished(), !s.Unpaced(),
	}
}

// FuzzLimits has lines and events about as large as the limits, split anywhere.
func FuzzLimits(f *testing.F) {
	f.Add(MaxEvent, 6, uint64(1))
	f.Add(MaxEvent-6, 0, uint64(2))
	f.Add(MaxEvent/2, MaxEvent/2, uint64(3))
	f.Fuzz(func(t *testing.T, first, second int, seed uint64) {
		if first < 0 || second < 0 || first > 2*MaxEvent || second > 2*MaxEvent {
			return
		}
		text := append([]byte("data: "), slices.Repeat([]byte{'x'}, first)...)
		text = append(append(text, "\ndata: "...), slices.Repeat([]byte{'y'}, second)...)
		text = append(append(text, "\n\n"...), word+done...)
		var whole, split Stream
		whole.Reset(Events)
		whole.Feed(text, 1)
		whole.End(1)
		random := rand.New(rand.NewPCG(seed, 0))
		split.Reset(Events)
		for rest := text; len(rest) > 0; {
			n := 1 + random.IntN(min(1<<16, len(rest)))
			split.Feed(rest[:n], 1)
			rest = rest[n:]
		}
		split.End(1)
		if a, b := said(&whole), said(&split); a != b || a.Skipped+a.Foreign != 1 || a.Chunks != 1 {
			t.Fatalf("whole %+v, split %+v", a, b)
		}
		if cap(split.data) > 2*MaxEvent+4096 || cap(split.line) > 2*MaxEvent+4096 {
			t.Fatalf("buffers of %d and %d bytes", cap(split.data), cap(split.line))
		}
	})
}
