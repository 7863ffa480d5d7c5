package plan

import (
	"strconv"
	"time"

	"brunt/payloads/setting"
)

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
	if err := p.validShares(); err != nil {
		return err
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
	case p.Duration == 0 && p.Requests == 0 && !p.UntilStopped:
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
