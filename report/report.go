package report

import (
	"cmp"
	"slices"
	"time"

	"brunt/attack/result"
)

// SchemaVersion is the version of the JSON that a Report marshals to.
const SchemaVersion = 1

// Report is a run's result, or the state of a run in progress. Its JSON is
// schema 1: keys are added and never renamed, every key is always present, and
// what is absent is null. Durations whose name ends in _ms are milliseconds,
// in _s seconds; counts are of measured requests, warm-up excluded.
type Report struct {
	Schema             int               `json:"schema"`
	Brunt              string            `json:"brunt"` // version of the program that made the run
	Name               string            `json:"name"`
	Labels             map[string]string `json:"labels"`
	Command            string            `json:"command"` // as given, secrets redacted
	Repeat             *string           `json:"repeat"`  // the command line that repeats what happened; null where that is not known
	State              string            `json:"state"`   // a result.State
	Interrupted        bool              `json:"interrupted"`
	RunID              *string           `json:"run_id"`           // what its client_request_ids begin with; null without any
	Runs               []string          `json:"runs"`             // ids of the runs that it counts; empty where they are not known
	Rebuilt            bool              `json:"rebuilt"`          // from results, which lack some figures
	CredentialsExpired bool              `json:"credentials_lost"` // expired before the run's end, and not renewed
	Error              *string           `json:"error"`            // why the run ended early on its own
	Target             Target            `json:"target"`
	Endpoint           *Service          `json:"endpoint"` // null for a plain URL
	Plan               Plan              `json:"plan"`
	Started            *time.Time        `json:"started"`        // first planned instant; null before it
	Ended              *time.Time        `json:"ended"`          // last reply; null while running
	ElapsedS           float64           `json:"elapsed_s"`      // to the last reply; where requests were cut off, no less than PlanElapsedS
	PlanElapsedS       float64           `json:"plan_elapsed_s"` // to the plan's end or the stop; of a run under way, to its last interval's end, as ElapsedS
	Requests           Requests          `json:"requests"`
	Throughput         Throughput        `json:"throughput"`
	LatencyMS          Latency           `json:"latency_ms"`
	LatenessMS         Summary           `json:"lateness_ms"` // of all sent
	Stream             *Stream           `json:"stream"`      // null where no success was a stream of events
	Usage              *Usage            `json:"usage"`       // null where no other success stated its tokens
	Answers            *Answers          `json:"answers"`     // null where no success says anything of it
	Status             map[int]uint64    `json:"status"`      // complete replies, good and bad
	Errors             []Failure         `json:"errors"`      // most frequent first
	Names              []Named           `json:"names"`       // in order of first appearance
	Stages             []StageFigures    `json:"stages"`      // of the plan, in order; empty without any, and where runs were merged
	ServedModels       []ServedModel     `json:"served_models"`
	Sessions           *Sessions         `json:"sessions"` // null without any
	Goodput            *Goodput          `json:"goodput"`  // null without rules that bound a request's times
	Client             Client            `json:"client"`
	Verdict            Verdict           `json:"verdict"`
	SLO                []Judgement       `json:"slo"`
	Slowest            []Slow            `json:"slowest"` // slowest first, at most 20
	Intervals          []Interval        `json:"intervals"`
	Changes            []Change          `json:"changes"` // of the load while it ran, in order
	Warnings           []string          `json:"warnings"`
	Results            *ResultsKept      `json:"results"`  // null without a results file
	Spans              []Span            `json:"spans"`    // when each run of a merged report was; empty for one run
	Capacity           *Capacity         `json:"capacity"` // null unless the run is a step of a search
	Histograms         Histograms        `json:"histograms"`
	Stationarity       *Stationarity     `json:"stationarity"` // null where it cannot be judged
	// IntervalHistograms are for comparisons; null in a merged report, and in one of a
	// run under way.
	IntervalHistograms *IntervalHistograms `json:"interval_histograms"`
	// Slices are for looking at a part of the run by itself; null in a merged report, and
	// where nothing is known of them.
	Slices *Slices `json:"slices"`
}

// ResultsKept says how many requests a results file has a record of. Together
// they are all that were sent, but for what a worker sent after its last report.
type ResultsKept struct {
	Kept    uint64 `json:"kept"`
	Dropped uint64 `json:"dropped"` // the file could not keep up with these
	// Missing are at least so many whose records are missing, since the worker that had
	// them was lost, or could not hand them in.
	Missing uint64 `json:"missing"`
}

// Sessions are the counts of a run's conversations, those that began in the warm-up
// excluded. begun = complete + broken + unfinished + (while running) those under way.
type Sessions struct {
	Begun      uint64 `json:"begun"`
	Complete   uint64 `json:"complete"`
	Broken     uint64 `json:"broken"`     // a turn failed, or had no text that the next one could repeat
	Unfinished uint64 `json:"unfinished"` // the run ended first
	TurnsLeft  uint64 `json:"turns_left"` // turns of the last two kinds that were never sent, nor planned
}

// Requests are the counts of a run. planned = sent + not_sent, not_sent is the
// sum of its reasons, sent = succeeded + failed + cut_off + in_flight.
type Requests struct {
	Planned       uint64         `json:"planned"`
	Sent          uint64         `json:"sent"`
	NotSent       uint64         `json:"not_sent"`
	NotSentReason NotSentReasons `json:"not_sent_reasons"`
	Succeeded     uint64         `json:"succeeded"`
	Failed        uint64         `json:"failed"`
	CutOff        uint64         `json:"cut_off"`
	// Of workers that were lost: UnknownSent were sent, and what became of them is not
	// known; of UnknownPlanned it is not known whether they were sent. Unknown are both.
	Unknown        uint64 `json:"unknown"`
	UnknownSent    uint64 `json:"unknown_sent"`
	UnknownPlanned uint64 `json:"unknown_planned"`

	InFlight      uint64 `json:"in_flight"` // 0 once a run is done
	Warmup        uint64 `json:"warmup"`    // sent in the warm-up, in no other count
	Reconnected   uint64 `json:"reconnected"`
	Connections   uint64 `json:"connections"`     // connections opened, without those of the warm-up
	TLSFull       uint64 `json:"tls_full"`        // of them, those with a full TLS handshake
	TLSResumed    uint64 `json:"tls_resumed"`     // those that took up an earlier TLS session
	LateWithSlots uint64 `json:"late_with_slots"` // begun over 10 ms late though a slot was free
	LateNoSlots   uint64 `json:"late_no_slots"`   // begun over 10 ms late for want of a slot
	Clamped       uint64 `json:"clamped"`         // values beyond the histograms' bounds
}

// NotSentReasons are the reasons why planned requests were not sent.
type NotSentReasons struct {
	NoSlot  uint64 `json:"no_slot"`
	Stopped uint64 `json:"stopped"`
	Skipped uint64 `json:"skipped"`
}

// Failure is one kind of failure by one cause. FirstS and LastS are seconds
// since the first planned instant; message, request id, payload and headers are
// of the first one.
type Failure struct {
	Kind      string            `json:"kind"`
	Status    *int              `json:"status"` // null where no complete reply came
	Cause     *string           `json:"cause"`  // a cause.Cause; null where the reply does not tell
	Advice    *string           `json:"advice"` // what to do about the cause, one sentence
	Message   string            `json:"message"`
	RequestID *string           `json:"request_id"`
	Payload   *string           `json:"payload"` // file:line
	Headers   map[string]string `json:"headers"` // of the reply, secrets hidden; null without one
	Sample    *string           `json:"sample"`  // beginning of its body as it came, secrets hidden; null without one
	Count     uint64            `json:"count"`
	FirstS    float64           `json:"first_s"`
	LastS     float64           `json:"last_s"`
	// Names are payload names that it hit, most often hit first, and NamesLeftOut how
	// many failures are of further names.
	Names        []NameHit `json:"names"`
	NamesLeftOut uint64    `json:"names_left_out"`
}

// NameHit is how many failures of one kind are of a payload name.
type NameHit struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// Hit counts so many failures under a name, as long as there is room for more names.
func (f *Failure) Hit(name string, count uint64) {
	at := slices.IndexFunc(f.Names, func(n NameHit) bool { return n.Name == name })
	switch {
	case at >= 0:
		f.Names = slices.Clone(f.Names)
		f.Names[at].Count += count
	case len(f.Names) >= result.MaxNamesHit:
		f.NamesLeftOut += count
	default:
		f.Names = append(slices.Clip(f.Names), NameHit{name, count})
	}
	slices.SortStableFunc(f.Names, func(a, b NameHit) int { return cmp.Compare(b.Count, a.Count) })
}

// Client is what the run cost on this side. The mean share of the cores that
// was used is cpu_s / (wall_s · cores).
type Client struct {
	Cores           int      `json:"cores"`
	CPUS            float64  `json:"cpu_s"`
	WallS           float64  `json:"wall_s"`
	QuotaCores      *float64 `json:"quota_cores"`        // a control group's limit; null where there is none
	ThrottledS      float64  `json:"throttled_s"`        // stopped by it
	WaitedS         float64  `json:"waited_s"`           // ready to run without a core, all threads together
	GCS             float64  `json:"gc_s"`               // CPU time of garbage collection
	CPUPerRequestUS *float64 `json:"cpu_per_request_us"` // cpu_s by requests sent, warm-up included
	RSSPeakMB       float64  `json:"rss_peak_mb"`        // 10⁶ bytes
	GCPauseMaxMS    float64  `json:"gc_pause_max_ms"`
	MaxFiles        *uint64  `json:"max_files"` // open-file limit; null where there is none
	Embedded        bool     `json:"embedded"`  // the endpoint ran in the same process
	// Poller is what told of ready connections: "epoll", "io_uring", or "goroutines" where each
	// connection had its own; null where that is not known, or differs between parts.
	Poller *string `json:"poller"`
	// Workers are the machines, or processes, that the run was divided among, in order;
	// empty where it was not. The figures above are of all of them: cores, CPU times and
	// waits added up, the largest process, the longest pause, the lowest limit.
	Workers []Worker `json:"workers"`
}

// Worker is one machine, or process, of those that sent a run's requests together.
type Worker struct {
	Name          string      `json:"name"`
	State         string      `json:"state"`
	StartS        float64     `json:"start_s"` // its measured start, seconds after the run's; when it joined a run under way
	Cores         int         `json:"cores"`   // 0 where it has not reported
	CPUS          float64     `json:"cpu_s"`
	WallS         float64     `json:"wall_s"`
	Planned       uint64      `json:"planned"`
	Sent          uint64      `json:"sent"`
	LatenessP99MS *float64    `json:"lateness_p99_ms"` // of requests that found a slot free; null without any
	LimitedBy     *string     `json:"limited_by"`      // as in the verdict, of it alone; null where it has not reported
	Trust         *string     `json:"trust"`
	Reasons       []string    `json:"reasons"`
	Lost          *LostWorker `json:"lost"` // null where it was not
	// TookOver is the worker whose share it took over when it joined the run under way;
	// null where it was there from the start.
	TookOver *string `json:"took_over"`
	// ClockOffsetMS is how far its clock is ahead of the coordinator's, which start_s takes
	// into account, and ClockErrorMS by how much the two can be wrong; null where not known.
	ClockOffsetMS *float64 `json:"clock_offset_ms"`
	ClockErrorMS  *float64 `json:"clock_error_ms"`
}

// LostWorker is when and why a worker was lost.
type LostWorker struct {
	LastS float64 `json:"last_s"` // its last report, in seconds since the measured start
	Why   string  `json:"why"`
}

// Verdict says what the endpoint did, and how far the figures can be trusted.
// Where nobody judged all of it is null but Reasons, which say why.
type Verdict struct {
	Headline  *string  `json:"headline"`   // what the endpoint did, or what was in its way: one sentence
	Brief     *string  `json:"brief"`      // the headline in a few words: 33 % refused (429) since 0:08; null in a merged report
	Notes     []string `json:"notes"`      // what else there is to know of that
	LimitedBy *string  `json:"limited_by"` // none, client, connections or endpoint
	Valid     *bool    `json:"valid"`      // trust is not none
	Trust     *string  `json:"trust"`      // full, limited or none
	ErrorMS   *float64 `json:"error_ms"`   // by which a percentile may be too high at the most; null unless trust is limited and it is known
	Reasons   []string `json:"reasons"`    // why the figures are trusted so far and no further, and what brunt used
}

// Slow is one of the slowest complete replies.
type Slow struct {
	AtS        float64 `json:"at_s"` // planned instant, seconds since the first one
	ResponseMS float64 `json:"response_ms"`
	ServiceMS  float64 `json:"service_ms"`
	Status     int     `json:"status"`
	Payload    string  `json:"payload"` // file:line
	RequestID  *string `json:"request_id"`
}
