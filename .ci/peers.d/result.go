package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// lateness is sent − planned, in milliseconds.
type lateness struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

// sample is one run of one client. A figure of 0 is not known.
type sample struct {
	Round       int       `json:"round"`
	Rate        int       `json:"rate_per_s,omitempty"` // asked for
	Requests    uint64    `json:"requests"`
	Failed      uint64    `json:"failed"`
	PerSecond   float64   `json:"succeeded_per_s"`
	CPU         float64   `json:"cpu_us_per_request"` // of successes
	Share       float64   `json:"cpu_share"`          // CPU time / time, from start to end
	PeakMB      float64   `json:"peak_rss_mb"`
	GCPauseMS   float64   `json:"gc_pause_max_ms,omitempty"`
	Tokens      uint64    `json:"tokens,omitempty"`
	CPUPerToken float64   `json:"cpu_us_per_token,omitempty"`
	Status      int       `json:"status,omitempty"`
	ServiceMS   float64   `json:"service_ms,omitempty"`
	Trouble     string    `json:"trouble,omitempty"` // of a failed request, as the client calls it
	Lateness    *lateness `json:"lateness,omitempty"`
	Served      uint64    `json:"server_requests"`
	Connections uint64    `json:"server_connections"`
	ServerPeak  uint64    `json:"server_connections_at_most,omitempty"`
	ServerSent  uint64    `json:"server_tokens,omitempty"`
	ServerLate  float64   `json:"server_late_ms,omitempty"`
	ServerCPU   float64   `json:"server_cpu_us_per_request,omitempty"`
	ServerShare float64   `json:"server_cpu_share,omitempty"`
	Mark        string    `json:"mark,omitempty"`
	Error       string    `json:"error,omitempty"`
	asked       load
}

// fill takes a run's figures from what the client and the server say.
func (s *sample) fill(l *load, t tally, cost spent, served counts) {
	s.asked, s.Rate = *l, l.rate
	s.Requests, s.Failed, s.Lateness = t.requests, t.failed, t.lateness
	s.GCPauseMS, s.Tokens, s.Status, s.ServiceMS, s.Trouble = t.gcPause, t.tokens, t.status, t.service, t.trouble
	s.Served, s.Connections, s.ServerPeak = served.requests, served.connections, served.peak
	s.ServerSent, s.ServerLate = served.tokens, float64(served.late.Microseconds())/1e3
	s.PeakMB = float64(cost.peak) / 1e6
	if l.rate == 0 {
		s.Lateness = nil
	}
	used := cost.cpu.Seconds() - t.startupCPU
	if cost.wall > 0 {
		s.Share = cost.cpu.Seconds() / cost.wall.Seconds()
		s.ServerShare = served.cpu.Seconds() / cost.wall.Seconds()
	}
	if t.tokens > 0 {
		s.CPUPerToken = used * 1e6 / float64(t.tokens)
	}
	if served.requests > 0 {
		s.ServerCPU = served.cpu.Seconds() * 1e6 / float64(served.requests)
	}
	good := float64(t.requests) - float64(t.failed) - float64(t.warmup)
	if good > 0 && t.seconds > 0 {
		s.PerSecond = good / t.seconds
		s.CPU = used * 1e6 / good
	}
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
	Base     string   `json:"ratio_to,omitempty"`
	Rate     int      `json:"rate_per_s,omitempty"`
	Samples  []sample `json:"rounds"`
	Requests uint64   `json:"requests"`
	Failed   uint64   `json:"failed"`
	Figures  []figure `json:"figures"`
	Marks    []string `json:"marks"`
}

// table is one scenario, measured.
type table struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Note   string  `json:"note,omitempty"`
	Rounds int     `json:"rounds"`
	Lines  []*line `json:"clients"`
	row    row
}

// sum fills in what follows from the samples.
func (t *table) sum() {
	bases := map[string]*line{}
	for _, l := range t.Lines {
		bases[l.Client] = l
	}
	for _, l := range t.Lines {
		for _, s := range l.Samples {
			l.Requests += s.Requests
			l.Failed += s.Failed
			for _, mark := range s.marks() {
				l.mark(mark)
			}
		}
		for _, c := range t.row.shown() {
			l.Figures = append(l.Figures, figureOf(c, l, bases[l.Base]))
		}
	}
	for _, l := range t.Lines { // a base that is not shown has its marks beside what it is the base of
		if base := bases[l.Base]; t.row.paired && base != nil {
			for _, mark := range base.Marks {
				client, _, _ := strings.Cut(base.Client, ",")
				l.mark(client + " " + mark)
			}
		}
	}
}

func (l *line) mark(mark string) {
	if !slices.Contains(l.Marks, mark) {
		l.Marks = append(l.Marks, mark)
	}
}

// marks are what a reader must know of a run's figures.
func (s *sample) marks() []string {
	if s.Error != "" {
		return []string{"run failed: " + s.Error}
	}
	var marks []string
	say := func(format string, values ...any) { marks = append(marks, fmt.Sprintf(format, values...)) }
	if s.Mark != "" {
		say("%s", s.Mark)
	}
	l, connections := &s.asked, uint64(s.asked.connections)
	// At the end of a run each connection may have a request in flight, which
	// the server has counted and the client has not: unless it had a number of
	// requests to send.
	slack := connections
	if l.requests > 0 {
		slack = 0
	}
	if distance(s.Served, s.Requests) > slack {
		say("its count differs from the server's (%s against %s)", grouped(s.Requests), grouped(s.Served))
	}
	if l.requests > 0 && s.Requests != uint64(l.requests) {
		say("sent %s requests instead of %s", grouped(s.Requests), grouped(uint64(l.requests)))
	}
	if s.Failed >= s.Requests && l.status == 0 {
		say("no request succeeded in a round")
	}
	if l.rate == 0 && (s.Connections < connections || s.Connections > 2*connections) {
		say("opened %s connections instead of %s", grouped(s.Connections), grouped(connections))
	}
	if l.rate > 0 && math.Abs(s.PerSecond/float64(l.rate)-1) > 0.05 {
		say("did not hold the rate in every round")
	}
	return append(marks, s.wrong()...)
}

// wrong are marks of what only some rows ask for.
func (s *sample) wrong() []string {
	var marks []string
	say := func(format string, values ...any) { marks = append(marks, fmt.Sprintf(format, values...)) }
	l := &s.asked
	if l.status > 0 && s.Status != l.status {
		say("was answered %d instead of %d%s", s.Status, l.status, after(": ", s.Trouble))
	}
	if l.atOnce && s.ServerPeak != uint64(l.connections) {
		say("had %s connections open at once instead of %s", grouped(s.ServerPeak), grouped(uint64(l.connections)))
	}
	if expected := l.tokens * uint64(l.requests); s.Tokens != expected || s.ServerSent != expected {
		say("%s tokens expected, %s sent, %s received",
			grouped(expected), grouped(s.ServerSent), grouped(s.Tokens))
	}
	if s.ServerLate > 100 {
		say("the server itself was late in a round: by %.0f ms", s.ServerLate)
	}
	return marks
}

// after puts a word behind another one, if there is one.
func after(mark, word string) string {
	if word == "" {
		return ""
	}
	return mark + word
}

func distance(a, b uint64) uint64 { return max(a, b) - min(a, b) }

// spreadOf gives nil for no values, and leaves their order.
func spreadOf(values []float64) *spread {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + median) / 2
	}
	return &spread{median, sorted[0], sorted[len(sorted)-1]}
}
