package main

import (
	"math"
	"slices"
)

// lateness is sent − planned, in milliseconds.
type lateness struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// sample is one run of one client.
type sample struct {
	Round       int       `json:"round"`
	Requests    uint64    `json:"requests"`
	Failed      uint64    `json:"failed"`
	PerSecond   float64   `json:"succeeded_per_s"`
	CPU         float64   `json:"cpu_us_per_request"` // of successes; 0 when there are none
	PeakMB      float64   `json:"peak_rss_mb"`
	Served      uint64    `json:"server_requests"`
	Connections uint64    `json:"server_connections"`
	Lateness    *lateness `json:"lateness,omitempty"`
	Error       string    `json:"error,omitempty"`
}

// spread is a median with its range.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// line is a client's row of a table.
type line struct {
	Client   string   `json:"client"`
	Rate     int      `json:"rate_per_s,omitempty"`
	Samples  []sample `json:"rounds"`
	Requests uint64   `json:"requests"`
	Failed   uint64   `json:"failed"`
	Rates    *spread  `json:"succeeded_per_s"`
	CPU      *spread  `json:"cpu_us_per_request"`
	PeakMB   float64  `json:"peak_rss_mb"`
	Ratio    *spread  `json:"ratio"`
	P50      *spread  `json:"lateness_p50_ms,omitempty"`
	P99      *spread  `json:"lateness_p99_ms,omitempty"`
	Max      *spread  `json:"lateness_max_ms,omitempty"`
	Marks    []string `json:"marks"`
}

// table is one scenario, measured.
type table struct {
	Name  string  `json:"name"`
	Title string  `json:"title"`
	Base  string  `json:"ratio_to"`
	Lines []*line `json:"clients"`
	kind  kind
}

// sum fills in what follows from the samples.
func (t *table) sum(connections int) {
	var base *line
	for _, l := range t.Lines {
		if l.Client == t.Base {
			base = l
		}
	}
	for _, l := range t.Lines {
		l.sum()
		l.mark(uint64(connections))
		if base != nil {
			l.Ratio = spreadOf(ratios(l, base))
		}
	}
}

// ratios are CPU per request against the base's in the same round.
func ratios(l, base *line) []float64 {
	var list []float64
	for _, s := range l.Samples {
		for _, b := range base.Samples {
			if s.Round == b.Round && s.CPU > 0 && b.CPU > 0 {
				list = append(list, s.CPU/b.CPU)
			}
		}
	}
	return list
}

func (l *line) sum() {
	var rates, cpus, p50, p99, latest []float64
	for _, s := range l.Samples {
		l.Requests += s.Requests
		l.Failed += s.Failed
		l.PeakMB = max(l.PeakMB, s.PeakMB)
		if s.Error == "" {
			rates = append(rates, s.PerSecond)
		}
		if s.CPU > 0 {
			cpus = append(cpus, s.CPU)
		}
		if s.Lateness != nil {
			p50, p99, latest = append(p50, s.Lateness.P50), append(p99, s.Lateness.P99), append(latest, s.Lateness.Max)
		}
	}
	l.Rates, l.CPU = spreadOf(rates), spreadOf(cpus)
	l.P50, l.P99, l.Max = spreadOf(p50), spreadOf(p99), spreadOf(latest)
}

// mark says what a reader must know of a line's figures.
func (l *line) mark(connections uint64) {
	say := func(mark string) {
		if !slices.Contains(l.Marks, mark) {
			l.Marks = append(l.Marks, mark)
		}
	}
	for _, s := range l.Samples {
		switch {
		case s.Error != "":
			say("run failed: " + s.Error)
			continue
		// At the end of a run each connection may have a request in flight,
		// which the server has counted and the client has not.
		case distance(s.Served, s.Requests) > connections:
			say("its count differs from nginx's (" + grouped(s.Requests) + " against " + grouped(s.Served) + ")")
		}
		if s.Failed >= s.Requests {
			say("no request succeeded in a round")
		}
		if l.Rate == 0 && (s.Connections < connections || s.Connections > 2*connections) {
			say("opened " + grouped(s.Connections) + " connections instead of " + grouped(connections))
		}
		if l.Rate > 0 && math.Abs(s.PerSecond/float64(l.Rate)-1) > 0.05 {
			say("did not hold the rate in every round")
		}
	}
}

func distance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// spreadOf gives nil for no values.
func spreadOf(values []float64) *spread {
	if len(values) == 0 {
		return nil
	}
	slices.Sort(values)
	middle := len(values) / 2
	median := values[middle]
	if len(values)%2 == 0 {
		median = (values[middle-1] + median) / 2
	}
	return &spread{median, values[0], values[len(values)-1]}
}
