package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

// Judgement is a rule with its outcome on one report.
type Judgement struct {
	Rule   string   `json:"rule"`
	Value  *float64 `json:"value"`  // in Unit; null where the figure is
	Unit   Unit     `json:"unit"`   // ms, %, count, /s
	Met    bool     `json:"met"`    // false when the value is null
	Reason string   `json:"reason"` // why it is not met, empty when it is
}

// MarshalJSON writes the judgement, with met also by the name that the text and
// the other outputs have for it: held.
func (j Judgement) MarshalJSON() ([]byte, error) {
	type plain Judgement
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // the writer of the whole report decides that
	err := encoder.Encode(struct {
		plain
		Held bool `json:"held"`
	}{plain(j), j.Met})
	return b.Bytes(), err
}

// Judge holds the report against the rule. What is compared is the figure as
// reported: the JSON's value, not a finer one behind it. A null figure does
// not meet any rule.
func (r Rule) Judge(rep *Report) Judgement {
	value, missing := r.value(rep)
	j := Judgement{Rule: r.String(), Value: value, Unit: r.unit, Reason: missing}
	if value == nil {
		return j
	}
	j.Met = r.holds(*value)
	if !j.Met {
		j.Reason = fmt.Sprintf("%s is %s, not %s %s", r.Figure(), r.words(*value), r.operator, r.written)
	}
	return j
}

// JudgeAll fills in the report's SLO with the outcome of each rule.
func (r *Report) JudgeAll(rules []Rule) {
	r.SLO = make([]Judgement, 0, len(rules))
	r.Goodput.judgedBy(rules)
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

// words writes a value of the rule's figure, with all its digits where it is
// so near to the limit that rounding might make it look to be on the other side.
func (r Rule) words(value float64) string {
	if math.Abs(value-r.limit) > 0.01*r.limit {
		return formatValue(value, r.unit)
	}
	switch r.unit {
	case UnitRate:
		return shortest(value) + "/s"
	case UnitCount:
		return shortest(value)
	default:
		return shortest(value) + " " + string(r.unit)
	}
}

// value is the rule's figure, or null and why it is.
func (r Rule) value(rep *Report) (value *float64, missing string) {
	q, t := &rep.Requests, &rep.Throughput
	switch r.figure {
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
	if r.unit == UnitCount {
		return new(float64(q.Failed)), ""
	}
	settled := q.Succeeded + q.Failed
	if settled == 0 {
		return nil, "no request has succeeded or failed"
	}
	return new(failedShare(q)), ""
}

// lacksWindow is why there is no rate of what was completed.
func lacksWindow(t *Throughput) string {
	switch {
	case t.WindowS == nil:
		return "the report does not say what came within the measured time"
	case *t.WindowS <= 0:
		return "there was no measured time: no request was taken after the first ones"
	}
	return ""
}

// tokens is a rule's rate of tokens.
func (r Rule) tokens(rep *Report) (value *float64, missing string) {
	s := rep.Stream
	switch {
	case r.figure == "output_tokens_per_s" && (s != nil || rep.Usage != nil):
		_, _, perS := rep.tokens()
		return new(perS), ""
	case s == nil && r.figure == "output_tokens_per_s":
		return nil, "no success was a stream or stated its usage"
	case s == nil:
		return nil, "no success was a stream"
	case s.PerUserTokensPerS == nil:
		return nil, "too few samples: there is no " + streamFigures["tpot"] + " time"
	}
	return s.PerUserTokensPerS, ""
}

// failedShare is failed by succeeded + failed, in percent, 0 where there is
// neither: what was cut off has no known outcome and flatters nobody.
func failedShare(q *Requests) float64 {
	settled := q.Succeeded + q.Failed
	if settled == 0 {
		return 0
	}
	share := 100 * float64(q.Failed) / float64(settled)
	return math.Max(significant(share, 6), 0)
}

func (r Rule) latency(rep *Report) (value *float64, missing string) {
	h, lacking := rep.Histograms.named(r.histogram), samplesOf[r.histogram]
	if streamed, ok := streamFigures[r.histogram]; ok {
		h, lacking = rep.Stream.named(r.histogram), streamed
	}
	n := h.Count()
	if n == 0 {
		return nil, fmt.Sprintf("too few samples: there is no %s time", lacking)
	}
	switch summary := h.Summary(); r.stat {
	case "mean":
		return summary.Mean, ""
	case "max":
		return summary.Max, ""
	}
	if value = h.At(r.quantile); value == nil {
		missing = fmt.Sprintf("too few samples: %s needs %s, there are %s",
			r.quantile, FormatCount(r.quantile.Needs()), FormatCount(n))
	}
	return value, missing
}

var samplesOf = map[string]string{
	"response": "success and so no response", "service": "success and so no service",
	"first_byte": "success and so no first-byte", "failed": "failure and so no failed",
	"connect": "new connection and so no connect", "tls": "TLS handshake and so no tls",
	"lateness": "request sent and so no lateness",
}

// named is the histogram under its key in JSON.
func (h *Histograms) named(key string) Histogram {
	switch key {
	case "response":
		return h.Response
	case "service":
		return h.Service
	case "failed":
		return h.Failed
	case "first_byte":
		return h.FirstByte
	case "connect":
		return h.Connect
	case "tls":
		return h.TLS
	default:
		return h.Lateness
	}
}
