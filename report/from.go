package report

import (
	"fmt"
	"maps"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/figure"
	"brunt/payloads"
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
	Plan        attack.Plan
	Concurrency int // as the user gave it, 0 where none was given
	Payloads    []Payload
	Order       string
	Seed        uint64
	Command     string // the command line, secrets redacted
}

// MetaOf is what a run's plan, target and payloads say of it.
func MetaOf(plan attack.Plan, url string, set *payloads.Set) Meta {
	m := Meta{
		Version: Version(), URL: url, Protocol: plan.Protocol(), Plan: plan, Concurrency: plan.Concurrency,
		Order: string(set.Order()), Seed: set.Seed(),
	}
	for _, f := range set.Files() {
		m.Payloads = append(m.Payloads, Payload{File: f.Path, Lines: uint64(f.Lines), Bytes: uint64(f.Bytes), SHA256: f.SHA256, Weight: f.Weight})
	}
	return m
}

// From makes a report of a snapshot, of a finished run or of one in progress.
// The report shares no memory with either argument that is ever written to.
func From(meta Meta, s *attack.Snapshot) *Report {
	r := &Report{
		Schema:       SchemaVersion,
		Brunt:        format.UTF8(meta.Version),
		Name:         format.UTF8(meta.Name),
		Labels:       cleanMap(meta.Labels),
		Command:      format.UTF8(meta.Command),
		State:        string(s.State),
		Interrupted:  s.Interrupted,
		RunID:        optional(s.RunID),
		Runs:         runsOf(s.ID),
		Lapsed:       s.Lapsed,
		Error:        optional(errorOf(s)),
		Target:       targetOf(meta, s),
		Plan:         planOf(meta),
		ElapsedS:     format.Seconds(s.Elapsed),
		PlanElapsedS: format.Seconds(s.PlanElapsed),
		Requests:     requestsOf(s),
		Status:       map[int]uint64{},
		Errors:       failuresOf(s.Failures),
		Names:        NamesOf(s.Names, s.State),
		ServedModels: modelsOf(s.Models),
		Client:       clientOf(s),
		Verdict:      VerdictOf(&s.Verdict),
		SLO:          []Judgement{},
		Slowest:      slowestOf(s.Slowest),
		Intervals:    intervalsOf(s.Intervals, askingOf(&meta.Plan, s)),
		Changes:      changesOf(s.Changes),
		Spans:        []Span{},
		Warnings:     warningsOf(s),
	}
	if c := &s.Counts; c.Kept+c.Dropped > 0 {
		r.Results = &ResultsKept{Kept: c.Kept, Dropped: c.Dropped}
	}
	maps.Copy(r.Status, s.Status)
	if !s.Started.IsZero() {
		r.Started = new(s.Started.UTC().Truncate(time.Microsecond))
		if s.State == attack.Done {
			r.Ended = new(s.Started.Add(s.Elapsed).UTC().Truncate(time.Microsecond))
		}
	}
	r.Histograms, r.Stream, r.Usage, r.Goodput = histogramsOf(&s.Latencies), streamOf(s), usageOf(s), goodputOf(&meta.Plan, s)
	r.windowOf(s)
	r.Summarise()
	samples, failed, reason := meta.Sampler.Taken()
	if failed > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the endpoint's own figures could not be read (%d of %d times): %s", failed, failed+len(samples), format.UTF8(reason)))
	}
	if text := RateWarning(meta.Details, highestRate(r)); text != "" {
		r.Warnings = append(r.Warnings, text)
	}
	c := &s.Counts
	r.DescribeEndpoint(meta, samples, s.Started, c.Sent+c.Warmup, c.Succeeded+c.CutOff+c.Warmup)
	return r
}

// errorOf is why a run ended early; empty where it did not.
func errorOf(s *attack.Snapshot) string {
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
		r.Stream.summarise(r.running())
	}
	if r.Usage != nil {
		r.Usage.summarise(r.running())
	}
	q := &r.Requests
	r.Throughput.summarise(r)
	if r.Goodput != nil {
		r.Goodput.summarise(q, r.running())
	}
	r.Client.CPUPerRequestUS = nil
	if all := q.Sent + q.Warmup; all > 0 {
		r.Client.CPUPerRequestUS = new(format.Per(r.Client.CPUS*1e6, float64(all)))
	}
}

func targetOf(meta Meta, s *attack.Snapshot) Target {
	return Target{
		URL: format.UTF8(meta.URL), Endpoint: optional(meta.Endpoint), Addresses: cleanAll(s.Addresses),
		Protocol: format.UTF8(meta.Protocol), TLS: optional(s.TLSVersion),
	}
}

func planOf(meta Meta) Plan {
	p := &meta.Plan
	plan := Plan{
		MaxInFlight: p.Concurrency, Stages: nil,
		WarmupS: format.Seconds(p.Warmup), TimeoutS: format.Seconds(p.Timeout), KeepAlive: p.KeepAlive,
		AtEnd: string(p.AtEnd), CatchUp: string(p.CatchUp),
		Payloads: make([]Payload, 0, len(meta.Payloads)), Order: format.UTF8(meta.Order), Seed: new(meta.Seed),
	}
	plan.FillEmpty()
	if p.Open() {
		plan.RatePerS = new(format.Significant(attack.PerSecond(p.Rate), 12))
	}
	if meta.Concurrency > 0 {
		plan.Concurrency = new(meta.Concurrency)
	}
	if p.Duration > 0 {
		plan.DurationS = new(format.Seconds(p.Duration))
	}
	if p.Requests > 0 {
		plan.Requests = new(p.Requests)
	}
	for _, file := range meta.Payloads {
		file.File, file.SHA256 = format.UTF8(file.File), format.UTF8(file.SHA256)
		plan.Payloads = append(plan.Payloads, file)
	}
	return plan
}

func requestsOf(s *attack.Snapshot) Requests {
	c := &s.Counts
	return Requests{
		Planned: c.Planned, Sent: c.Sent, NotSent: c.NotSent(),
		NotSentReason: NotSentReasons{NoSlot: c.NoSlot, Stopped: c.Stopped, Skipped: c.Skipped},
		Succeeded:     c.Succeeded, Failed: c.Failed, CutOff: c.CutOff,
		InFlight: inFlight(s.State, c.Sent, c.Succeeded+c.Failed+c.CutOff),
		Warmup:   c.Warmup, Reconnected: c.Reconnected, Connections: c.Connections,
		LateWithSlots: c.LateWithSlots, LateNoSlots: c.LateNoSlots, Clamped: c.Clamped,
	}
}

// inFlight is 0 by definition in a finished run, so that a request lost by the
// accounting breaks an identity instead of hiding as in flight.
func inFlight(state attack.State, sent, settled uint64) uint64 {
	if state == attack.Done || settled > sent {
		return 0
	}
	return sent - settled
}

func failuresOf(failures []attack.Failure) []Failure {
	out := make([]Failure, 0, len(failures))
	for _, f := range failures {
		failure := Failure{
			Kind: format.UTF8(f.Kind), Cause: optional(string(f.Cause)), Advice: optional(words.Of(f.Advice)), Message: format.UTF8(words.Of(f.Message)),
			RequestID: optional(f.RequestID), Payload: optional(f.Payload), Count: f.Count, FirstS: format.Seconds(f.First), LastS: format.Seconds(f.Last),
		}
		if f.Status != 0 {
			failure.Status = new(f.Status)
		}
		if f.Headers != nil {
			failure.Headers = cleanMap(f.Headers)
		}
		out = append(out, failure)
	}
	return out
}

// NamesOf are the figures of payload names, of a run in that state.
func NamesOf(names []attack.Named, state attack.State) []Named {
	out, room := make([]Named, 0, len(names)), NewHistogram()
	for i := range names {
		named := namedOf(&names[i], state)
		named.Summarise(room)
		out = append(out, named)
	}
	return out
}

func namedOf(n *attack.Named, state attack.State) Named {
	return Named{
		Name: format.UTF8(n.Name),
		Requests: NamedRequests{
			Sent: n.Sent, Succeeded: n.Succeeded, Failed: n.Failed, CutOff: n.CutOff,
			InFlight: inFlight(state, n.Sent, n.Succeeded+n.Failed+n.CutOff),
		},
		Histograms: NamedHistograms{Response: Distribution{n.Response}, Service: Distribution{n.Service}},
	}
}

func modelsOf(models []attack.Served) []ServedModel {
	out, room := make([]ServedModel, 0, len(models)), NewHistogram()
	for i := range models {
		m := ServedModel{
			Name: format.UTF8(models[i].Name), Count: models[i].Count,
			Histograms: NamedHistograms{Response: Distribution{models[i].Response}, Service: Distribution{models[i].Service}},
		}
		m.Summarise(room)
		out = append(out, m)
	}
	return out
}

// Summarise fills in the percentiles of the model's histograms, each opened in room
// in its turn.
func (m *ServedModel) Summarise(room Histogram) {
	m.LatencyMS = m.Histograms.summary(room)
	m.P50, m.P99 = m.LatencyMS.Response.P50, m.LatencyMS.Response.P99
}

// Summarise fills in the percentiles of the name's histograms, as for a model.
func (n *Named) Summarise(room Histogram) { n.LatencyMS = n.Histograms.summary(room) }

// summary sums both up, each opened in room in its turn.
func (h *NamedHistograms) summary(room Histogram) NamedLatency {
	return NamedLatency{Response: h.Response.summary(room), Service: h.Service.summary(room)}
}

func clientOf(s *attack.Snapshot) Client {
	c := &s.Client
	client := Client{
		Cores: c.Cores, CPUS: format.Seconds(c.CPU), WallS: format.Seconds(c.Wall),
		RSSPeakMB: format.Significant(float64(c.RSSPeak)/1e6, 4), GCPauseMaxMS: *format.Millis(float64(c.GCPauseMax)),
		Embedded: c.Embedded, ThrottledS: format.Seconds(c.Throttled), WaitedS: format.Seconds(c.Waited), GCS: format.Seconds(c.GC),
	}
	if c.Quota > 0 {
		client.QuotaCores = new(c.Quota)
	}
	if c.MaxFiles > 0 {
		client.MaxFiles = new(c.MaxFiles)
	}
	return client
}

func slowestOf(slowest []attack.Slow) []Slow {
	out := make([]Slow, 0, len(slowest))
	for _, s := range slowest {
		out = append(out, Slow{
			AtS: format.Seconds(s.At), ResponseMS: *format.Millis(float64(s.Response)), ServiceMS: *format.Millis(float64(s.Service)),
			Status: s.Status, Payload: format.UTF8(s.Payload), RequestID: optional(s.RequestID),
		})
	}
	return out
}

func intervalsOf(intervals []attack.Interval, asked *asking) []Interval {
	out := make([]Interval, 0, len(intervals))
	for i := range intervals {
		in := &intervals[i]
		response, lateness := Histogram{in.Response.Histogram()}, Histogram{in.Lateness.Histogram()}
		var ttft Histogram
		if in.TTFT.Count() > 0 {
			ttft.PackedHistogram = in.TTFT.Histogram()
		}
		out = append(out, Interval{
			TS: format.Seconds(in.At), WidthS: format.Seconds(in.Width),
			Planned: in.Planned, Sent: in.Sent, Succeeded: in.Succeeded, Failed: in.Failed, CutOff: in.CutOff,
			Completed: in.Completed, CompletedOK: in.CompletedOK,
			InFlight: in.InFlight, BytesIn: in.BytesIn, BytesOut: in.BytesOut,
			P50: response.At(P50), P90: response.At(P90), P99: response.At(P99), Max: maxOf(response.PackedHistogram),
			LatenessP99: lateness.At(P99), Response: in.Response, Service: in.Service,
			Chunks: in.Chunks, TTFTP50: ttft.At(P50), TTFTP99: ttft.At(P99),
		})
		asked.fill(&out[i], in)
	}
	return out
}

func changesOf(changes []attack.Change) []Change {
	out := make([]Change, 0, len(changes))
	for _, c := range changes {
		change := Change{TS: format.Seconds(c.At)}
		if c.Concurrency > 0 {
			change.Concurrency = new(c.Concurrency)
		} else {
			change.RatePerS = new(format.Significant(attack.PerSecond(c.Rate), 12))
		}
		out = append(out, change)
	}
	return out
}

func maxOf(h *hdrhistogram.PackedHistogram) *float64 {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	return format.Millis(float64(h.Max()))
}

func warningsOf(s *attack.Snapshot) []string {
	warnings := cleanAll(s.Warnings)
	if n := s.Counts.Clamped; n > 0 {
		warnings = append(warnings, fmt.Sprintf("%s values lay beyond 1 h and were recorded as 1 h", format.Count(n)))
	}
	return warnings
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
