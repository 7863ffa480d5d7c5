package live

import (
	"fmt"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/report/format"
	"brunt/report/rules"
)

// Settings are what a run is started with, from the page or the command line; a zero
// value is a setting that is not made.
type Settings struct {
	Rate        vegeta.Rate  // of an open loop
	Stages      []plan.Stage // instead of one load; gone once another one is asked for
	Concurrency int          // of a closed loop, or the most in flight of an open one
	Duration    time.Duration
	Requests    uint64
	Warmup      time.Duration
	WarmupAuto  bool // until latency has settled; Warmup is the longest
	Timeout     time.Duration
	Payloads    []string // files, of those in the form
	Target      string   // as on the command line; other words only with --serve-any-target
	Rules       []rules.Rule
	Name        string // of the run; empty for the command line's
}

// Apply puts the settings into a plan that holds everything else.
func (o *Settings) Apply(p *plan.Plan) {
	p.Rate, p.Concurrency, p.Stages = o.Rate, o.Concurrency, o.Stages
	if o.Timeout != p.Timeout { // one that is given holds for streams, too
		p.StreamTimeout = o.Timeout
	}
	p.Duration, p.Requests, p.Warmup, p.Timeout = o.Duration, o.Requests, o.Warmup, o.Timeout
	p.WarmupUntilSettled = o.WarmupAuto
	p.UntilStopped = true // where no end is given
}

// SettingsOf are the settings of a plan; concurrency is the one that was given, 0 for
// none.
func SettingsOf(p *plan.Plan, concurrency int, target string, payloads []string) Settings {
	return Settings{
		Rate: p.Rate, Stages: p.Stages, Concurrency: concurrency, Duration: p.Duration, Requests: p.Requests,
		Warmup: p.Warmup, WarmupAuto: p.WarmupUntilSettled, Timeout: p.Timeout, Payloads: payloads, Target: target,
	}
}

// loadText is the load in words.
func (o *Settings) loadText() string {
	words := loadText(o.Rate, o.Concurrency)
	if len(o.Stages) > 0 {
		words = plan.StagesText(o.Stages)
	}
	if o.Duration > 0 {
		words += " for " + format.Span(o.Duration)
	}
	if o.Requests > 0 {
		words += fmt.Sprintf(", %d requests", o.Requests)
	}
	if o.Duration == 0 && o.Requests == 0 {
		words += " until stopped"
	}
	return words
}

func loadText(rate vegeta.Rate, concurrency int) string {
	if rate.Freq == 0 {
		return fmt.Sprintf("%d in flight", concurrency)
	}
	return strconv.FormatFloat(plan.PerSecond(rate), 'g', 12, 64) + "/s"
}

// unredact replaces a target that was sent back as the form shows it, without its
// secrets, by the one of targets that it is of.
func (o *Settings) unredact(targets ...string) {
	for _, target := range targets {
		if o.Target == endpoint.RedactTarget(target) {
			o.Target = target
			return
		}
	}
}
