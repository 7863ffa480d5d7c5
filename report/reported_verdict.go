package report

import (
	"slices"
	"strings"

	"brunt/attack/result"
	"brunt/report/format"
	"brunt/report/words"
)

// NotJudged stands for a verdict that nobody gave.
const NotJudged = "not judged"

// VerdictOf is a run's verdict. A headline that is among the reasons too is said
// once.
func VerdictOf(v *result.Verdict) Verdict {
	out := Verdict{Notes: textsOf(v.Notes), Reasons: cleanAll(v.Reasons)}
	if !v.Judged() {
		return out
	}
	out.Headline, out.LimitedBy, out.Trust = optional(words.Of(v.Headline)), optional(v.LimitedBy), optional(v.Trust)
	out.Valid, out.Brief = new(v.Valid()), optional(words.Of(v.Brief))
	if v.Trust == result.TrustLimited && v.Error > 0 {
		out.ErrorMS = format.Millis(float64(v.Error))
	}
	out.leadOnce()
	return out
}

func (v *Verdict) leadOnce() {
	if v.Headline != nil {
		v.Reasons = slices.DeleteFunc(v.Reasons, func(reason string) bool { return reason == *v.Headline })
	}
}

// Judged reports whether there is a verdict at all.
func (v *Verdict) Judged() bool { return v.Trust != nil }

// Untrusted reports whether the figures are known not to be trusted at all.
func (v *Verdict) Untrusted() bool { return v.Trust != nil && *v.Trust == result.TrustNone }

// Limit is what bounded the load, empty where nobody judged.
func (v *Verdict) Limit() string {
	if v.LimitedBy == nil {
		return ""
	}
	return *v.LimitedBy
}

// derive fills in what earlier versions did not write: their first reason was
// the headline, and what was not valid was not trusted. Results, of which they
// wrote valid, were never judged.
func (v *Verdict) derive(rebuilt bool) {
	v.Notes, v.Reasons = NotNil(v.Notes), NotNil(v.Reasons)
	switch {
	case v.Judged() || v.Valid == nil:
	case rebuilt && len(v.Reasons) > 0 && strings.HasPrefix(v.Reasons[0], NotJudged+": "):
		*v = Verdict{Notes: []string{}, Reasons: []string{strings.TrimPrefix(v.Reasons[0], NotJudged+": ")}}
	default:
		v.Trust = new(result.TrustFull)
		if !*v.Valid {
			v.Trust = new(result.TrustNone)
		}
		if len(v.Reasons) > 0 {
			v.Headline = new(v.Reasons[0])
		}
		v.leadOnce()
	}
}
