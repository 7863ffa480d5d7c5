package attack

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/arrivals"
	"brunt/payloads/setting"
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
	// Concurrency is the number of workers of a closed loop, or the most
	// requests in flight of an open one.
	Concurrency int
	// Duration of the measured part; 0 means until Requests are sent.
	Duration time.Duration
	// Requests is the most measured requests; 0 means no such bound.
	Requests uint64
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
	// Success is the set of statuses that count as succeeded.
	Success StatusSet

	fewFiles bool // the open-file limit has lowered Concurrency
}

// Open reports whether the plan is an open loop (a rate is asked).
func (p *Plan) Open() bool { return p.Rate.Freq > 0 }

// Protocol is the name of what the plan speaks.
func (p *Plan) Protocol() string {
	if p.HTTP2 {
		return "HTTP/2"
	}
	return "HTTP/1.1"
}

// warmupText is the warm-up as it was asked for.
func (p *Plan) warmupText() string {
	if p.WarmupUntilSettled {
		return "auto"
	}
	return p.Warmup.String()
}

// Validate reports the first thing that makes the plan no plan, as a
// *setting.FieldError.
func (p *Plan) Validate() error {
	const upToMillion = "must be from 1 to 1,000,000"
	if len(p.Stages) > 0 {
		if err := p.validStages(); err != nil {
			return err
		}
	}
	switch {
	case !p.Open() && p.Concurrency == 0:
		return &setting.FieldError{Field: setting.Rate, Subject: setting.Plain("no load asked for"),
			Reason: setting.Textf(
				"give %v (constant rate) or %v (constant concurrency)",
				setting.Rate,
				setting.Concurrency,
			)}
	case p.Instants != nil && (!p.Open() || p.Warmup > 0 || p.Requests == 0 || p.Requests > uint64(len(p.Instants))):
		return setting.Wrong(
			setting.Replay,
			"",
			"sends each request of the record once, at its own time: leave out %v",
			setting.Warmup,
		)
	case p.Law.Random() && (!p.Open() || p.Instants != nil):
		return setting.Wrong(
			setting.Arrivals,
			p.Law.String(),
			"it spreads the requests of a rate: give %v or %v, or leave it out",
			setting.Rate,
			setting.Stages,
		)
	case p.Duration == 0 && p.Requests == 0:
		return &setting.FieldError{Field: setting.Duration, Subject: setting.Plain("no end given"),
			Reason: setting.Textf("give %v, %v or both", setting.Duration, setting.Requests)}
	case p.Duration < 0:
		return setting.Wrong(setting.Duration, p.Duration.String(), "must be above 0")
	case p.Warmup < 0, p.WarmupUntilSettled && p.Warmup == 0:
		return setting.Wrong(setting.Warmup, p.Warmup.String(), "must not be negative")
	case p.Timeout <= 0:
		return setting.Wrong(setting.Timeout, p.Timeout.String(), "must be above 0")
	case p.Concurrency < 0 || p.Concurrency > MaxConcurrency:
		return setting.Wrong(setting.Concurrency, strconv.Itoa(p.Concurrency), upToMillion)
	case p.HTTP2 && !p.KeepAlive:
		return &setting.FieldError{
			Field:   setting.HTTP2,
			Subject: setting.Textf("%v with %v", setting.HTTP2, setting.NoKeepAlive),
			Reason:  setting.Plain("HTTP/2 shares connections among requests; leave one of the two out"),
		}
	case p.Connections < 0 || p.Connections > MaxConcurrency:
		return setting.Wrong(setting.Connections, strconv.Itoa(p.Connections), upToMillion)
	case p.StreamStall < 0:
		return setting.Wrong(setting.StreamStall, p.StreamStall.String(), "must not be negative")
	case p.ConnectRate < 0 || p.ConnectRate > MaxConcurrency:
		return setting.Wrong(setting.ConnectRate, strconv.Itoa(p.ConnectRate), upToMillion)
	case !p.HTTP2 && !p.Open() && p.Connections > 0 && p.Connections < p.Concurrency:
		return setting.Wrong(
			setting.Connections,
			strconv.Itoa(p.Connections),
			"each of the %v %d requests in flight needs one in HTTP/1.1; lower %v, or use %v",
			setting.Concurrency,
			p.Concurrency,
			setting.Concurrency,
			setting.HTTP2,
		)
	}
	return nil
}

// OffsetOf is when ticket i of a constant rate is planned, counted from
// the schedule's start: floor(i·per/freq) nanoseconds, in 128-bit arithmetic,
// so that it neither drifts nor overflows. ok is false where the instant lies
// beyond the 292 years that a duration can hold.
func OffsetOf(rate vegeta.Rate, i uint64) (at time.Duration, ok bool) {
	hi, lo := bits.Mul64(i, uint64(rate.Per))
	if hi >= uint64(rate.Freq) {
		return math.MaxInt64, false
	}
	q, _ := bits.Div64(hi, lo, uint64(rate.Freq))
	if q > math.MaxInt64 {
		return math.MaxInt64, false
	}
	return time.Duration(q), true
}

// Tickets is the number of tickets of a constant rate whose instant lies in
// [0, d): the smallest i whose instant is not below d.
func Tickets(rate vegeta.Rate, d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	// floor(i·per/freq) < d  ⇔  i·per < d·freq  ⇔  i < ceil(d·freq/per)
	hi, lo := bits.Mul64(uint64(d), uint64(rate.Freq))
	if hi >= uint64(rate.Per) {
		return math.MaxUint64
	}
	q, r := bits.Div64(hi, lo, uint64(rate.Per))
	if r > 0 {
		q++
	}
	return q
}

// PerSecond is the rate in requests per second.
func PerSecond(rate vegeta.Rate) float64 {
	if rate.Per == 0 {
		return 0
	}
	return float64(rate.Freq) / rate.Per.Seconds()
}

// exponent is a number such as 1e6.
var exponent = regexp.MustCompile(`^[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]{1,2}$`)

// ParseRate reads a rate: N, N/s or N/m, with decimals or an exponent ("0.5",
// "90/m", "1e3"). The value is kept exactly, as a fraction. The error is a
// *setting.FieldError.
func ParseRate(s string) (vegeta.Rate, error) {
	bad := func(why string) (vegeta.Rate, error) {
		return vegeta.Rate{}, &setting.FieldError{
			Field:  setting.Rate,
			Given:  strconv.Quote(s),
			Reason: setting.Plain(why),
			Form:   "500, 500/s or 90/m",
		}
	}
	number, unit, slash := strings.Cut(strings.TrimSpace(s), "/")
	per := time.Second
	if slash {
		switch strings.TrimSpace(unit) {
		case "s":
		case "m":
			per = time.Minute
		default:
			return bad("the unit is neither /s nor /m")
		}
	}
	number = strings.TrimSpace(number)
	if value, err := strconv.ParseFloat(number, 64); err == nil && exponent.MatchString(number) {
		number = strconv.FormatFloat(value, 'f', -1, 64)
	}
	whole, fraction, _ := strings.Cut(number, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 6 {
		return bad("more than 6 decimals")
	}
	if whole == "" && fraction == "" {
		return bad("not a number")
	}
	freq, err := strconv.ParseUint("0"+whole+fraction, 10, 63)
	if errors.Is(err, strconv.ErrRange) || err == nil && len(whole) > 12 {
		return bad("must be above 0 and at most 10,000,000/s")
	}
	if err != nil {
		return bad("not a number")
	}
	for range fraction {
		per *= 10
	}
	rate := vegeta.Rate{Freq: int(freq), Per: per}
	if freq == 0 || PerSecond(rate) > MaxRatePerSecond {
		return bad("must be above 0 and at most 10,000,000/s")
	}
	return rate, nil
}

// StatusSet is a set of HTTP statuses.
type StatusSet [1000]bool

// UnmarshalText reads the words of ParseStatusSet.
func (s *StatusSet) UnmarshalText(text []byte) (err error) {
	*s, err = ParseStatusSet(string(text))
	return err
}

// String is the set in the words of ParseStatusSet: 200-299,304.
func (s *StatusSet) String() string {
	var parts []string
	for from := 0; from < len(s); from++ {
		if !s[from] {
			continue
		}
		to := from
		for to+1 < len(s) && s[to+1] {
			to++
		}
		if part := strconv.Itoa(from); to > from {
			parts = append(parts, part+"-"+strconv.Itoa(to))
		} else {
			parts = append(parts, part)
		}
		from = to
	}
	return strings.Join(parts, ",")
}

// DefaultSuccess is 200 to 299.
func DefaultSuccess() StatusSet {
	set, _ := ParseStatusSet("200-299")
	return set
}

// ParseStatusSet reads "200-299" or "200,201,300-399".
func ParseStatusSet(s string) (StatusSet, error) {
	var set StatusSet
	for part := range strings.SplitSeq(s, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		if !ranged {
			to = from
		}
		a, errA := strconv.Atoi(from)
		b, errB := strconv.Atoi(to)
		if errA != nil || errB != nil || a < 100 || b > 999 || a > b {
			return set, fmt.Errorf("status set %q: %q is no status or range; write it as 200-299 or 200,304", s, part)
		}
		for code := a; code <= b; code++ {
			set[code] = true
		}
	}
	return set, nil
}

// ParseDuration reads a length of time, which always carries a unit.
func ParseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(s))
	switch {
	case err != nil:
		return 0, fmt.Errorf("duration %q: write it with its unit, as 500ms, 30s, 5m or 1h30m", s)
	case d < 0:
		return 0, fmt.Errorf("duration %q: must not be negative", s)
	}
	return d, nil
}
