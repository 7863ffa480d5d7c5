package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/spell"
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

// StagesText writes stages as ParseStages reads them; empty for none.
func StagesText(stages []Stage) string {
	var parts []string
	for i := range stages {
		g := &stages[i]
		from, to := "x"+strconv.Itoa(g.Concurrency), "x"+strconv.Itoa(g.ToConcurrency)
		if g.Open() {
			from, to = rateText(g.Rate), rateText(g.ToRate)
		}
		if from != to {
			from += ".." + to
		}
		parts = append(parts, g.Length.String()+"@"+from)
	}
	return strings.Join(parts, ", ")
}

// rateText is a rate per second, with as many decimals as are read.
func rateText(rate vegeta.Rate) string {
	text := strconv.FormatFloat(PerSecond(rate), 'f', 6, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// ConcurrencyAt is what a closed loop's stage asks for so long after its beginning.
func (g *Stage) ConcurrencyAt(into time.Duration) int {
	rise := float64(g.ToConcurrency - g.Concurrency)
	return g.Concurrency + int(math.Round(rise*float64(into)/float64(g.Length)))
}

// RateAt is the stage's rate so long after its beginning, in requests per second.
func (g *Stage) RateAt(into time.Duration) float64 {
	from, to := PerSecond(g.Rate), PerSecond(g.ToRate)
	return from + (to-from)*min(1, max(0, float64(into)/float64(g.Length)))
}

// String is the stage's load: 100/s, 100/s to 1,000/s, or 8 to 64 at a time.
func (g *Stage) String() string {
	from, to, unit := spell.Rate(PerSecond(g.Rate)), spell.Rate(PerSecond(g.ToRate)), ""
	if !g.Open() {
		from, to, unit = spell.Grouped(uint64(g.Concurrency)), spell.Grouped(uint64(g.ToConcurrency)), " at a time"
	}
	if from == to {
		return from + unit
	}
	return from + " to " + to + unit
}
