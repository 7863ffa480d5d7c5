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

// Stream is one reply after the other. The fields are its results; instants
// are those given to Feed with the bytes that ended the event.
type Stream struct {
	// Chunks is the events that held output: content, reasoning, a refusal or a
	// tool call that was not empty. A chunk of several choices is one.
	Chunks int
	// Valid is the events that were chunks at all, those without output (role,
	// finish reason, usage) included.
	Valid int
	// Begun is the instant of the first valid event; First and Last are those of
	// the first and last one with output. 0 while there was none.
	Begun, First, Last clock.Instant
	// Gaps are those between successive events with output, in the order they
	// came, less those that Spill was given; those of events that one read
	// brought are 0.
	Gaps []time.Duration
	// Spill is given MaxGaps gaps whenever there are as many, so that a stream
	// without end costs no more memory than another one; the slice is used again
	// afterwards. Without it all gaps stay in Gaps.
	Spill func(gaps []time.Duration)
	// Output and Prompt are the tokens of the last usage seen, -1 without one.
	Output, Prompt int64
	// Done is whether the stream said that it was complete.
	Done bool
	// Failed is whether an event carried an error; Sample is the beginning of
	// the first such event's data.
	Failed bool
	Sample []byte
	// Skipped is the events that were larger than MaxEvent.
	Skipped int
	// Foreign is the events that were neither chunks nor errors nor the end.
	Foreign int

	line          []byte // begun by earlier bytes
	lineTruncated bool   // the line has more bytes than are kept
	cr            bool   // the last byte was a carriage return: a line feed belongs to it
	begun         bool   // past the place of a byte order mark

	data             []byte // of the event so far
	hasData          bool   // it has a data line
	large            bool   // it has more data than is kept
	errorType        bool   // its type is error
	outputSinceWhole bool   // there was output since the last whole piece of an agent's answer
}

// Reset makes s ready for the next reply.
func (s *Stream) Reset() {
	*s = Stream{
		Gaps: s.Gaps[:0], Spill: s.Spill, Sample: s.Sample[:0], Output: -1, Prompt: -1,
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
)

// handleLine handles a whole line without its end.
func (s *Stream) handleLine(line []byte, at clock.Instant) {
	if !s.begun {
		s.begun = true
		line = bytes.TrimPrefix(line, byteOrderMark)
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
	}
	// Comments, which have no name, serve as pings; id and retry say nothing
	// here.
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
	if (s.hasData || s.errorType) && !s.Done {
		s.handleEvent(s.data, at)
	}
	s.data, s.hasData, s.large, s.errorType = s.data[:0], false, false, false
}

// handleEvent enters an event into the results.
func (s *Stream) handleEvent(data []byte, at clock.Instant) {
	switch {
	case s.errorType:
		s.fail(data)
		return
	case s.large:
		s.Skipped++
		return
	case bytes.Equal(bytes.TrimSpace(data), theEnd):
		s.Done = true
		return
	}
	var found eventFacts
	found.read(data)
	switch {
	case found.failed:
		s.fail(data)
		return
	case !found.valid:
		s.Foreign++
		return
	}
	if s.Valid++; s.Valid == 1 {
		s.Begun = at
	}
	if found.hasOutput {
		s.Output = found.output
	}
	if found.hasPrompt {
		s.Prompt = found.prompt
	}
	s.Done = found.done
	// Agents repeat as a whole what they told in pieces. One that does not tell
	// in pieces has its output here.
	output := found.text || found.item && !s.outputSinceWhole
	s.outputSinceWhole = found.text || s.outputSinceWhole && !found.whole
	if !output {
		return
	}
	if s.Chunks++; s.Chunks == 1 {
		s.First = at
	} else {
		s.gap(at.Sub(s.Last))
	}
	s.Last = at
}

func (s *Stream) gap(length time.Duration) {
	if len(s.Gaps) >= MaxGaps && s.Spill != nil {
		s.Spill(s.Gaps)
		s.Gaps = s.Gaps[:0]
	}
	s.Gaps = append(s.Gaps, length)
}

func (s *Stream) fail(data []byte) {
	if s.Failed {
		return
	}
	s.Failed = true
	s.Sample = append(s.Sample[:0], data[:min(len(data), SampleSize)]...)
}

// Tokens is the number of tokens of the output: as the endpoint states it, else
// (stated is false) one for each chunk. An endpoint that states none of the
// output that it sent states nothing: some have zeros for what they do not know.
func (s *Stream) Tokens() (n int64, stated bool) {
	if s.Output > 0 || s.Output == 0 && s.Chunks == 0 {
		return s.Output, true
	}
	return int64(s.Chunks), false
}
