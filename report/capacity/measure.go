package capacity

import (
	"fmt"
	"math"

	"brunt/attack/figure"
	"brunt/attack/result"
	"brunt/report"
	"brunt/report/format"
	"brunt/report/rules"
)

// bunch is how many requests that are sent at once an endpoint may refuse for that.
const bunch = 2

// measured is what a step's report says, for Judge. The report has been judged by
// the rules.
func measured(rep *report.Report, list []rules.Rule) *Measured {
	q := &rep.Requests
	m := &Measured{
		Open: rep.Plan.RatePerS != nil, Planned: q.Planned, Sent: q.Sent,
		Succeeded: q.Succeeded, Failed: q.Failed + q.CutOff,
		Seconds: rep.PlanElapsedS, Points: pointsOf(rep), Failures: failureWords(rep),
	}
	if m.Open {
		m.Offered = *rep.Plan.RatePerS
	}
	if t := &rep.Throughput; t.CompletedOKPerS != nil {
		m.Completed = *t.CompletedOKPerS
	}
	for i, r := range list {
		m.FailuresAllowed = m.FailuresAllowed || r.OnFailures()
		m.Rules = append(m.Rules, ruled(rep, r, rep.SLO[i]))
	}
	if v := &rep.Verdict; m.Open && v.Limit() == result.LimitEndpoint && !m.failing() && v.Headline != nil {
		m.Behind = *v.Headline
	}
	if rep.Interrupted {
		m.Lost = "it was ended early: " + lostWords(rep, list)
	}
	m.blame(rep, list)
	if q.Unknown > 0 {
		m.Unmade = fmt.Sprintf("a worker was lost: of %s requests it is not known what became of them", format.Count(q.Unknown))
	}
	return m
}

// lostWords say why a step was ended early.
func lostWords(rep *report.Report, list []rules.Rule) string {
	for _, r := range list {
		if over, n, _, counted := r.Tail(rep); counted && r.Times() && over > few {
			return fmt.Sprintf("%s of %s requests were beyond %s", format.Count(over), format.Count(n), r)
		}
	}
	q := &rep.Requests
	return fmt.Sprintf("%s of %s requests failed (%s)",
		format.Count(q.Failed), format.Count(q.Succeeded+q.Failed), failureWords(rep))
}

// ruled is how a rule fared, and how sure that is.
func ruled(rep *report.Report, r rules.Rule, j report.Judgement) Ruled {
	out := Ruled{Rule: j.Rule, Met: j.Met, Reason: j.Reason, Few: j.Value == nil}
	over, n, share, counted := r.Tail(rep)
	switch {
	case out.Few:
	case counted:
		out.Excess, out.Share, out.Count = float64(over)/(share*float64(max(1, n))), share, n
		// The figure decides, and the number of requests beyond its limit says how
		// surely.
		if out.Weight = tail(over, n, share); j.Met {
			out.Weight = min(out.Weight, -0.1)
		} else {
			out.Weight = max(out.Weight, 0.1)
		}
	default:
		out.Weight = distance(*j.Value, r.Limit(), j.Met)
		out.Excess, out.Share, out.Count = *j.Value/r.Limit(), figureShare, rep.Requests.Succeeded
		if !r.Times() && !r.OnFailures() { // a bound from below
			out.Excess = r.Limit() / *j.Value
		}
	}
	return out
}

// blame says how far brunt may be what the step shows.
func (m *Measured) blame(rep *report.Report, list []rules.Rule) {
	v := &rep.Verdict
	if why := m.bunched(rep, list); why != "" {
		m.Client = why
		return
	}
	if !rep.Verdict.Judged() || *v.LimitedBy == result.LimitEndpoint && m.failing() {
		return // what the endpoint refuses is not brunt's doing
	}
	q := &rep.Requests
	unsent := float64(m.Planned-min(m.Planned, m.Sent)) > (1-madeShare)*float64(m.Planned) && !rep.Interrupted
	crowded := float64(q.LateNoSlots+q.NotSentReason.NoSlot) > (1-madeShare)*float64(m.Planned)
	switch why := trustWords(v); {
	case *v.LimitedBy == result.LimitClient && (!m.Open || unsent || crowded):
		m.Unmade = why
	case m.slowAnyway(rep, list):
	case *v.LimitedBy == result.LimitClient, v.Untrusted():
		m.Client = why
	case v.ErrorMS != nil && m.spoilt(rep, list, *v.ErrorMS):
		m.Client = why
	}
}

// bunched says that requests were refused because brunt, late, sent many at once:
// without as many failures as were sent late together, no more than allowed would
// have failed. It is empty where another rule is broken, too.
func (m *Measured) bunched(rep *report.Report, list []rules.Rule) string {
	allowed := failedShare
	for i, r := range list {
		_, _, share, counted := r.Tail(rep)
		switch {
		case r.OnFailures() && counted:
			allowed = share
		case !rep.SLO[i].Met && rep.SLO[i].Value != nil:
			return ""
		}
	}
	settled := float64(max(1, m.Succeeded+m.Failed))
	if !m.Open || float64(m.Failed) < allowed*settled {
		return ""
	}
	excused := 0.0
	if h := rep.Histogram(figure.Lateness); h.PackedHistogram != nil {
		for late, count := range h.ForEachBucket {
			if float64(late)/1e9*m.Offered >= bunch {
				excused += float64(count)
			}
		}
	}
	if float64(m.Failed)-excused >= allowed*settled {
		return ""
	}
	return fmt.Sprintf("brunt was late (up to %s), and then sent many requests at once: %s of %s were refused (%s)",
		format.OptionalMS(rep.LatenessMS.Max), format.Count(m.Failed), format.Count(m.Succeeded+m.Failed), m.Failures)
}

// slowAnyway reports whether most of the times of a rule that is broken lie beyond
// its limit: delays of brunt's own are far too rare for that, unless it sent most
// requests late.
func (m *Measured) slowAnyway(rep *report.Report, list []rules.Rule) bool {
	for i, r := range list {
		over, n, _, counted := r.Tail(rep)
		if late := rep.LatenessMS.P50; late != nil && *late > r.Limit()/2 {
			continue // most requests were sent too late
		}
		if counted && r.Times() && !rep.SLO[i].Met && 2*over > n {
			return true
		}
	}
	return false
}

// failing reports whether so many requests failed that the load is not borne.
func (m *Measured) failing() bool {
	return float64(m.Failed) >= failedShare*float64(max(1, m.Succeeded+m.Failed))
}

// spoilt reports whether every rule that is broken would be met, were its time
// shorter by brunt's own delay.
func (m *Measured) spoilt(rep *report.Report, list []rules.Rule, off float64) bool {
	spoilt := false
	for i, r := range list {
		if j := &rep.SLO[i]; !j.Met {
			if !r.Times() || j.Value == nil || *j.Value-off > r.Limit() {
				return false
			}
			spoilt = true
		}
	}
	return spoilt
}

// trustWords say in a line why brunt may be the limit.
func trustWords(v *report.Verdict) string {
	if len(v.Reasons) > 0 {
		return v.Reasons[0]
	}
	if v.Headline != nil {
		return *v.Headline
	}
	return "brunt was the limit"
}

// pointsOf are the whole intervals within the measured time.
func pointsOf(rep *report.Report) (points []Point) {
	for i := range rep.Intervals {
		iv := &rep.Intervals[i]
		if iv.TS+iv.WidthS > rep.PlanElapsedS+iv.WidthS/8 {
			break
		}
		p := Point{
			Width: iv.WidthS, InFlight: float64(iv.InFlight), Done: float64(iv.Succeeded + iv.Failed), Latency: math.NaN(),
		}
		if h := iv.Response.Histogram(); h.TotalCount() > 0 {
			p.Latency = h.Mean() / 1e6
		}
		points = append(points, p)
	}
	return points
}

// failureWords are the most frequent kind of failure: 429, timeout_reply.
func failureWords(rep *report.Report) string {
	if len(rep.Errors) == 0 {
		return "cut off"
	}
	e := &rep.Errors[0]
	if e.Status != nil {
		return fmt.Sprint(*e.Status)
	}
	return format.Safe(e.Kind, 40)
}

// stepOf is a step as the answer shows it.
func stepOf(rep *report.Report, o Outcome, why string) report.CapacityStep {
	q := &rep.Requests
	s := report.CapacityStep{
		RatePerS: rep.Plan.RatePerS, Outcome: string(o.Verdict), Reason: why,
		SettleS: rep.Plan.WarmupS, DurationS: rep.PlanElapsedS, EndedEarly: rep.Interrupted,
		Requests: q.Sent, Succeeded: q.Succeeded, Failed: q.Failed + q.CutOff,
		CompletedPerS: rep.Throughput.CompletedOKPerS, SLO: rep.SLO,
		LimitedBy: rep.Verdict.LimitedBy, Trust: rep.Verdict.Trust,
	}
	if s.RatePerS == nil {
		s.Concurrency = rep.Plan.Concurrency
	}
	if o.Verdict == Held || o.Verdict == Broken {
		s.Held = new(o.Verdict == Held)
	}
	timesOf(&s, rep)
	return s
}

// timesOf fills in the step's times, tokens and goodput.
func timesOf(s *report.CapacityStep, rep *report.Report) {
	response := rep.LatencyMS[figure.Response]
	s.P50, s.P95, s.P99, s.Mean = response.P50, response.P95, response.P99, response.Mean
	s.TokensPerS = rep.Throughput.CompletedTokensPerS
	if rep.Goodput != nil {
		s.GoodputPerS = new(rep.Goodput.PerS)
	}
	if st := rep.Stream; st != nil {
		s.TTFTP99, s.TPOTP99 = st.LatencyMS[figure.TTFT].P99, st.LatencyMS[figure.TPOT].P99
		s.UserTokensPerS = st.PerUserTokensPerS
	}
}
