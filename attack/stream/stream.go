package stream

import (
	"bytes"
	"time"

	"brunt/attack/clock"
)

// Most bytes of one event's data, and of one line; what is larger is skipped
// and counted. Buffers that have grown beyond maxKept are given back when the
// next stream begins.
const (
	MaxEvent = 1 << 20
	maxKept  = 64 << 10
	// SampleSize is the most bytes kept of the event that carried an error.
	SampleSize = 512
	// MaxGaps is the most gaps that are held before they are spilled: most
	// answers have fewer.
	MaxGaps = 1024
)

// Format is how the events of a stream stand in its body.
type Format uint8

// The formats.
const (
	Events     Format = iota // server-sent events
	Lines                    // a JSON value on each line
	Array                    // a JSON array, whose elements are the events
	Guess                    // any of these, as the first byte tells
	GuessArray               // Array or Events, as the first byte tells
)

// Stream is one reply after the other. The fields are its results; instants
// are those given to Feed with the bytes that ended the event.
type Stream struct {
	// Dialect is that of the first event that told one.
	Dialect Dialect
	// Chunks is the pieces of output: content, reasoning, a refusal or a tool call that
	// was not empty. An event that adds to two choices holds two. In an unknown dialect
	// each event is one.
	Chunks int
	// Choices is how many choices had output.
	Choices int
	// Valid is the events of a known dialect, those without output (role, finish
	// reason, usage) included.
	Valid int
	// Begun is the instant of the first valid event; First and Last are those of
	// the first and last piece of output, FirstVisible that of the first one which is
	// no reasoning. 0 while there was none.
	Begun, First, FirstVisible, Last clock.Instant
	// Gaps are those between successive pieces of output of one choice, in the order
	// they came, less those that Spill was given; those of events that one read
	// brought are 0.
	Gaps []time.Duration
	// Spill is given MaxGaps gaps whenever there are as many, so that a stream
	// without end costs no more memory than another one; the slice is used again
	// afterwards. Without it all gaps stay in Gaps.
	Spill func(gaps []time.Duration)
	// Stated are the tokens of the last usage seen.
	Stated Tokens
	// Done is whether the stream said that it was complete.
	Done bool
	// Finish is the reason for which the last choice ended, or one that failed; Finishes
	// counts the choices by theirs, FinishUnknown being that they ended without one.
	Finish   FinishReason
	Finishes [FinishReasons]int
	// Failed is whether an event carried an error; Sample is the beginning of the first
	// such event's data, or of one that says that a choice was aborted.
	Failed bool
	Sample []byte
	// Skipped is the events that were larger than MaxEvent.
	Skipped int
	// Foreign is the events of no known dialect that were neither errors nor the end.
	Foreign int
	// Events is all events but those that say nothing.
	Events int
	// Stray is the beginning of a body that holds no event at all.
	Stray []byte

	format  Format
	found   eventFacts
	counts  counts
	choices []choice
	// ownTokens are the output tokens, where they are stated of each choice.
	ownTokens int64
	open      int  // choices that have begun and not ended
	ended     bool // a choice has ended
	closed    bool // [DONE] came: what follows is not looked at

	several, summary, reasoned    bool // there was output that is
	withheld                      bool // there was reasoning that was not sent
	span, visibleSpan             time.Duration
	visibleChunks, visibleChoices int
	spilled                       bool // gaps were
	told                          bool // there was output since the last whole piece of an agent's answer

	line          []byte // begun by earlier bytes
	lineTruncated bool   // the line has more bytes than are kept
	cr            bool   // the last byte was a carriage return: a line feed belongs to it
	begun         bool   // past the place of a byte order mark

	data      []byte // of the event so far
	hasData   bool   // it has a data line
	large     bool   // it has more data than is kept
	errorType bool   // its type is error

	depth            int  // of brackets, of an array
	quoted, escaping bool // within a string of it
}

// Reset makes s ready for the next reply, of the format.
func (s *Stream) Reset(format Format) {
	*s = Stream{
		format: format, Gaps: s.Gaps[:0], Spill: s.Spill, Sample: s.Sample[:0], Stray: s.Stray[:0], Stated: noTokens,
		counts: noCounts, choices: s.choices[:0], found: eventFacts{pieces: s.found.pieces[:0]},
		line: kept(s.line), data: kept(s.data),
	}
	if cap(s.Gaps) > maxKept {
		s.Gaps = nil
	}
}

func kept(b []byte) []byte {
	if cap(b) > maxKept {
		return nil
	}
	return b[:0]
}

// Feed takes the next bytes, which arrived at the instant.
func (s *Stream) Feed(p []byte, at clock.Instant) {
	if s.format >= Guess {
		if p = bytes.TrimLeft(p, " \t\r\n"); len(p) == 0 {
			return
		}
		s.format = s.format.guess(p[0])
	}
	if s.format == Array {
		s.feedArray(p, at)
		return
	}
	for len(p) > 0 {
		if s.cr {
			s.cr = false
			if p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		end := lineEnd(p)
		if end < 0 {
			s.keepLine(p)
			return
		}
		s.cr = p[end] == '\r'
		line := p[:end]
		p = p[end+1:]
		if len(s.line) > 0 {
			s.keepLine(line)
			line = s.line
		}
		if len(line) > MaxEvent {
			line, s.lineTruncated = line[:MaxEvent], true
		}
		s.handleLine(line, at)
		s.line, s.lineTruncated = s.line[:0], false
	}
}

// guess is the format of a body that begins with the byte.
func (f Format) guess(first byte) Format {
	switch {
	case first == '[':
		return Array
	case first == '{' && f == Guess:
		return Lines
	}
	return Events
}

// End says that no more bytes come. An event that lacks only its end counts:
// some endpoints leave out the empty line after the last one.
func (s *Stream) End(at clock.Instant) {
	if len(s.line) > 0 {
		s.handleLine(s.line, at)
		s.line, s.lineTruncated = s.line[:0], false
	}
	s.dispatch(at)
}

// lineEnd is the place of the first line end, -1 without one.
func lineEnd(p []byte) int {
	end := bytes.IndexByte(p, '\n')
	if end < 0 {
		return bytes.IndexByte(p, '\r')
	}
	if cr := bytes.IndexByte(p[:end], '\r'); cr >= 0 {
		return cr
	}
	return end
}

// keepLine keeps the beginning of a line whose end is to come.
func (s *Stream) keepLine(p []byte) {
	if room := MaxEvent - len(s.line); len(p) > room {
		p, s.lineTruncated = p[:room], true
	}
	s.line = append(s.line, p...)
}

var (
	byteOrderMark = []byte("\xef\xbb\xbf")
	fieldData     = []byte("data")
	fieldEvent    = []byte("event")
	typeError     = []byte("error")
	theEnd        = []byte("[DONE]")
	space         = []byte(" ")
)

const recordSeparator = 0x1e

// handleLine handles a whole line without its end.
func (s *Stream) handleLine(line []byte, at clock.Instant) {
	if !s.begun {
		s.begun = true
		line = bytes.TrimPrefix(line, byteOrderMark)
	}
	if s.format == Lines {
		s.handleValue(line, at)
		return
	}
	if len(line) == 0 {
		s.dispatch(at)
		return
	}
	name, value := line, line[len(line):]
	if colon := bytes.IndexByte(line, ':'); colon >= 0 {
		name, value = line[:colon], line[colon+1:]
		if len(value) > 0 && value[0] == ' ' {
			value = value[1:]
		}
	}
	switch {
	case bytes.Equal(name, fieldData):
		s.add(value)
	case bytes.Equal(name, fieldEvent):
		s.errorType = bytes.Equal(value, typeError)
	case bytes.Equal(name, typeError) && len(value) > 0 && value[0] == '{': // of llama.cpp
		s.errorType = true
		s.add(value)
	case len(name) > 0 && s.Valid+s.Foreign == 0:
		s.stray(line)
	}
	// Comments, which have no name, serve as pings; id and retry say nothing
	// here.
}

// handleValue handles a line that is a JSON value; a separator of records may stand
// before it [RFC 7464].
func (s *Stream) handleValue(line []byte, at clock.Instant) {
	if len(line) > 0 && line[0] == recordSeparator {
		line = line[1:]
	}
	if bytes.HasPrefix(line, fieldData) && len(line) > len(fieldData) && line[len(fieldData)] == ':' {
		line = bytes.TrimPrefix(line[len(fieldData)+1:], space)
	}
	if len(line) == 0 {
		return
	}
	s.add(line)
	s.dispatch(at)
}

// stray keeps the beginning of what is no event.
func (s *Stream) stray(line []byte) {
	if room := SampleSize - len(s.Stray); room > 0 {
		s.Stray = append(append(s.Stray, line[:min(len(line), room)]...), '\n')
	}
}

// add appends a line to the event's data; lines are joined by line feeds.
func (s *Stream) add(value []byte) {
	s.large = s.large || s.lineTruncated || len(s.data)+1+len(value) > MaxEvent
	if s.large {
		value = value[:min(len(value), SampleSize)]
	}
	switch {
	case s.large && len(s.data) >= SampleSize: // nobody looks further
	case s.hasData:
		s.data = append(append(s.data, '\n'), value...)
	default:
		s.data = append(s.data, value...)
	}
	s.hasData = true
}

// dispatch handles the event that has come to its end.
func (s *Stream) dispatch(at clock.Instant) {
	if (s.hasData || s.errorType) && !s.closed {
		s.handleEvent(s.data, at)
	}
	s.data, s.hasData, s.large, s.errorType = s.data[:0], false, false, false
}

// handleEvent enters an event into the results.
func (s *Stream) handleEvent(data []byte, at clock.Instant) {
	if s.Events++; s.errorType {
		s.fail(data)
		return
	}
	switch {
	case s.large:
		s.Skipped++
		return
	case len(data) < 2*len(theEnd) && bytes.Equal(bytes.TrimSpace(data), theEnd):
		s.Done, s.closed = true, true
		return
	}
	f := &s.found
	f.read(data)
	if f.dialect == Unknown && s.Valid > 0 && f.counts.stated() {
		f.dialect = s.Dialect // usage, and no more
	}
	switch {
	case f.failed:
		s.fail(data)
	case f.silent:
		s.Events--
		return
	case f.dialect == Unknown || s.Valid == 0 && s.spilled:
		s.foreign(data, at)
	default:
		s.valid(at)
	}
	if s.Finish.Failed() && !s.Failed && len(s.Sample) == 0 {
		s.Sample = append(s.Sample, data[:min(len(data), SampleSize)]...)
	}
}

// valid enters an event of a known dialect.
func (s *Stream) valid(at clock.Instant) {
	f := &s.found
	if s.Valid++; s.Valid == 1 {
		s.forget()
		s.Begun, s.Dialect = at, f.dialect
	}
	s.Done = s.Done || f.end
	s.withheld = s.withheld || f.withheld
	for i := range f.pieces {
		p := &f.pieces[i]
		if f.wholeIf && !s.told {
			// Agents repeat as a whole what they told in pieces. One that does not
			// tell in pieces has its output here.
			p.output |= visible | several
		}
		s.enter(p, at)
		s.told = p.output&output != 0 && !f.item || s.told && !f.item
	}
	s.state()
}

// state takes over the counts of an event.
func (s *Stream) state() {
	if !s.found.counts.stated() {
		return
	}
	s.counts.join(&s.found.counts)
	if s.ownTokens > 0 {
		s.counts.output = s.ownTokens
	}
	s.Stated = s.counts.tokens()
}

// foreign enters an event of no known dialect. As long as there are no others, each is
// taken for a chunk.
func (s *Stream) foreign(data []byte, at clock.Instant) {
	s.Foreign++
	if s.Valid > 0 || len(data) == 0 {
		return
	}
	if s.Begun == 0 {
		s.Begun = at
	}
	s.enter(&piece{output: visible, tokens: -1}, at)
	s.state()
}

// forget drops what foreign events were taken for.
func (s *Stream) forget() {
	if s.Foreign == 0 {
		return
	}
	s.Chunks, s.Choices, s.First, s.FirstVisible, s.Last, s.Gaps = 0, 0, 0, 0, 0, s.Gaps[:0]
	s.choices, s.open, s.span, s.visibleSpan, s.visibleChunks, s.visibleChoices = s.choices[:0], 0, 0, 0, 0, 0
}

func (s *Stream) fail(data []byte) {
	if s.Failed {
		return
	}
	s.Failed = true
	s.Sample = append(s.Sample[:0], data[:min(len(data), SampleSize)]...)
}

// Finished reports whether the answer is complete as far as the stream has said: it said
// so, or all choices that have begun have ended.
func (s *Stream) Finished() bool { return s.Done || s.ended && s.open == 0 }

// EndMark is what the end of the answer was told by.
func (s *Stream) EndMark() string {
	switch {
	case s.closed:
		return string(theEnd)
	case s.Done:
		return s.Dialect.Mark()
	}
	return "finish reason"
}

// Complete reports whether a body that has ended properly, and that held events, is a
// whole answer.
func (s *Stream) Complete() bool { return s.Finished() || table[s.Dialect].mark == "" }
