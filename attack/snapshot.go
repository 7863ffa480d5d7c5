package attack

import (
	"time"

	"brunt/attack/cause"
	"brunt/attack/histogram"
	"brunt/attack/plan"
	"brunt/payloads/setting"
)

// State of a run.
type State string

// A run passes through these in order; Warming only with a warm-up.
const (
	Starting State = "starting"
	Warming  State = "warming up"
	Running  State = "running"
	Draining State = "draining"
	Done     State = "done"
)

// Counts of requests. planned = sent + no_slot + stopped + skipped and
// sent = succeeded + failed + cut_off + (while running) in flight.
type Counts struct {
	Planned, Sent              uint64
	NoSlot, Stopped, Skipped   uint64
	Succeeded, Failed, CutOff  uint64
	Warmup                     uint64 // sent within the warm-up, in no other count
	Reconnected                uint64 // idle connections found closed and opened anew before sending
	BytesIn, BytesOut          uint64 // wire bytes of replies and requests, without TLS
	Connections                uint64 // connections opened, without those of the warm-up
	LateWithSlots, LateNoSlots uint64 // tickets begun over 10 ms late, by whether a slot was free
	SkippedNoSlot              uint64 // of Skipped, those for which no slot was free
	UnsentWithSlots            uint64 // of NoSlot or Stopped, those that were not sent though slots were free
	Queued                     uint64 // requests that waited over 10 ms for a stream of HTTP/2
	Clamped                    uint64 // values beyond the histograms' bounds
	Kept, Dropped              uint64 // records handed to the sink, and those it was too slow for
	Good                       uint64 // successes that keep Plan.Good; 0 without bounds
	Stream                     StreamCounts
	Usage                      UsageCounts
	Answers                    AnswerCounts
	Window                     Window
	Sessions                   SessionCounts
}

// NotSent is the number of planned tickets for which no attempt was begun.
func (c *Counts) NotSent() uint64 { return c.NoSlot + c.Stopped + c.Skipped }

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
	Count       uint64
	First, Last time.Duration // end of the first and last one, since the measured start
}

// Named are the figures of the requests of one payload name.
type Named struct {
	Name              string
	Sent              uint64
	Succeeded, Failed uint64
	CutOff            uint64
	Response, Service histogram.Distribution // of successes
}

// Slow is one of the slowest complete replies.
type Slow struct {
	At                time.Duration // planned instant since the measured start
	Response, Service time.Duration
	Status            int
	Payload           string // file:line
	RequestID         string
}

// Interval is one stretch of the timeline. Counts are of what happened within
// it: a request sent in one interval may succeed in a later one.
type Interval struct {
	At, Width                        time.Duration // since the measured start
	Planned, Sent, Succeeded, Failed uint64
	CutOff                           uint64
	Completed, CompletedOK           uint64 // of Window, in this stretch
	InFlight                         uint64 // at the interval's end
	BytesIn, BytesOut                uint64
	Chunks                           uint64 // with output that came in streams, whatever became of those
	// Histograms of nanoseconds; TTFT and TPOT are of the streams that ended.
	Response, Service, Lateness, TTFT, TPOT histogram.Sketch
}

// Client is what the run cost on this side.
type Client struct {
	Cores      int           // cores this process may use
	Quota      float64       // cores' worth of time that a control group allows, 0 where it sets no limit
	CPU        time.Duration // user + system since the run's start
	Wall       time.Duration
	Waited     time.Duration // its threads were ready but had no core, summed over all; 0 where the system does not tell
	Throttled  time.Duration // stopped by the quota
	GC         time.Duration // CPU time of garbage collection
	RSSPeak    uint64        // bytes
	GCPauseMax time.Duration
	MaxFiles   uint64 // open-file limit, 0 where there is none
	Embedded   bool   // the endpoint ran in this process (mock://): its CPU is in CPU too
}

// Verdict answers two questions, in this order: what the endpoint did, and how
// far the figures can be trusted. Its zero value is "not judged".
type Verdict struct {
	// Headline is what the endpoint did, or what was in the way, in one sentence.
	Headline setting.Text
	// Notes are what else there is to know of that: what to raise, failures too few
	// for the headline.
	Notes []setting.Text
	// LimitedBy is what bounded the load: LimitNone, LimitClient, LimitConnections
	// or LimitEndpoint; empty where nobody judged.
	LimitedBy string
	// Trust is TrustFull, TrustLimited or TrustNone; empty where nobody judged.
	Trust string
	// Error is the most by which a reported percentile may be too high because of
	// brunt's own delays; 0 where the figures are trusted in full.
	Error time.Duration
	// Reasons are why the figures are trusted so far and no further, and what
	// brunt took of this machine.
	Reasons []string
}

// Judged reports whether there is a verdict at all.
func (v *Verdict) Judged() bool { return v.Trust != "" }

// Valid reports whether the figures can be trusted at all.
func (v *Verdict) Valid() bool { return v.Trust != TrustNone }

// Snapshot is everything known of a run at one moment. The snapshot of a
// finished run is its result; every output is made from it.
type Snapshot struct {
	State              State
	Interrupted        bool      // ended by Stop before its plan did
	CredentialsExpired bool      // the credentials expired before the run's end, and were not renewed
	ID                 string    // of the run: no other has it
	RunID              string    // what client_request_ids begin with; empty without any
	Started            time.Time // wall clock of the measured start
	// Warmup is how long the warm-up lasts; Settled is whether it ended because latency
	// had settled (see Plan.WarmupUntilSettled).
	Warmup  time.Duration
	Settled bool
	// Sessions is whether requests are turns of conversations: what a rate, a concurrency
	// and a number of requests then count is those.
	Sessions bool
	// Elapsed is from the measured start to the last reply, where requests were
	// cut off no less than PlanElapsed, and in a run under way to the last
	// collection; PlanElapsed is to the plan's end, the stop or that collection.
	Elapsed, PlanElapsed time.Duration
	Counts               Counts
	Latencies            Latencies
	Status               map[int]uint64 // complete replies by status, good and bad
	Failures             []Failure      // most frequent first
	Names                []Named        // in order of first appearance; nil without names
	Stages               []StageFigures // of the plan, in order; nil without stages
	Models               []Served       // most replies first; nil where no reply names one
	Slowest              []Slow         // slowest first, at most 20
	Intervals            []Interval
	Changes              []plan.Change // of the load, in order
	Addresses            []string      // addresses that connections were spread over
	TLSVersion           string        // "1.3", empty without TLS
	Client               Client
	Delays               Delays // how late the client itself was to act
	Silence              Silence
	Verdict              Verdict
	Warnings             []setting.Text // things a reader should know, one line each
	Err                  error          // why the run ended early on its own (payload file shrank, …); nil where it did not
}
