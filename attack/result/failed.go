package result

import (
	"time"

	"brunt/attack/cause"
	"brunt/payloads/setting"
)

// Kinds of failures on an open connection; endpoint has those of opening one.
// A complete reply that is no success is of the kind status_NNN.
const (
	KindReset           = "reset"
	KindTimeoutReply    = "timeout_reply"
	KindClosedEarly     = "closed_early"
	KindStaleConnection = "stale_connection"
	KindBadReply        = "bad_reply"
	KindPayloadGone     = "payload_gone"
	KindConnectRate     = "connect_rate"   // Plan.ConnectRate left no time for a connection
	KindResetStream     = "reset_stream"   // HTTP/2: RST_STREAM
	KindRefusedStream   = "refused_stream" // HTTP/2: RST_STREAM with REFUSED_STREAM
	KindGoAway          = "goaway"         // HTTP/2: GOAWAY with an error, by which replies were lost
	KindTurnedAway      = "turned_away"    // HTTP/2: no connection took the request
	KindNoStream        = "no_stream"      // HTTP/2: all streams were taken until the time-out
	KindOther           = "other"
	// KindCut is no failure: the run's end cut the request off.
	KindCut = "cut"
)

// Kinds of failures of replies whose status was a success, by patterns of the user's.
const (
	KindBodyUnmatched = "body_unmatched" // Plan.SuccessBody was not found in it
	KindBodyMatched   = "body_matched"   // Plan.FailBody was
	KindHeaderFailed  = "header_failed"  // a header of Plan.Expect was not as expected
	KindJSONFailed    = "json_failed"    // nor was its JSON, by a query of Plan.Expect
)

// Unexpected reports whether a kind is of replies that came whole, with a status of
// success, and were not what the user expects of one.
func Unexpected(kind string) bool {
	switch kind {
	case KindBodyUnmatched, KindBodyMatched, KindHeaderFailed, KindJSONFailed:
		return true
	}
	return false
}

// Kinds of failures of a stream whose status was a success. What became of the
// reply as such does not matter to whoever waits for an answer: none of them
// counts as a complete reply.
const (
	KindStreamEmpty   = "stream_empty"   // it ended without one valid chunk
	KindStreamBroken  = "stream_broken"  // it ended before it said that it was complete
	KindStreamError   = "stream_error"   // it carried an error
	KindStreamStalled = "stream_stalled" // after its first output, nothing came for longer than Plan.StreamStall
	// Of answers that came as a stream or whole:
	KindAnswerAborted = "answer_aborted" // its finish reason says that it was aborted, or failed
	KindAnswerError   = "answer_error"   // the reply, as a whole, is an error
	KindAnswerPage    = "answer_page"    // it is an HTML page
)

// Failure is one kind of failure, and one cause of it, with the first one seen
// as the example.
type Failure struct {
	Kind        string      // refused, reset, timeout_reply, status_429, …
	Status      int         // 0 where no complete reply came
	Cause       cause.Cause // of a reply, as far as it tells
	Message     setting.Text
	Advice      setting.Text // what to do about it, one sentence; empty where nothing is known but what the message says
	RequestID   string
	Payload     string            // file:line
	Headers     map[string]string // of the reply, in lower case, secrets hidden; nil without one
	Sample      string            // of the reply's body, its beginning as it came, secrets hidden; empty without one
	Count       uint64
	First, Last time.Duration // end of the first and last one, since the measured start
	// Names are payload names that it hit, the first MaxNamesHit of them, and Unlisted
	// how many failures are of further names.
	Names    []NameHit
	Unlisted uint64
}

// MaxNamesHit is how many names are listed of one kind of failures.
const MaxNamesHit = 10

// NameHit is how many failures of a kind are of one payload name.
type NameHit struct {
	Name  string
	Count uint64
}

// Hit counts so many failures under a name. It allocates nothing where the list has room
// for MaxNamesHit.
func (f *Failure) Hit(name string, count uint64) {
	for i := range f.Names {
		if f.Names[i].Name == name {
			f.Names[i].Count += count
			return
		}
	}
	if len(f.Names) == MaxNamesHit {
		f.Unlisted += count
		return
	}
	f.Names = append(f.Names, NameHit{name, count})
}

// Occurred counts a failure in its entry.
func (f *Failure) Occurred(at time.Duration) {
	f.Count++
	f.First, f.Last = min(f.First, at), max(f.Last, at)
}
