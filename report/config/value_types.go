package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/expect"
	"brunt/attack/plan"
)

// Duration is a flag that holds a length of time with its unit.
type Duration time.Duration

// Pattern is a flag that holds a regular expression (RE2).
type Pattern struct{ *regexp.Regexp }

// UnmarshalText compiles the expression.
func (p *Pattern) UnmarshalText(text []byte) (err error) {
	if p.Regexp, err = regexp.Compile(string(text)); err != nil {
		return fmt.Errorf("%q is no regular expression (RE2): %s", text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return nil
}

// ExpectedHeader is a flag that holds what is expected of a header.
type ExpectedHeader struct{ expect.Header }

// UnmarshalText reads the words of expect.ParseHeader.
func (h *ExpectedHeader) UnmarshalText(text []byte) (err error) {
	h.Header, err = expect.ParseHeader(string(text))
	return err
}

// JQ is a flag that holds a query in jq's language.
type JQ struct{ *expect.Query }

// UnmarshalText reads the words of expect.ParseQuery.
func (q *JQ) UnmarshalText(text []byte) (err error) {
	q.Query, err = expect.ParseQuery(string(text))
	return err
}

// Warmup is a flag that holds how long a warm-up lasts: a length of time, or auto for
// until latency has settled.
type Warmup struct {
	Length Duration // where it is auto, the longest
	Auto   bool
}

// UnmarshalText reads a length of time or auto.
func (w *Warmup) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*w = Warmup{Length: Duration(plan.MaxWarmup), Auto: true}
		return nil
	}
	if *w = (Warmup{}); w.Length.UnmarshalText(text) != nil {
		return fmt.Errorf("%q is neither a length of time, as 10s, nor auto", text)
	}
	return nil
}

// UnmarshalText reads the words of plan.ParseDuration.
func (d *Duration) UnmarshalText(text []byte) error {
	value, err := plan.ParseDuration(string(text))
	*d = Duration(value)
	return err
}

// Rate is a flag that holds a constant rate; its zero value means none.
type Rate struct{ vegeta.Rate }

// Stages is a flag that holds the parts of a plan.
type Stages []plan.Stage

// UnmarshalText reads the words of plan.ParseStages.
func (s *Stages) UnmarshalText(text []byte) (err error) {
	*s, err = plan.ParseStages(string(text))
	return err
}

// UnmarshalText reads the words of plan.ParseRate.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	r.Rate, err = plan.ParseRate(string(text))
	return err
}
