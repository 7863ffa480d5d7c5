package report

import (
	"encoding/json"
	"time"

	"brunt/attack"
)

// SchemaVersion is the version of the JSON that a Report marshals to.
const SchemaVersion = 1

// Report is a run's result, or the state of a run in progress. Its JSON is
// schema 1: keys are added and never renamed, every key is always present, and
// what is absent is null. Durations whose name ends in _ms are milliseconds,
// in _s seconds; counts are of measured requests, warm-up excluded.
type Report struct {
	Schema       int               `json:"schema"`
	Brunt        string            `json:"brunt"` // version of the program that made the run
	Name         string            `json:"name"`
	Labels       map[string]string `json:"labels"`
	Command      string            `json:"command"` // as given, secrets redacted
	State        string            `json:"state"`   // an attack.State
	Interrupted  bool              `json:"interrupted"`
	RunID        *string           `json:"run_id"`           // what its client_request_ids begin with; null without any
	Runs         []string          `json:"runs"`             // ids of the runs that it counts; empty where they are not known
	Rebuilt      bool              `json:"rebuilt"`          // from results, which lack some figures
	Lapsed       bool              `json:"credentials_lost"` // expired before the run's end, and not renewed
	Error        *string           `json:"error"`            // why the run ended early on its own
	Target       Target            `json:"target"`
	Endpoint     *Service          `json:"endpoint"` // null for a plain URL
	Plan         Plan              `json:"plan"`
	Started      *time.Time        `json:"started"`        // first planned instant; null before it
	Ended        *time.Time        `json:"ended"`          // last reply; null while running
	ElapsedS     float64           `json:"elapsed_s"`      // to the last reply; where requests were cut off, no less than PlanElapsedS
	PlanElapsedS float64           `json:"plan_elapsed_s"` // to the plan's end or the stop; of a run under way, to its last interval's end, as ElapsedS
	Requests     Requests          `json:"requests"`
	Throughput   Throughput        `json:"throughput"`
	LatencyMS    Latency           `json:"latency_ms"`
	LatenessMS   Summary           `json:"lateness_ms"` // of all sent
	Stream       *Stream           `json:"stream"`      // null where no success was a stream of events
	Usage        *Usage            `json:"usage"`       // null where no other success stated its tokens
	Status       map[int]uint64    `json:"status"`      // complete replies, good and bad
	Errors       []Failure         `json:"errors"`      // most frequent first
	Names        []Named           `json:"names"`       // in order of first appearance
	ServedModels []ServedModel     `json:"served_models"`
	Goodput      *Goodput          `json:"goodput"` // null without rules that bound a request's times
	Client       Client            `json:"client"`
	Verdict      Verdict           `json:"verdict"`
	SLO          []Judgement       `json:"slo"`
	Slowest      []Slow            `json:"slowest"` // slowest first, at most 20
	Intervals    []Interval        `json:"intervals"`
	Changes      []Change          `json:"changes"` // of the load while it ran, in order
	Warnings     []string          `json:"warnings"`
	Results      *ResultsKept      `json:"results"` // null without a results file
	Spans        []Span            `json:"spans"`   // when each run of a merged report was; empty for one run
	Histograms   Histograms        `json:"histograms"`
}

// ResultsKept says how many requests a results file has a record of. Together
// they are all that were sent.
type ResultsKept struct {
	Kept    uint64 `json:"kept"`
	Dropped uint64 `json:"dropped"` // the file could not keep up with these
}

// Target is what was loaded.
type Target struct {
	URL       string   `json:"url"`      // without credentials
	Endpoint  *string  `json:"endpoint"` // the serving endpoint's name; null for a plain URL
	Addresses []string `json:"addresses"`
	Protocol  string   `json:"protocol"`
	TLS       *string  `json:"tls"` // version; null without TLS
}

// Plan is the load that was asked for.
type Plan struct {
	RatePerS    *float64          `json:"rate_per_s"`    // null for a closed loop
	Concurrency *int              `json:"concurrency"`   // null where none was given
	MaxInFlight int               `json:"max_in_flight"` // the cap in force, given or not
	DurationS   *float64          `json:"duration_s"`    // null where none was given
	Requests    *uint64           `json:"requests"`      // null where none was given
	Stages      []json.RawMessage `json:"stages"`
	WarmupS     float64           `json:"warmup_s"`
	TimeoutS    float64           `json:"timeout_s"`
	KeepAlive   bool              `json:"keepalive"`
	AtEnd       string            `json:"at_end"`
	CatchUp     string            `json:"catch_up"`
	Payloads    []Payload         `json:"payloads"`
	Order       string            `json:"order"`
	Seed        *uint64           `json:"seed"`
}

// Payload is one file of bodies.
type Payload struct {
	File   string `json:"file"`
	Lines  uint64 `json:"lines"` // bodies in it
	Bytes  uint64 `json:"bytes"`
	SHA256 string `json:"sha256"`
	Weight int    `json:"weight"`
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
	InFlight      uint64         `json:"in_flight"` // 0 once a run is done
	Warmup        uint64         `json:"warmup"`    // sent in the warm-up, in no other count
	Reconnected   uint64         `json:"reconnected"`
	Connections   uint64         `json:"connections"`     // connections opened, without those of the warm-up
	LateWithSlots uint64         `json:"late_with_slots"` // begun over 10 ms late though a slot was free
	LateNoSlots   uint64         `json:"late_no_slots"`   // begun over 10 ms late for want of a slot
	Clamped       uint64         `json:"clamped"`         // values beyond the histograms' bounds
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
	Cause     *string           `json:"cause"`  // an attack.Cause; null where the reply does not tell
	Advice    *string           `json:"advice"` // what to do about the cause, one sentence
	Message   string            `json:"message"`
	RequestID *string           `json:"request_id"`
	Payload   *string           `json:"payload"` // file:line
	Headers   map[string]string `json:"headers"` // of the reply, secrets hidden; null without one
	Count     uint64            `json:"count"`
	FirstS    float64           `json:"first_s"`
	LastS     float64           `json:"last_s"`
}

// Named are the figures of one payload name's requests.
type Named struct {
	Name       string          `json:"name"`
	Requests   NamedRequests   `json:"requests"`
	LatencyMS  NamedLatency    `json:"latency_ms"`
	Histograms NamedHistograms `json:"histograms"`
}

// NamedRequests are one name's counts: sent = succeeded + failed + cut_off +
// in_flight.
type NamedRequests struct {
	Sent      uint64 `json:"sent"`
	Succeeded uint64 `json:"succeeded"`
	Failed    uint64 `json:"failed"`
	CutOff    uint64 `json:"cut_off"`
	InFlight  uint64 `json:"in_flight"`
}

// NamedLatency are one name's distributions of successes, in milliseconds.
type NamedLatency struct {
	Response Summary `json:"response"`
	Service  Summary `json:"service"`
}

// NamedHistograms are what NamedLatency was summed up from.
type NamedHistograms struct {
	Response Distribution `json:"response"`
	Service  Distribution `json:"service"`
}

// ServedModel are the successes of one model behind the endpoint, as its
// replies named it.
type ServedModel struct {
	Name       string          `json:"name"`
	Count      uint64          `json:"count"`
	P50        *float64        `json:"p50"` // response time, milliseconds, as in latency_ms
	P99        *float64        `json:"p99"`
	LatencyMS  NamedLatency    `json:"latency_ms"`
	Histograms NamedHistograms `json:"histograms"`
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
}

// Verdict says what the endpoint did, and how far the figures can be trusted.
// Where nobody judged all of it is null but Reasons, which say why.
type Verdict struct {
	Headline  *string  `json:"headline"`   // what the endpoint did, or what was in its way: one sentence
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

// Change is one change of the load while the run was under way; one of the two
// values is null. TS is seconds since the first planned instant, below 0 within
// the warm-up.
type Change struct {
	TS          float64  `json:"t_s"`
	RatePerS    *float64 `json:"rate_per_s"`
	Concurrency *int     `json:"concurrency"`
}

// Interval is one stretch of the timeline, from t_s on. Percentiles and max
// are milliseconds of response time; those of merged reports are null, since
// percentiles cannot be merged.
type Interval struct {
	TS          float64  `json:"t_s"`
	WidthS      float64  `json:"width_s"`
	Planned     uint64   `json:"planned"`
	Sent        uint64   `json:"sent"`
	Succeeded   uint64   `json:"succeeded"`
	Failed      uint64   `json:"failed"`
	CutOff      uint64   `json:"cut_off"`
	Completed   uint64   `json:"completed"` // as in throughput
	CompletedOK uint64   `json:"completed_ok"`
	WindowS     *float64 `json:"window_s"`    // how much of it lies within the measured window; null where that is not known
	AskedPerS   *float64 `json:"asked_per_s"` // by the plan, on average over its part of the interval; null without a rate
	InFlight    uint64   `json:"in_flight"`   // at the interval's end
	BytesIn     uint64   `json:"bytes_in"`
	BytesOut    uint64   `json:"bytes_out"`
	P50         *float64 `json:"p50"`
	P90         *float64 `json:"p90"`
	P99         *float64 `json:"p99"`
	Max         *float64 `json:"max"`
	LatenessP99 *float64 `json:"lateness_p99"`
	Chunks      uint64   `json:"chunks"`   // with output that came in streams, whatever became of those
	TTFTP50     *float64 `json:"ttft_p50"` // of the streams that ended, milliseconds
	TTFTP99     *float64 `json:"ttft_p99"`

	// Response and Service are the interval's histograms at full precision, for
	// the page's heat map and percentiles over time. JSON leaves them out, so
	// they are empty in a report that was read from it.
	Response attack.Sketch `json:"-"`
	Service  attack.Sketch `json:"-"`
}
