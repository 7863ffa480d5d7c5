package wire

import (
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/s2"

	"brunt/attack/figure"
	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/payloads/setting"
)

// MaxSize is the most bytes that a message may have once it is opened. That of a run with
// some thousand payload names has a few million.
const MaxSize = 64 << 20

// Message is what a worker tells of its run at one moment.
type Message struct {
	// Snapshot has all but Latencies; of its intervals those from number From on. What
	// the receiver has from there on is replaced by them.
	Snapshot *result.Snapshot
	// Latencies are the snapshot's, written down; nil where it has none.
	Latencies [figure.Len]*histogram.Sketch
	From      int
	// Halvings is how many times neighbours have been joined to intervals of twice the
	// width, over the whole run: a receiver that has seen fewer does so with what it has,
	// and then From counts.
	Halvings int
}

// packed is a message as it is written.
type packed struct {
	Snapshot       result.Snapshot
	Latencies      [figure.Len]*histogram.Sketch
	Err            *setting.Text
	From, Halvings int
}

var (
	encoding = mustMode(cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode())
	decoding = mustMode(cbor.DecOptions{
		MaxArrayElements:  1 << 20,
		MaxMapPairs:       1 << 20,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
	}.DecMode())
)

func mustMode[T any](mode T, err error) T {
	if err != nil {
		panic(err) // the options are constants
	}
	return mode
}

// Encode writes a snapshot as a message: all totals, and the intervals from a number on
// (0 for all of them), after so many halvings. See Sender, which knows both numbers.
func Encode(s *result.Snapshot, from, halvings int) ([]byte, error) {
	if from < 0 || from > len(s.Intervals) || halvings < 0 {
		return nil, fmt.Errorf("there is no interval %d among %d", from, len(s.Intervals))
	}
	p := packed{Snapshot: *s, From: from, Halvings: halvings}
	p.Snapshot.Intervals, p.Snapshot.Latencies, p.Snapshot.Err = s.Intervals[from:], result.Latencies{}, nil
	var w histogram.Sketcher
	for f, h := range s.Latencies {
		if h != nil {
			p.Latencies[f] = new(w.Sketch(h))
		}
	}
	if s.Err != nil {
		p.Err = new(setting.TextOf(s.Err))
	}
	b, err := encoding.Marshal(&p)
	if err != nil {
		return nil, fmt.Errorf("a snapshot cannot be written as CBOR: %w", err)
	}
	if len(b) > MaxSize {
		return nil, fmt.Errorf("a snapshot of %d bytes is too large to send: at most %d are", len(b), MaxSize)
	}
	return s2.Encode(nil, b), nil
}

var errTooLarge = fmt.Errorf("a snapshot is to have at most %d bytes", MaxSize)

// Decode reads what Encode wrote. Whatever the bytes are, it takes no more than some
// multiple of MaxSize; what is not of this version of brunt, or does not hang together,
// is an error.
func Decode(b []byte) (*Message, error) {
	size, err := s2.DecodedLen(b)
	if err != nil {
		return nil, fmt.Errorf("a snapshot cannot be decompressed: %w", err)
	}
	if size > MaxSize {
		return nil, errTooLarge
	}
	if b, err = s2.Decode(nil, b); err != nil {
		return nil, fmt.Errorf("a snapshot cannot be decompressed: %w", err)
	}
	var p packed
	if err := decoding.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("a snapshot cannot be read: %w", err)
	}
	m := &Message{Snapshot: &p.Snapshot, Latencies: p.Latencies, From: p.From, Halvings: p.Halvings}
	if p.Err != nil {
		m.Snapshot.Err = setting.Errorf("%v", *p.Err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("a snapshot contradicts itself: %w", err)
	}
	return m, nil
}

// check says what nobody who adds the message up could do with.
func (m *Message) check() error {
	s := m.Snapshot
	if m.From < 0 || m.Halvings < 0 || m.Halvings > maxHalvings {
		return errors.New("the number of its first interval cannot be")
	}
	if s.Latencies != (result.Latencies{}) || s.Err != nil && s.Err.Error() == "" {
		return errors.New("it has what is sent apart")
	}
	for i := range s.Intervals {
		iv := &s.Intervals[i]
		if iv.Width < 0 || iv.At < 0 || iv.At+iv.Width < iv.At || i > 0 && iv.At != s.Intervals[i-1].At+s.Intervals[i-1].Width {
			return fmt.Errorf("interval %d does not follow on the one before", m.From+i)
		}
		last := result.OtherNames - 1
		for k := range iv.Names {
			if at := iv.Names[k].Index; at <= last || at >= len(s.Followed.Names) {
				return fmt.Errorf("interval %d counts a name that is not listed", m.From+i)
			}
			last = iv.Names[k].Index
		}
		last = -1
		for _, kind := range iv.Kinds {
			if kind.Index <= last || kind.Index >= len(s.Followed.Kinds) {
				return fmt.Errorf("interval %d counts a kind of failures that is not listed", m.From+i)
			}
			last = kind.Index
		}
	}
	return nil
}

// Totals is the message's snapshot with its Latencies, and of the intervals those that
// the message has.
func (m *Message) Totals() *result.Snapshot {
	s := *m.Snapshot
	for f, sketch := range m.Latencies {
		if sketch != nil {
			s.Latencies[f] = sketch.Histogram()
		}
	}
	return &s
}
