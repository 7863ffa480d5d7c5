package report

import (
	"fmt"
	"maps"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/setting"
	"brunt/report/format"
	"brunt/report/words"
)

// Meta is what a snapshot does not know of its run.
type Meta struct {
	Version     string // of brunt
	Name        string
	Labels      map[string]string
	URL         string            // without credentials
	Endpoint    string            // name of the serving endpoint, empty for a plain URL
	Details     *endpoint.Details // of that, nil where its workspace did not tell
	Sampler     *endpoint.Sampler // of its own figures, or nil
	ColdStart   time.Duration     // that was waited for before the run, 0 without one
	Protocol    string            // HTTP/1.1 or HTTP/2
	Plan        plan.Plan
	Concurrency int // as the user gave it, 0 where none was given
	Payloads    []Payload
	Order       string
	Seed        uint64
	Command     string // the command line, secrets redacted
	Asked       payloads.Asked
}

// MetaOf is what a run's plan, target and payloads say of it.
func MetaOf(plan plan.Plan, url string, set *payloads.Set) Meta {
	m := Meta{
		Version: Version(), URL: url, Protocol: plan.Protocol(), Plan: plan, Concurrency: plan.Concurrency,
		Order: string(set.Order()), Seed: set.Seed(), Asked: set.Asked(),
	}
	for _, f := range set.Files() {
		m.Payloads = append(
			m.Payloads,
			Payload{File: f.Path, Lines: uint64(f.Lines), Bytes: uint64(f.Bytes), SHA256: f.SHA256, Weight: f.Weight},
		)
	}
	return m
}

// From makes a report of a snapshot, of a finished run or of one in progress.
// The report shares no memory with either argument that is ever written to.
func From(meta Meta, s *result.Snapshot) *Report {
	if s.Length != nil {
		meta.Plan.SetLength(*s.Length)
	}
	r := &Report{
		Schema:             SchemaVersion,
		Brunt:              format.UTF8(meta.Version),
		Name:               format.UTF8(meta.Name),
		Labels:             cleanMap(meta.Labels),
		Command:            format.UTF8(meta.Command),
		Repeat:             optional(meta.Command),
		State:              string(s.State),
		Interrupted:        s.Interrupted,
		RunID:              optional(s.RunID),
		Runs:               runsOf(s.ID),
		CredentialsExpired: s.CredentialsExpired,
		Error:              optional(errorOf(s)),
		Target:             targetOf(meta, s),
		Plan:               planOf(meta, s),
		ElapsedS:           format.Seconds(s.Elapsed),
		PlanElapsedS:       format.Seconds(s.PlanElapsed),
		Requests:           requestsOf(s),
		Sessions:           sessionsOf(s),
		Status:             map[int]uint64{},
		Errors:             failuresOf(s.Failures),
		Names:              NamesOf(s.Names, s.State),
		Stages:             stageFiguresOf(s.Stages, s.State),
		ServedModels:       modelsOf(s.Models),
		Client:             clientOf(s),
		Verdict:            VerdictOf(&s.Verdict),
		SLO:                []Judgement{},
		Slowest:            slowestOf(s.Slowest),
		Intervals:          intervalsOf(s.Intervals, askingOf(&meta.Plan, s)),
		Changes:            changesOf(s.Changes),
		Spans:              []Span{},
		Warnings:           warningsOf(s),
	}
	if c := &s.Counts; c.Kept+c.Dropped > 0 {
		r.Results = &ResultsKept{Kept: c.Kept, Dropped: c.Dropped}
	}
	maps.Copy(r.Status, s.Status)
	if !s.Started.IsZero() {
		r.Started = new(s.Started.UTC().Truncate(time.Microsecond))
		if s.State == result.Done {
			r.Ended = new(s.Started.Add(s.Elapsed).UTC().Truncate(time.Microsecond))
		}
	}
	r.Histograms, r.Stream, r.Usage, r.Goodput = histogramsOf(
		&s.Latencies,
	), streamOf(
		s,
	), usageOf(
		s,
	), goodputOf(
		&meta.Plan,
		s,
	)
	r.Answers = answersOf(s)
	r.windowOf(s)
	r.Summarise()
	if s.State == result.Done { // one under way changes every second
		r.SumUpIntervals()
		r.CutIntoSlices(&s.Followed)
		r.judgeStationarity()
	}
	samples, failed, reason := meta.Sampler.Taken()
	if failed > 0 {
		r.Warnings = append(
			r.Warnings,
			fmt.Sprintf(
				"the endpoint's own figures could not be read (%d of %d times): %s",
				failed,
				failed+len(samples),
				format.UTF8(reason),
			),
		)
	}
	if text := RateWarning(meta.Details, highestRate(r)); text != "" {
		r.Warnings = append(r.Warnings, text)
	}
	if text := r.shortAnswers(meta.Asked); text != "" && s.State == result.Done {
		r.Warnings = append(r.Warnings, text)
	}
	c := &s.Counts
	r.DescribeEndpoint(meta, samples, s.Started, c.Sent+c.Warmup, c.Succeeded+c.CutOff+c.Warmup)
	return r
}

// errorOf is why a run ended early; empty where it did not.
func errorOf(s *result.Snapshot) string {
	if s.Err == nil {
		return ""
	}
	return words.Error(s.Err)
}

// highestRate is the most that was asked of the endpoint at any time; 0 in a
// closed loop.
func highestRate(r *Report) (most float64) {
	if r.Plan.RatePerS != nil {
		most = *r.Plan.RatePerS
	}
	for _, c := range r.Changes {
		if c.RatePerS != nil {
			most = max(most, *c.RatePerS)
		}
	}
	return most
}

// Summarise fills in what follows from counts, times and histograms.
func (r *Report) Summarise() {
	for _, f := range latencyKeys {
		r.LatencyMS[f] = r.Histograms[f].Summary()
	}
	r.LatenessMS = r.Histograms[figure.Lateness].Summary()
	if r.Stream != nil {
		r.Stream.summarise(r)
	}
	if r.Usage != nil {
		r.Usage.summarise(r)
	}
	q := &r.Requests
	r.Throughput.summarise(r)
	if r.Goodput != nil {
		r.Goodput.summarise(q, r.running())
	}
	r.Client.CPUPerRequestUS = nil
	if all := q.Sent + q.Warmup; all > 0 && r.Client.Cores > 0 {
		r.Client.CPUPerRequestUS = new(format.Per(r.Client.CPUS*1e6, float64(all)))
	}
}

// sessionsOf is nil for a run without conversations.
func sessionsOf(s *result.Snapshot) *Sessions {
	if !s.Sessions {
		return nil
	}
	return new(Sessions(s.Counts.Sessions))
}

func requestsOf(s *result.Snapshot) Requests {
	c := &s.Counts
	return Requests{
		Planned: c.Planned, Sent: c.Sent, NotSent: c.NotSent(),
		NotSentReason: NotSentReasons{NoSlot: c.NoSlot, Stopped: c.Stopped, Skipped: c.Skipped},
		Succeeded:     c.Succeeded, Failed: c.Failed, CutOff: c.CutOff,
		Unknown: c.Unknown(), UnknownSent: c.UnknownSent, UnknownPlanned: c.UnknownPlanned,
		InFlight: inFlight(s.State, c.Sent, c.Succeeded+c.Failed+c.CutOff+c.UnknownSent),
		Warmup:   c.Warmup, Reconnected: c.Reconnected, Connections: c.Connections,
		TLSFull: c.TLSFull, TLSResumed: c.TLSResumed,
		LateWithSlots: c.LateWithSlots, LateNoSlots: c.LateNoSlots, Clamped: c.Clamped,
	}
}

// inFlight is 0 by definition in a finished run, so that a request lost by the
// accounting breaks an identity instead of hiding as in flight.
func inFlight(state result.State, sent, settled uint64) uint64 {
	if state == result.Done || settled > sent {
		return 0
	}
	return sent - settled
}

func failuresOf(failures []result.Failure) []Failure {
	out := make([]Failure, 0, len(failures))
	for _, f := range failures {
		failure := Failure{
			Kind: format.UTF8(
				f.Kind,
			), Cause: optional(string(f.Cause)), Advice: optional(words.Of(f.Advice)), Message: format.UTF8(words.Of(f.Message)),
			RequestID: optional(
				f.RequestID,
			), Payload: optional(f.Payload), Count: f.Count, FirstS: format.Seconds(f.First), LastS: format.Seconds(f.Last),
		}
		if f.Status != 0 {
			failure.Status = new(f.Status)
		}
		if f.Headers != nil {
			failure.Headers = cleanMap(f.Headers)
		}
		failure.Sample, failure.Names, failure.NamesLeftOut = optional(f.Sample), []NameHit{}, f.Unlisted
		for _, n := range f.Names {
			failure.Hit(format.UTF8(n.Name), n.Count)
		}
		out = append(out, failure)
	}
	return out
}

func clientOf(s *result.Snapshot) Client {
	c := &s.Client
	client := Client{
		Cores: c.Cores, CPUS: format.Seconds(c.CPU), WallS: format.Seconds(c.Wall),
		RSSPeakMB: format.Significant(float64(c.RSSPeak)/1e6, 4), GCPauseMaxMS: *format.Millis(float64(c.GCPauseMax)),
		Embedded: c.Embedded, ThrottledS: format.Seconds(c.Throttled), WaitedS: format.Seconds(c.Waited), GCS: format.Seconds(c.GC),
	}
	if c.Quota > 0 {
		client.QuotaCores = new(c.Quota)
	}
	if c.Poller != "" {
		client.Poller = new(c.Poller)
	}
	if c.MaxFiles > 0 {
		client.MaxFiles = new(c.MaxFiles)
	}
	client.Workers = workersOf(s.Workers)
	return client
}

func slowestOf(slowest []result.Slow) []Slow {
	out := make([]Slow, 0, len(slowest))
	for _, s := range slowest {
		out = append(out, Slow{
			AtS: format.Seconds(
				s.At,
			), ResponseMS: *format.Millis(float64(s.Response)), ServiceMS: *format.Millis(float64(s.Service)),
			Status: s.Status, Payload: format.UTF8(s.Payload), RequestID: optional(s.RequestID),
		})
	}
	return out
}

func warningsOf(s *result.Snapshot) []string {
	warnings := textsOf(s.Warnings)
	if n := s.Counts.Clamped; n > 0 {
		warnings = append(warnings, fmt.Sprintf("%s values lay beyond 1 h and were recorded as 1 h", format.Count(n)))
	}
	return warnings
}

// textsOf are texts in the command line's words.
func textsOf(texts []setting.Text) []string {
	out := make([]string, 0, len(texts))
	for _, t := range texts {
		out = append(out, format.UTF8(words.Of(t)))
	}
	return out
}

func cleanAll(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, format.UTF8(s))
	}
	return out
}

func cleanMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[format.UTF8(k)] = format.UTF8(v)
	}
	return out
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return new(format.UTF8(s))
}

// runsOf is the list of one run's id, empty where that is not known.
func runsOf(id string) []string {
	if id == "" {
		return []string{}
	}
	return []string{id}
}
