package report

import (
	"fmt"

	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/report/format"
)

// Stage is one of the plan's: the load from its beginning to its end, in a straight
// line. An open loop has rates, a closed one concurrencies; the others are null.
type Stage struct {
	DurationS     float64  `json:"duration_s"`
	RatePerS      *float64 `json:"rate_per_s"`
	ToRatePerS    *float64 `json:"to_rate_per_s"`
	Concurrency   *int     `json:"concurrency"`
	ToConcurrency *int     `json:"to_concurrency"`
}

// StageFigures are those of the requests that were planned within one stage,
// whenever their replies came.
type StageFigures struct {
	Stage
	FromS      float64         `json:"from_s"` // since the measured start
	Requests   StageRequests   `json:"requests"`
	LatencyMS  NamedLatency    `json:"latency_ms"`
	Histograms NamedHistograms `json:"histograms"`
}

// StageRequests are one stage's counts: planned = sent + not_sent + unknown, and sent =
// succeeded + failed + cut_off + in_flight.
type StageRequests struct {
	Planned uint64 `json:"planned"`
	NotSent uint64 `json:"not_sent"` // or not yet
	Unknown uint64 `json:"unknown"`  // planned for workers that were lost: what became of them is not known
	NamedRequests
}

func stageOf(g *plan.Stage) Stage {
	s := Stage{DurationS: format.Seconds(g.Length)}
	if g.Open() {
		s.RatePerS = new(format.Significant(plan.PerSecond(g.Rate), 12))
		s.ToRatePerS = new(format.Significant(plan.PerSecond(g.ToRate), 12))
	} else {
		s.Concurrency, s.ToConcurrency = new(g.Concurrency), new(g.ToConcurrency)
	}
	return s
}

func stagesOf(stages []plan.Stage) []Stage {
	out := make([]Stage, len(stages))
	for i := range stages {
		out[i] = stageOf(&stages[i])
	}
	return out
}

// stageFiguresOf are those of a run in that state.
func stageFiguresOf(stages []result.StageFigures, state result.State) []StageFigures {
	out, scratch := make([]StageFigures, 0, len(stages)), NewHistogram()
	for i := range stages {
		g := &stages[i]
		named := namedOf(&g.Named, state)
		named.Requests.InFlight = 0
		f := StageFigures{
			Stage: stageOf(&g.Stage), FromS: format.Seconds(g.From),
			Requests:   StageRequests{g.Planned, g.Planned - min(g.Planned, g.Sent+g.Unknown), g.Unknown, named.Requests},
			Histograms: named.Histograms,
		}
		f.LatencyMS = f.Histograms.summary(scratch)
		out = append(out, f)
	}
	return out
}

// Words is the load of the stage: 100/s, 100/s to 1,000/s, or 8 at a time.
func (s *Stage) Words() string {
	from, to := "", ""
	switch {
	case s.RatePerS != nil && s.ToRatePerS != nil:
		from, to = format.AskedRate(*s.RatePerS), format.AskedRate(*s.ToRatePerS)
	case s.Concurrency != nil && s.ToConcurrency != nil:
		from, to = format.Count(uint64(max(*s.Concurrency, 0))), format.Count(uint64(max(*s.ToConcurrency, 0)))
		if from != to {
			return from + " to " + to + " at a time"
		}
		return from + " at a time"
	}
	if from != to {
		return from + " to " + to
	}
	return from
}

func (r *Report) checkStages() error {
	var sent uint64
	for i := range r.Stages {
		g := &r.Stages[i]
		q, name := &g.Requests, fmt.Sprintf("stage %d: ", i+1)
		sent += q.Sent
		err := first(
			equal(name+"planned", q.Planned, "sent + not_sent"+andUnknown(q.Unknown, " + unknown"), q.Sent+q.NotSent+q.Unknown),
			checkPart(name, &q.NamedRequests, &g.LatencyMS, &g.Histograms),
		)
		if err != nil {
			return err
		}
	}
	return atMost("sent of all stages", sent, "sent", r.Requests.Sent)
}
