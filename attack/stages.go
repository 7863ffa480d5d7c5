package attack

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/arrivals"
	"brunt/payloads/setting"
)

// Stage is a part of a plan in which the load stays the same or goes from one value
// to another in a straight line: the rate of an open loop, or the concurrency of a
// closed one. The other pair is zero.
type Stage struct {
	Length                     time.Duration
	Rate, ToRate               vegeta.Rate
	Concurrency, ToConcurrency int
}

// Limits of stages.
const (
	MaxStages      = 100
	MaxStageLength = 366 * 24 * time.Hour
)

// Open reports whether the stage is one of an open loop (a rate is asked).
func (g *Stage) Open() bool { return g.Rate.Per > 0 }

// Ramp reports whether the load changes within the stage.
func (g *Stage) Ramp() bool {
	return PerSecond(g.Rate) != PerSecond(g.ToRate) || g.Concurrency != g.ToConcurrency
}

// SetStages has the plan go through the stages, which ParseStages has read. The
// plan's rate is then their mean, its concurrency the highest of a closed loop's,
// and its duration their sum.
func (p *Plan) SetStages(stages []Stage) {
	p.Stages, p.Duration = stages, 0
	requests, per := new(big.Rat), new(big.Rat)
	for i := range stages {
		g := &stages[i]
		p.Duration += g.Length
		if !g.Open() {
			p.Concurrency = max(p.Concurrency, g.Concurrency, g.ToConcurrency)
			continue
		}
		for _, rate := range []vegeta.Rate{g.Rate, g.ToRate} {
			per.SetFrac64(int64(rate.Freq), int64(rate.Per))
			requests.Add(requests, per.Mul(per, big.NewRat(int64(g.Length), 2)))
		}
	}
	if len(stages) > 0 && stages[0].Open() {
		n, _ := requests.Float64()
		p.Rate = vegeta.Rate{Freq: max(1, int(math.Round(n))), Per: p.Duration}
	}
}

// Curve is how many measured requests an open loop plans by each instant since the
// measured start, after these changes of its rate; random gaps spread them around it.
func (p *Plan) Curve(changes []Change) (c arrivals.Curve) {
	for i := range p.Stages {
		c.Append(p.Stages[i].Length, p.Stages[i].Rate, p.Stages[i].ToRate)
	}
	if len(p.Stages) == 0 {
		c.Append(arrivals.Forever, p.Rate, p.Rate)
	}
	for i := range changes {
		c = c.Until(max(0, changes[i].At))
		c.Append(arrivals.Forever, changes[i].Rate, changes[i].Rate)
	}
	return c
}

// PeakRate is the highest rate of the plan, in requests per second; 0 for a closed
// loop.
func (p *Plan) PeakRate() float64 {
	peak := 0.0
	for i := range p.Stages {
		peak = max(peak, PerSecond(p.Stages[i].Rate), PerSecond(p.Stages[i].ToRate))
	}
	if len(p.Stages) > 0 {
		return peak
	}
	return PerSecond(p.Rate)
}

// validStages reports what makes the stages no part of this plan.
func (p *Plan) validStages() error {
	var length time.Duration
	open := false
	for i := range p.Stages {
		g := &p.Stages[i]
		length += g.Length
		open = g.Open()
	}
	switch {
	case p.Instants != nil:
		return setting.Wrong(
			setting.Stages,
			"",
			"%v sends requests when they came: leave one of the two out",
			setting.Replay,
		)
	case length != p.Duration || open != p.Open():
		return setting.Wrong(
			setting.Stages,
			"",
			"they say how much is sent and for how long: leave out %v and %v",
			setting.Rate,
			setting.Duration,
		)
	case p.Warmup > 0 && open && p.Stages[0].Rate.Freq == 0:
		return setting.Wrong(
			setting.Warmup,
			p.warmupText(),
			"its load is that of the first stage's beginning, which is 0: make the warm-up a stage, or begin above 0",
		)
	}
	return nil
}

// ParseStages reads stages such as "30s@100, 1m@100..1000, 2m@1000": lengths, each
// with a rate as ParseRate reads it, or two with the way between them; 0 is a pause.
// "1m@x8, 2m@x8..x64" are of concurrency. The error is a *setting.FieldError that
// says in which column the fault is.
func ParseStages(s string) ([]Stage, error) {
	var stages []Stage
	at := 0
	for part := range strings.SplitSeq(s, ",") {
		begin := at + len(part) - len(strings.TrimLeft(part, " \t\n"))
		at += len(part) + 1
		word := strings.TrimSpace(part)
		fault := func(offset int, format string, args ...any) error {
			return stageFault(s, begin+offset, len(stages)+1, fmt.Sprintf(format, args...))
		}
		if word == "" {
			if len(stages) > 0 && at > len(s) { // a comma at the end
				break
			}
			return nil, fault(0, "nothing stands here")
		}
		if len(stages) == MaxStages {
			return nil, fault(0, "there are more than %d", MaxStages)
		}
		g, offset, why := parseStage(word)
		if why != "" {
			return nil, fault(offset, "%s", why)
		}
		if len(stages) > 0 && g.Open() != stages[0].Open() {
			return nil, fault(strings.Index(word, "@")+1, "stages are all of a rate, or all of a concurrency (x8)")
		}
		stages = append(stages, g)
	}
	for i := range stages {
		if g := &stages[i]; g.Rate.Freq > 0 || g.ToRate.Freq > 0 || g.Concurrency > 0 {
			return stages, nil
		}
	}
	return nil, stageFault(s, 0, 1, "no stage sends anything")
}

func stageFault(s string, offset, number int, why string) error {
	column := utf8.RuneCountInString(s[:min(offset, len(s))]) + 1
	return &setting.FieldError{
		Field:  setting.Stages,
		Given:  strconv.Quote(s),
		Form:   "30s@100, 1m@100..1000 or 1m@x8, 2m@x8..x64",
		Reason: setting.Textf("column %d, stage %d: %s", column, number, why),
	}
}

// parseStage reads one stage; where it is none, it says why and where, in bytes
// from the word's beginning.
func parseStage(word string) (g Stage, offset int, why string) {
	length, load, found := strings.Cut(word, "@")
	if !found {
		return g, len(word), "@ and the load are missing"
	}
	d, err := ParseDuration(length)
	switch {
	case err != nil:
		return g, 0, fmt.Sprintf(
			"%q is no length of time; write it with its unit, as 500ms, 30s, 5m or 1h30m",
			strings.TrimSpace(length),
		)
	case d == 0 || d > MaxStageLength:
		return g, 0, fmt.Sprintf("a stage lasts longer than 0 and at most %d days", int(MaxStageLength.Hours()/24))
	}
	g.Length = d
	from, to, ramp := strings.Cut(load, "..")
	places := [2]int{len(length) + 1, len(length) + 1 + len(from) + len("..")}
	values := []string{from, to}[:1]
	if ramp {
		values = values[:2]
	}
	var rates [2]vegeta.Rate
	var counts [2]int
	closed := false
	for i, value := range values {
		space := len(value) - len(strings.TrimLeft(value, " \t"))
		value = strings.TrimSpace(value)
		n, isCount := strings.CutPrefix(value, "x")
		if i > 0 && isCount != closed {
			return g, places[i] + space, "a ramp goes from a rate to a rate, or from a concurrency to a concurrency (x8..x64)"
		}
		closed = isCount
		if isCount {
			counts[i], why = stageCount(n)
		} else {
			rates[i], why = stageRate(value)
		}
		if why != "" {
			return g, places[i] + space, why
		}
	}
	if !ramp {
		rates[1], counts[1] = rates[0], counts[0]
	}
	g.Rate, g.ToRate, g.Concurrency, g.ToConcurrency = rates[0], rates[1], counts[0], counts[1]
	return g, 0, ""
}

func stageCount(word string) (n int, why string) {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > MaxConcurrency || word[0] == '+' {
		return 0, fmt.Sprintf("%q is no concurrency; write x and a number from 1 to 1,000,000, as x64", "x"+word)
	}
	return n, ""
}

// stageRate reads a rate, which may be 0 here.
func stageRate(word string) (rate vegeta.Rate, why string) {
	number, unit, slash := strings.Cut(word, "/")
	if digits := strings.Trim(strings.Replace(number, ".", "", 1), "0"); digits == "" &&
		strings.Contains(number, "0") &&
		(!slash || unit == "s" || unit == "m") {
		return vegeta.Rate{Freq: 0, Per: time.Second}, ""
	}
	rate, err := ParseRate(word)
	if err != nil {
		reason := err.(*setting.FieldError).Reason
		return rate, fmt.Sprintf("rate %q: %s", word, reason.String())
	}
	return rate, ""
}
