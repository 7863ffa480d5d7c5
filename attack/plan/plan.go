package plan

import (
	"regexp"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/arrivals"
	"brunt/attack/expect"
	"brunt/attack/figure"
)

// Limits of a plan.
const (
	MaxRatePerSecond = 10_000_000
	MaxConcurrency   = 1_000_000
	// DefaultOpenConcurrency is the most requests in flight of an open loop
	// that names none.
	DefaultOpenConcurrency = 10_000
	// DefaultConnectRate is the rate, per second, at which a closed loop opens
	// its first connections after a tenth of as many at once.
	DefaultConnectRate = 1000
	// StreamsPerConnection is the most HTTP/2 requests in flight per connection
	// unless Connections says otherwise.
	StreamsPerConnection = 100
)

// AtEnd says what becomes of requests in flight when a run ends.
type AtEnd string

// The two end policies: Drain waits for replies (within the time-out), Cut
// closes the connections and counts the requests as cut off.
const (
	Drain AtEnd = "drain"
	Cut   AtEnd = "cut"
)

// CatchUp says what becomes of tickets whose instant has passed.
type CatchUp string

// CatchUpSend sends overdue tickets as fast as slots allow; CatchUpSkip drops
// those later than SkipAfter and counts them as not sent.
const (
	CatchUpSend CatchUp = "send"
	CatchUpSkip CatchUp = "skip"
)

// SkipAfter is the lateness past which CatchUpSkip drops a ticket. It is well
// above a scheduler's jitter, so that only real overload drops anything.
const SkipAfter = 10 * time.Millisecond

// MaxWarmup is the longest that a warm-up lasts which ends once latency has settled.
const MaxWarmup = 2 * time.Minute

// Bounds are the longest times that one request may take to be good, by figure; 0
// is none. They are counted as the histograms of the same figures; of InterChunk it
// is the longest gap of the request.
type Bounds [figure.Len]time.Duration

// StreamMode says which replies are followed as streams of server-sent events.
type StreamMode string

// StreamAuto, which the empty mode stands for too, follows successes whose
// content type is text/event-stream, StreamOn all successes, StreamOff none.
// Unless off, successes of the type application/json that are not followed are
// searched for the usage that they state.
const (
	StreamAuto StreamMode = "auto"
	StreamOn   StreamMode = "on"
	StreamOff  StreamMode = "off"
)

// Poller says what tells a run's loops of their connections.
type Poller string

// PollerAuto, which the empty one stands for too, is the system's best. The others are
// asked for by name: where the system lacks one of them, or forbids it, or the run's
// connections are none for it, the next best is taken, and the snapshot says which.
const (
	PollerAuto       Poller = "auto"
	PollerEpoll      Poller = "epoll"
	PollerRing       Poller = "io_uring"
	PollerGoroutines Poller = "goroutines"
)

// Plan is all that decides when requests are sent and when a run is over. It
// holds no clock and no connection: equal plans make equal schedules.
type Plan struct {
	// Rate is the constant rate of an open loop; its zero value means a closed
	// loop.
	Rate vegeta.Rate
	// Instants are those of a replay, in ns since its start and in order; Rate
	// is then no more than their mean, and there is no warm-up. Nil means that
	// Rate makes them.
	Instants []int64
	// Stages are the parts that the plan goes through, if it has any: see SetStages.
	Stages []Stage
	// Law is how the gaps between an open loop's requests are spread, and Seed
	// what random ones are drawn from: the same seed gives the same instants.
	Law  arrivals.Law
	Seed uint64
	// Shares are the parts of the plan that this run sends, where several runs send one
	// plan; nil is all of it. Rates, counts and bounds of the plan are those of all runs
	// together: each sends its part of them.
	Shares []Share
	// Joined is for a run that begins while others send the plan already: which of those
	// it is, from 1 on; 0 for one that is there from the start. It sends nothing of its
	// Shares but what it is given, and the numbers of its requests, where it counts them
	// itself, lie where no other run's come.
	Joined uint64
	// RunID is what begins the ids of the run's requests, where several runs send one
	// plan; empty is one of the run's own. A run that sends tickets again which another
	// run of that id may have sent needs an id that differs.
	RunID string
	// StartAt is when the schedule starts, by this machine's clock; its zero value is at
	// once. After that instant the run starts late: what is overdue is sent, and lateness
	// tells.
	StartAt time.Time
	// Concurrency is the number of workers of a closed loop, or the most
	// requests in flight of an open one.
	Concurrency int
	// Duration of the measured part; 0 means until Requests are sent.
	Duration time.Duration
	// Requests is the most measured requests; 0 means no such bound.
	Requests uint64
	// UntilStopped allows a plan without Duration and Requests: it has no end of its own.
	UntilStopped bool
	// Warmup precedes the measured part and is in none of its figures.
	Warmup time.Duration
	// WarmupUntilSettled ends the warm-up once the latency has settled (see
	// steady.Settled); Warmup is then the longest that it may last.
	WarmupUntilSettled bool
	// Timeout of one request, counted from its attempt's beginning.
	Timeout time.Duration
	// OtherFiles is how many of the files that this process may open are needed
	// for something else than the load, as a page's connections are.
	OtherFiles int
	// KeepAlive keeps connections open between requests.
	KeepAlive bool
	AtEnd     AtEnd
	CatchUp   CatchUp
	// HTTP2 speaks HTTP/2: agreed on within TLS, or known beforehand (h2c).
	// Requests in flight then share connections.
	HTTP2 bool
	// Connections is the most connections, 0 for as many as it takes: in
	// HTTP/1.1 that is one per request in flight, so that it bounds those too;
	// in HTTP/2 one per 100 of the most in flight, or per as many as the
	// endpoint takes on one where that is fewer.
	Connections int
	// ConnectRate is the most connections opened per second, over the whole
	// run. Waiting for it is no service time. A closed loop waits before it
	// plans a request, so that none is late for it; in an open loop the request
	// waits, as for any connection, and the wait is part of its response time.
	// 0 is DefaultConnectRate, for the first connections of a closed loop only:
	// what an open loop opens follows from its rate, and a limit on connections
	// that the endpoint keeps closing would quietly be one on the throughput.
	ConnectRate int
	// Poller is what tells the loops of their connections.
	Poller Poller
	// Stream says which replies are followed as streams.
	Stream StreamMode
	// StreamTimeout is that of a stream that has begun to answer, whose first output
	// came within Timeout; Timeout where it is less, or 0.
	StreamTimeout time.Duration
	// StreamStall is the longest that a stream may say nothing after its first output, pings included,
	// before it counts as failed; 0 for no bound but the time-out.
	StreamStall time.Duration
	// Good bounds the times of the requests counted as good.
	Good Bounds
	// Interval is the width of the timeline's intervals; 0 is a second.
	Interval time.Duration
	// RecordIDs has records hold what the endpoint calls each request.
	RecordIDs bool
	// RecordedReplies has the later turns of sessions repeat the replies that the file
	// has, in place of those that came.
	RecordedReplies bool
	// SuccessBody is found in the body of a success, and FailBody is not; nil for any
	// body. At most 256 KiB of a body are looked at, those of a stream as it came.
	SuccessBody, FailBody *regexp.Regexp
	// Expect is what successes are expected to hold besides; nil for nothing.
	Expect *expect.Checks
	// Success is the set of statuses that count as succeeded.
	Success StatusSet

	fewFiles bool // the open-file limit has lowered Concurrency
}

// ShortOfFiles reports whether the open-file limit has lowered Concurrency.
func (p *Plan) ShortOfFiles() bool { return p.fewFiles }

// Open reports whether the plan is an open loop (a rate is asked).
func (p *Plan) Open() bool { return p.Rate.Freq > 0 }

// SetLength has the measured part last so long, 0 for until it is stopped.
func (p *Plan) SetLength(length time.Duration) {
	p.Duration, p.UntilStopped = length, true
}

// Endless reports whether the plan has no end of its own.
func (p *Plan) Endless() bool { return p.UntilStopped && p.Duration == 0 && p.Requests == 0 }

// Protocol is the name of what the plan speaks.
func (p *Plan) Protocol() string {
	if p.HTTP2 {
		return "HTTP/2"
	}
	return "HTTP/1.1"
}

// Matches reports whether bodies are matched against a pattern.
func (p *Plan) Matches() bool { return p.SuccessBody != nil || p.FailBody != nil }
