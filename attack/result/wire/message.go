package wire

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/s2"

	"brunt/attack/histogram"
	"brunt/attack/result"
	"brunt/payloads/setting"
)

// MaxSize is the most bytes that a message may have once it is opened. That of a run with
// some thousand payload names has a few million.
const MaxSize = 64 << 20

// Message is what a worker tells of its run at one moment.
type Message struct {
	// Snapshot has all but distributions from the run's start on; of its intervals those
	// from number From on. What the receiver has from there on is replaced by them.
	Snapshot *result.Snapshot
	From     int
	// Halvings is how many times neighbours have been joined to intervals of twice the
	// width, over the whole run: a receiver that has seen fewer does so with what it has,
	// and then From counts.
	Halvings int
	// Number counts the messages of a sender, from 1 on, and is 0 for one that is alone.
	// More is what was added to the snapshot's distributions after the message with the
	// number Base, and Less what went, nil where nothing did; from the run's start on
	// where Base is 0.
	Number, Base int
	More, Less   *Totals
	// LatenessP99 is that of the requests that found a slot free; 0 without any.
	LatenessP99 time.Duration
}

// packed is a message as it is written.
type packed struct {
	Message
	Err *setting.Text
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

// Whole is a snapshot as a message that needs no other one before it.
func Whole(s *result.Snapshot) *Message {
	var w histogram.Sketcher
	return &Message{Snapshot: withoutTotals(s), More: totalsOf(s, &w), LatenessP99: s.Latencies.OwnLateness(0.99)}
}

// Encode writes a snapshot as a message: all totals, and the intervals from a number on
// (0 for all of them), after so many halvings. See Sender, which knows both numbers, and
// writes what was added to the totals since its last message.
func Encode(s *result.Snapshot, from, halvings int) ([]byte, error) {
	m := Whole(s)
	m.From, m.Halvings = from, halvings
	return m.encode()
}

// Bare writes a message that was decoded as one that Decode reads, without its intervals.
func (m *Message) Bare() ([]byte, error) {
	o := *m
	o.From, o.Snapshot = 0, new(*m.Snapshot)
	o.Snapshot.Intervals = nil
	return o.encode()
}

// encode writes the message, whose snapshot has all intervals.
func (m *Message) encode() ([]byte, error) {
	if m.From < 0 || m.From > len(m.Snapshot.Intervals) || m.Halvings < 0 {
		return nil, fmt.Errorf("there is no interval %d among %d", m.From, len(m.Snapshot.Intervals))
	}
	p := packed{Message: *m}
	p.Snapshot = new(*m.Snapshot)
	p.Snapshot.Intervals, p.Snapshot.Err = m.Snapshot.Intervals[m.From:], nil
	if err := m.Snapshot.Err; err != nil {
		p.Err = new(setting.TextOf(err))
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
	m := &p.Message
	if m.Snapshot == nil || m.More == nil {
		return nil, errors.New("a snapshot has no figures")
	}
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
	if m.Number < 0 || m.Base < 0 || m.Base > 0 && m.Base >= m.Number || m.Base == 0 && m.Less != nil {
		return errors.New("its number cannot be")
	}
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

// After tells how the message goes with the last one that was taken of the same sender,
// nil before any: again is that it tells what that one told, and what came since. An error
// says that there was one in between.
func (m *Message) After(last *Message) (again bool, err error) {
	switch {
	case m.Base == 0 && (last == nil || last.Base == 0):
		return last != nil, nil
	case last != nil && m.Base > 0 && m.Base == last.Number:
		return false, nil
	case last != nil && m.Base > 0 && m.Base == last.Base:
		return true, nil
	}
	return false, fmt.Errorf("the snapshot adds to number %d, which is not the last one that came", m.Base)
}
