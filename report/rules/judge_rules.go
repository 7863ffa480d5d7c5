package rules

import (
	"fmt"
	"math"

	"brunt/attack/figure"
	"brunt/report"
	"brunt/report/format"
)

// FormatValue writes a rule's value in its unit.
func FormatValue(value float64, unit report.Unit) string {
	switch unit {
	case report.UnitMS:
		return format.MS(value)
	case report.UnitPercent:
		return format.Share(value)
	case report.UnitRate:
		return format.Rate(value)
	default:
		return format.Number(value)
	}
}

// Judge holds the report against the rule. What is compared is the figure as
// reported: the JSON's value, not a finer one behind it. A null figure does
// not meet any rule.
func (r Rule) Judge(rep *report.Report) report.Judgement {
	value, missing := r.value(rep)
	j := report.Judgement{Rule: r.String(), Value: value, Unit: r.unit, Reason: missing}
	if value == nil {
		return j
	}
	j.Met = r.holds(*value)
	if !j.Met {
		j.Reason = fmt.Sprintf("%s is %s, not %s %s", r.Figure(), r.Words(*value), r.operator, r.written)
	} else if n := rep.Requests.Unknown; n > 0 && !r.holdsWith(rep, n) {
		j.Met = false
		j.Reason = fmt.Sprintf(
			"%s is %s, but of %s requests it is not known what became of them, for a worker was lost: they could have broken it",
			r.Figure(),
			r.Words(*value),
			format.Count(n),
		)
	}
	return j
}

// Unknown reports whether a rule that is not met would be by its figure, so that only what
// nobody knows of the run may have broken it.
func Unknown(j *report.Judgement) bool {
	r, err := Parse(j.Rule)
	return err == nil && !j.Met && j.Value != nil && r.holds(*j.Value)
}

// holdsWith reports whether the rule, which is met, would still be if so many requests
// more had failed, or taken longer than it allows.
func (r Rule) holdsWith(rep *report.Report, unknown uint64) bool {
	q := &rep.Requests
	over, n, share, counted := r.Tail(rep)
	switch {
	case r.count == "per_user_tokens_per_s" || r.count == "" && !counted:
		return false // a mean, a longest time: one request can move it
	case r.count == "":
		return float64(over+unknown) <= share*float64(n+unknown)
	case r.count == "failed" && r.unit == report.UnitCount:
		return r.holds(float64(q.Failed + unknown))
	case r.count == "failed":
		return r.holds(100 * float64(q.Failed+unknown) / float64(q.Succeeded+q.Failed+unknown))
	}
	return !r.upper() // what came is no less for it
}

// JudgeAll fills in the report's SLO with the outcome of each rule.
func JudgeAll(r *report.Report, rules []Rule) {
	r.SLO = make([]report.Judgement, 0, len(rules))
	noteUnbound(r.Goodput, rules)
	for _, rule := range rules {
		r.SLO = append(r.SLO, rule.Judge(r))
	}
}

func (r Rule) holds(value float64) bool {
	switch r.operator {
	case "<":
		return value < r.limit
	case "<=":
		return value <= r.limit
	case ">":
		return value > r.limit
	default:
		return value >= r.limit
	}
}

// Words writes a value of the rule's figure, with all its digits where it is
// so near to the limit that rounding might make it look to be on the other side.
func (r Rule) Words(value float64) string {
	if math.Abs(value-r.limit) > 0.01*r.limit {
		return FormatValue(value, r.unit)
	}
	switch r.unit {
	case report.UnitRate:
		return format.Number(value) + "/s"
	case report.UnitCount:
		return format.Number(value)
	default:
		return format.Number(value) + " " + string(r.unit)
	}
}

// value is the rule's figure, or null and why it is.
func (r Rule) value(rep *report.Report) (value *float64, missing string) {
	q, t := &rep.Requests, &rep.Throughput
	switch r.count {
	case "":
		return r.latency(rep)
	case "succeeded_per_s":
		return new(t.SucceededPerS), ""
	case "completed_per_s":
		return t.CompletedPerS, lacksWindow(t)
	case "completed_ok_per_s":
		return t.CompletedOKPerS, lacksWindow(t)
	case "sent_per_s":
		return new(t.SentPerS), ""
	case "offered_per_s":
		return new(t.OfferedPerS), ""
	case "completed_output_tokens_per_s":
		if reason := lacksWindow(t); reason != "" || t.CompletedTokensPerS != nil {
			return t.CompletedTokensPerS, reason
		}
		return nil, "no success was a stream or stated its usage"
	case "output_tokens_per_s", "per_user_tokens_per_s":
		return r.tokens(rep)
	case "goodput_per_s":
		if rep.Goodput == nil {
			return nil, "no rule bounds a request's times"
		}
		return new(rep.Goodput.PerS), ""
	}
	if r.unit == report.UnitCount {
		return new(float64(q.Failed)), ""
	}
	settled := q.Succeeded + q.Failed
	if settled == 0 {
		return nil, "no request has succeeded or failed"
	}
	return new(FailedShare(q)), ""
}

// lacksWindow is why there is no rate of what was completed.
func lacksWindow(t *report.Throughput) string {
	switch {
	case t.WindowS == nil:
		return "the report does not say what came within the measured time"
	case *t.WindowS <= 0:
		return "there was no measured time: no request was taken after the first ones"
	}
	return ""
}

// tokens is a rule's rate of tokens.
func (r Rule) tokens(rep *report.Report) (value *float64, missing string) {
	s := rep.Stream
	switch {
	case r.count == "output_tokens_per_s" && (s != nil || rep.Usage != nil || rep.Throughput.CompletedTokens > 0):
		_, _, perS := rep.Tokens()
		return new(perS), ""
	case s == nil && r.count == "output_tokens_per_s":
		return nil, "no success was a stream or stated its usage"
	case s == nil:
		return nil, "no success was a stream"
	case s.PerUserTokensPerS == nil:
		return nil, tooFew(figure.TPOT)
	}
	return s.PerUserTokensPerS, ""
}

// FailedShare is failed by succeeded + failed, in percent, 0 where there is
// neither: what was cut off has no known outcome and flatters nobody.
func FailedShare(q *report.Requests) float64 {
	settled := q.Succeeded + q.Failed
	if settled == 0 {
		return 0
	}
	share := 100 * float64(q.Failed) / float64(settled)
	return math.Max(format.Significant(share, 6), 0)
}

func (r Rule) latency(rep *report.Report) (value *float64, missing string) {
	h := rep.Histogram(r.times)
	n := h.Count()
	if n == 0 {
		return nil, tooFew(r.times)
	}
	switch summary := h.Summary(); r.stat {
	case "mean":
		return summary.Mean, ""
	case "max":
		return summary.Max, ""
	}
	if value = h.At(r.quantile); value == nil {
		missing = fmt.Sprintf("too few samples: %s needs %s, there are %s",
			r.quantile, format.Count(r.quantile.Needs()), format.Count(n))
	}
	return value, missing
}

// tooFew is why a figure without samples has no value.
func tooFew(f figure.Figure) string {
	return fmt.Sprintf("too few samples: there is no %s and so no %s time", samplesOf[f.Samples()], f)
}

// samplesOf is what there has to be one of.
var samplesOf = map[figure.Samples]string{
	figure.Successes: "success", figure.Failures: "failure", figure.Sent: "request sent",
	figure.Connections: "new connection", figure.Handshakes: "TLS handshake",
	figure.Streams: "stream", figure.Spoken: "streamed output",
	figure.Shown: "streamed output that is no reasoning",
	figure.Paced: "stream of two tokens or more", figure.Gaps: "stream of two chunks or more",
}
