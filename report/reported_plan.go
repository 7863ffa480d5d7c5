package report

import (
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report/format"
)

// Target is what was loaded.
type Target struct {
	URL       string   `json:"url"`       // without credentials
	Endpoint  *string  `json:"endpoint"`  // the serving endpoint's name; null for a plain URL
	Addresses []string `json:"addresses"` // the proxy's, where there is one
	Proxy     *string  `json:"proxy"`     // URL of the proxy, without credentials; null without one
	Protocol  string   `json:"protocol"`
	TLS       *string  `json:"tls"` // version; null without TLS
}

// Plan is the load that was asked for.
type Plan struct {
	RatePerS *float64 `json:"rate_per_s"` // null for a closed loop, and where sessions are counted
	// SessionsPerS is the rate at which an open loop begins conversations, and Sessions
	// whether the plan's concurrency and requests count those, too.
	SessionsPerS *float64 `json:"sessions_per_s"`
	Sessions     bool     `json:"sessions"`
	Concurrency  *int     `json:"concurrency"`   // null where none was given
	MaxInFlight  int      `json:"max_in_flight"` // the cap in force, given or not
	DurationS    *float64 `json:"duration_s"`    // null where none was given
	Requests     *uint64  `json:"requests"`      // null where none was given
	UntilStopped bool     `json:"until_stopped"` // it has no end of its own
	Stages       []Stage  `json:"stages"`        // empty for one load from beginning to end
	Arrivals     string   `json:"arrivals"`      // law of the gaps of an open loop: constant, poisson, gamma(0.5)
	WarmupS      float64  `json:"warmup_s"`
	// WarmupSettled is whether the warm-up ended because latency had settled; null where
	// it was not to end by that.
	WarmupSettled *bool   `json:"warmup_settled"`
	TimeoutS      float64 `json:"timeout_s"`
	// StreamTimeoutS is the time-out of a stream whose first output came within
	// timeout_s, and StreamStallS the longest that it may say nothing from then on, 0
	// for no bound. Null where they are not known.
	StreamTimeoutS *float64  `json:"stream_timeout_s"`
	StreamStallS   *float64  `json:"stream_stall_s"`
	KeepAlive      bool      `json:"keepalive"`
	AtEnd          string    `json:"at_end"`
	CatchUp        string    `json:"catch_up"`
	Success        *string   `json:"success"` // statuses that count as succeeded; null where they are not known
	Payloads       []Payload `json:"payloads"`
	Order          string    `json:"order"`
	Seed           *uint64   `json:"seed"`
}

// Payload is one file of bodies.
type Payload struct {
	File   string `json:"file"`
	Lines  uint64 `json:"lines"` // bodies in it
	Bytes  uint64 `json:"bytes"`
	SHA256 string `json:"sha256"`
	Weight int    `json:"weight"`
}

func targetOf(meta Meta, s *result.Snapshot) Target {
	return Target{
		URL: format.UTF8(meta.URL), Endpoint: optional(meta.Endpoint), Addresses: cleanAll(s.Addresses),
		Proxy: optional(s.Proxy), Protocol: format.UTF8(meta.Protocol), TLS: optional(s.TLSVersion),
	}
}

func planOf(meta Meta, s *result.Snapshot) Plan {
	p := &meta.Plan
	shown := Plan{
		MaxInFlight: p.Concurrency, Stages: stagesOf(p.Stages), Arrivals: p.Law.String(),
		WarmupS: format.Seconds(s.Warmup), TimeoutS: format.Seconds(p.Timeout), KeepAlive: p.KeepAlive,
		AtEnd: string(p.AtEnd), CatchUp: string(p.CatchUp),
		Payloads: make([]Payload, 0, len(meta.Payloads)), Order: format.UTF8(meta.Order), Seed: new(meta.Seed),
		Success: optional(p.Success.String()),
	}
	shown.FillEmpty()
	if p.Timeout > 0 {
		shown.StreamTimeoutS = new(format.Seconds(max(p.StreamTimeout, p.Timeout)))
		shown.StreamStallS = new(format.Seconds(p.StreamStall))
	}
	if p.WarmupUntilSettled {
		shown.WarmupSettled = new(s.Settled)
	}
	switch shown.Sessions = s.Sessions; {
	case p.Open() && s.Sessions:
		shown.SessionsPerS = new(format.Significant(plan.PerSecond(p.Rate), 12))
	case p.Open():
		shown.RatePerS = new(format.Significant(plan.PerSecond(p.Rate), 12))
	}
	if meta.Concurrency > 0 {
		shown.Concurrency = new(meta.Concurrency)
	}
	if p.Duration > 0 {
		shown.DurationS = new(format.Seconds(p.Duration))
	}
	if p.Requests > 0 {
		shown.Requests = new(p.Requests)
	}
	shown.UntilStopped = p.Endless()
	for _, file := range meta.Payloads {
		file.File, file.SHA256 = format.UTF8(file.File), format.UTF8(file.SHA256)
		shown.Payloads = append(shown.Payloads, file)
	}
	return shown
}
