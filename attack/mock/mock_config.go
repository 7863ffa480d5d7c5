package mock

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Limit is the longest that one request may take in the model: the execution
// limit of a real endpoint. Longer draws are cut to it.
const Limit = 297 * time.Second

// Config says how the endpoint behaves. Equal values behave alike: the seed
// decides every draw.
type Config struct {
	// Name of the endpoint: letters, digits, "-", "_" and ".", at most 63;
	// empty means "mock".
	Name string
	// Overhead is spent outside the slot, on the way back to the client: it adds
	// to each request's time, but not to what a slot can do.
	Overhead time.Duration
	// Latency is the median time in the model; a request holds a slot for it.
	Latency time.Duration
	// Sigma is the shape of the log-normal that the time in the model follows;
	// 0 makes every request take Latency.
	Sigma float64
	// Concurrency is the provisioned concurrency: the number of slots.
	Concurrency int
	// Queue is the most requests that wait for a slot; the next one is answered
	// with 429. 0 means no bound.
	Queue int
	// Autoscale is after how long without a free slot the endpoint scales up, once,
	// to twice its slots; 0 means never. Requests that wait by then keep their
	// places, and new ones take the new slots.
	Autoscale time.Duration
	// RateLimit is the most requests let in per second, 0 for no bound; what comes
	// beyond that, and beyond a tenth of a second's worth at once, is answered with
	// 429.
	RateLimit int
	// Stalls is the share, from 0 to 1, of served requests that hold their slot
	// for Stall longer.
	Stalls float64
	Stall  time.Duration
	// Errors is the share, from 0 to 1, of served requests that the model fails
	// with ErrorStatus, after their time in the slot.
	Errors float64
	// ErrorStatus is from 400 to 599; 0 means 500.
	ErrorStatus int
	// ColdStart is how long the endpoint, scaled to zero at first, takes to wake
	// once the first request is in; 0 means awake from the start.
	ColdStart time.Duration
	// Tokens is the length of a generated answer in tokens, where the request's
	// max_tokens does not ask for fewer; 0 means a short fixed answer.
	Tokens int
	// TTFT is the median time from the slot to the first token of a streamed
	// answer, with the shape Sigma; 0 means Latency.
	TTFT time.Duration
	// TokenGap is the time from each token of a streamed answer to the next. The
	// slot is held up to the last one.
	TokenGap time.Duration
	// Usage says which chunks of a stream carry token counts; empty means the
	// last one.
	Usage Usage
	// StreamErrors, StreamBreaks and StreamStalls are the shares, from 0 to 1 and
	// together at most 1, of streams that send an error in their middle, close
	// the connection there, or say nothing more and leave it open.
	StreamErrors, StreamBreaks, StreamStalls float64
	// Seed of all draws: the k-th served request has the k-th draw.
	Seed uint64
}

// Default is the endpoint that mock:// stands for.
func Default() Config {
	return Config{
		Name:        "mock",
		Overhead:    time.Millisecond,
		Latency:     20 * time.Millisecond,
		Sigma:       0.25,
		Concurrency: 16,
		Queue:       100,
		Stall:       300 * time.Millisecond,
		ErrorStatus: 500,
		TokenGap:    10 * time.Millisecond,
		Usage:       UsageLast,
		Seed:        1,
	}
}

// Words are the keys of a mock address, each with what is expected of it, one on
// a line.
func Words() string {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "  %-14s %s\n", s.key, s.want)
	}
	return b.String()
}

// Validate reports the first value that is out of range, by its name in a
// mock:// address.
func (c Config) Validate() error {
	c = c.filled()
	if !validName(c.Name) {
		return fmt.Errorf(
			"endpoint name %s: expected 1 to %d letters, digits, \"-\", \"_\" or \".\"",
			quoted(c.Name),
			maxName,
		)
	}
	for i := range settings {
		s := &settings[i]
		if value := s.field(&c); !s.holds(value) {
			return fmt.Errorf("%s=%s: expected %s", s.key, printed(value), s.want)
		}
	}
	if c.StreamErrors+c.StreamBreaks+c.StreamStalls > 1 {
		return fmt.Errorf("stream-errors, stream-breaks and stream-stalls: expected at most 1 together")
	}
	return nil
}

// filled has the defaults in place of the values whose zero means one.
func (c Config) filled() Config {
	if c.Name == "" {
		c.Name = "mock"
	}
	if c.ErrorStatus == 0 {
		c.ErrorStatus = 500
	}
	if c.Usage == "" {
		c.Usage = UsageLast
	}
	return c
}

// mostSlots is the provisioned concurrency once it has scaled up.
func (c Config) mostSlots() int {
	if c.Autoscale > 0 {
		return 2 * c.Concurrency
	}
	return c.Concurrency
}

const maxName = 63

func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-_.", r):
		default:
			return false
		}
	}
	return strings.Trim(name, ".") != "" // "." and ".." would vanish from a path
}

// setting is one key of a mock:// address: where its value goes, what it may
// be, and how to say so.
type setting struct {
	key, want string
	low, high float64 // durations in nanoseconds; unused for the seed
	field     func(*Config) any
}

var settings = []setting{
	{"overhead", "a duration with a unit from 0s to 297s, such as 2ms", 0, float64(Limit),
		func(c *Config) any { return &c.Overhead }},
	{"latency", "a duration with a unit from 0s to 297s, such as 20ms", 0, float64(Limit),
		func(c *Config) any { return &c.Latency }},
	{"sigma", "a number from 0 (constant) to 5, such as 0.3", 0, 5,
		func(c *Config) any { return &c.Sigma }},
	{"concurrency", "a whole number from 1 to 65536, such as 8", 1, 65536,
		func(c *Config) any { return &c.Concurrency }},
	{"queue", "a whole number from 0 (no bound) to 1000000, such as 100", 0, 1e6,
		func(c *Config) any { return &c.Queue }},
	{
		"autoscale",
		"a duration with a unit from 0s (never) to 1h, such as 20s, of full slots until they double, once",
		0,
		float64(time.Hour),
		func(c *Config) any { return &c.Autoscale },
	},
	{"rate-limit", "a whole number per second from 0 (no bound) to 1000000, such as 200", 0, 1e6,
		func(c *Config) any { return &c.RateLimit }},
	{"stalls", "a share from 0 to 1, such as 0.02, of requests that take longer by stall", 0, 1,
		func(c *Config) any { return &c.Stalls }},
	{"stall", "a duration with a unit from 0s to 297s, such as 300ms", 0, float64(Limit),
		func(c *Config) any { return &c.Stall }},
	{"errors", "a share from 0 to 1, such as 0.01", 0, 1,
		func(c *Config) any { return &c.Errors }},
	{"error-status", "a status from 400 to 599, such as 503", 400, 599,
		func(c *Config) any { return &c.ErrorStatus }},
	{"cold-start", "a duration with a unit from 0s to 1h, such as 5s", 0, float64(time.Hour),
		func(c *Config) any { return &c.ColdStart }},
	{"tokens", "a whole number from 0 (a short answer) to 100000, such as 100", 0, 1e5,
		func(c *Config) any { return &c.Tokens }},
	{"ttft", "a duration with a unit from 0s (as latency) to 297s, such as 300ms", 0, float64(Limit),
		func(c *Config) any { return &c.TTFT }},
	{"token-gap", "a duration with a unit from 0s to 297s, such as 20ms", 0, float64(Limit),
		func(c *Config) any { return &c.TokenGap }},
	{"usage", "last, each, extra (in a chunk of its own) or none", 0, 0,
		func(c *Config) any { return &c.Usage }},
	{"stream-errors", "a share from 0 to 1, such as 0.01", 0, 1,
		func(c *Config) any { return &c.StreamErrors }},
	{"stream-breaks", "a share from 0 to 1, such as 0.01", 0, 1,
		func(c *Config) any { return &c.StreamBreaks }},
	{"stream-stalls", "a share from 0 to 1, such as 0.01", 0, 1,
		func(c *Config) any { return &c.StreamStalls }},
	{"seed", "a whole number from 0 to 18446744073709551615, such as 1", 0, 0,
		func(c *Config) any { return &c.Seed }},
}

// read puts the word's value into the field; false where it is none.
func (s *setting) read(field any, word string) bool {
	var err error
	switch f := field.(type) {
	case *time.Duration:
		*f, err = time.ParseDuration(word)
	case *float64:
		*f, err = strconv.ParseFloat(word, 64)
	case *int:
		*f, err = strconv.Atoi(word)
	case *uint64:
		*f, err = strconv.ParseUint(word, 10, 64)
	case *Usage:
		*f = Usage(word)
	}
	return err == nil && s.holds(field)
}

// holds reports whether the field's value is within the bounds; NaN is not.
func (s *setting) holds(field any) bool {
	var v float64
	switch f := field.(type) {
	case *time.Duration:
		v = float64(*f)
	case *float64:
		v = *f
	case *int:
		v = float64(*f)
	case *uint64:
		return true
	case *Usage:
		return f.known()
	}
	return v >= s.low && v <= s.high
}

func printed(field any) string {
	switch f := field.(type) {
	case *time.Duration:
		return f.String()
	case *float64:
		return strconv.FormatFloat(*f, 'g', -1, 64)
	case *int:
		return strconv.Itoa(*f)
	case *uint64:
		return strconv.FormatUint(*f, 10)
	case *Usage:
		return quoted(string(*f))
	}
	return ""
}
