package result

import (
	"time"

	"brunt/attack/plan"
	"brunt/payloads/setting"
)

// A run passes through these in order; Warming only with a warm-up.
const (
	Starting State = "starting"
	Warming  State = "warming up"
	Running  State = "running"
	Draining State = "draining"
	Done     State = "done"
)

// What a verdict can name as the limit.
const (
	LimitNone        = "none"
	LimitClient      = "client"
	LimitConnections = "connections"
	LimitEndpoint    = "endpoint"
)

// How far figures can be trusted.
const (
	TrustFull    = "full"    // brunt's own delays do not show in them
	TrustLimited = "limited" // brunt's own delays are a part of them, of at most Verdict.Error
	TrustNone    = "none"    // they say more about brunt or its machine than about the endpoint
)

// State of a run.
type State string

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
	Poller     string // what told the loops of ready connections: "epoll", "io_uring", or "goroutines" where each connection has its own
}

// Verdict answers two questions, in this order: what the endpoint did, and how
// far the figures can be trusted. Its zero value is "not judged".
type Verdict struct {
	// Headline is what the endpoint did, or what was in the way, in one sentence.
	Headline setting.Text
	// Brief is the same in a few words, as "33 % refused (429) since 0:08".
	Brief setting.Text
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
	Followed             Followed      // what the intervals count by name and by kind
	Changes              []plan.Change // of the load, in order
	// Length is how long the measured part is to last, 0 for until it is stopped, where
	// that was changed under way; nil where it is the plan's.
	Length     *time.Duration
	Addresses  []string // addresses that connections were spread over
	Proxy      string   // URL of the proxy that they belong to, without user; empty without one
	TLSVersion string   // "1.3", empty without TLS
	Workers    []Worker // that the run was divided among, in order; nil where it was not
	Client     Client   // of all workers, if there are any
	Delays     Delays   // how late the client itself was to act
	Silence    Silence
	Verdict    Verdict
	Warnings   []setting.Text // things a reader should know, one line each
	Err        error          // why the run ended early on its own (payload file shrank, …); nil where it did not
}

// Silence is the longest stretch of a run in which no reply came, as far as the
// run's cores were all without one at the same time.
type Silence struct {
	From, Length time.Duration // since the measured start
}
