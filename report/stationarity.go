package report

import (
	"fmt"

	"brunt/attack/steady"
	"brunt/report/format"
)

// Stationarity says whether latency was the same from a run's beginning to its end,
// by the medians of its intervals (see attack/steady). Figures of a run that stepped
// or drifted are of two states at once.
type Stationarity struct {
	Kind     string   `json:"kind"` // steady, settled_late, step or drift
	AtS      *float64 `json:"at_s"` // when it settled or stepped, seconds; null for the others
	BeforeMS *float64 `json:"before_ms"`
	AfterMS  *float64 `json:"after_ms"`
	// Requests are those that ended before at_s; 0 but for settled_late.
	Requests uint64 `json:"requests"`
	Text     string `json:"text"` // one sentence; empty for steady
}

// fewestReplies is how many an interval needs for its median to be looked at.
const fewestReplies = 5

// judgeStationarity fills in Stationarity, and a note of the verdict where latency was
// not steady. Nothing is said of a load that changed by plan or by hand: latency
// follows it.
func (r *Report) judgeStationarity() {
	if len(r.Plan.Stages) > 1 || len(r.Changes) > 0 || len(r.Intervals) < 2 {
		return
	}
	var medians []float64
	var kept []*Interval
	for i := range r.Intervals[:len(r.Intervals)-1] { // the last one is the drain's
		in := &r.Intervals[i]
		if in.P50 == nil || in.Succeeded < fewestReplies {
			continue
		}
		medians, kept = append(medians, *in.P50), append(kept, in)
	}
	found, judged := steady.Judge(medians)
	if !judged {
		return
	}
	s := &Stationarity{Kind: string(found.Kind)}
	r.Stationarity = s
	if found.Kind == steady.Steady {
		return
	}
	s.BeforeMS, s.AfterMS = new(format.Significant(found.Before, 4)), new(format.Significant(found.After, 4))
	at := 0.0
	if found.Kind != steady.Drift {
		at = kept[found.At].TS
		s.AtS = new(at)
	}
	from, to := format.MS(found.Before), format.MS(found.After)
	switch found.Kind {
	case steady.Step:
		s.Text = fmt.Sprintf("latency stepped from %s to %s at %s", from, to, format.SpanSeconds(float64(int(at))))
	case steady.Drift:
		s.Text = fmt.Sprintf("latency drifted from %s to %s over the run", from, to)
	case steady.Late:
		for i := range r.Intervals {
			if in := &r.Intervals[i]; in.TS < at {
				s.Requests += in.Succeeded + in.Failed
			}
		}
		s.Text = fmt.Sprintf(
			"latency settled only after %s, from %s to %s: %s requests from before that are in all figures; a warm-up leaves them out",
			format.SpanSeconds(float64(int(at))),
			from,
			to,
			format.Count(s.Requests),
		)
	}
	r.Verdict.Notes = append(r.Verdict.Notes, s.Text)
}
