package report

import (
	"fmt"
	"slices"
	"strings"

	"brunt/attack"
)

// VerdictWords are a verdict's in one line each: what the endpoint did, and how
// far the figures can be trusted.
func VerdictWords(v *attack.Verdict) (endpoint, figures string) {
	out := verdictOf(v)
	return out.endpointWords(), out.figuresWords()
}

// notJudged stands for a verdict that nobody gave.
const notJudged = "not judged"

// verdictOf is a run's verdict. A headline that is among the reasons too is said
// once.
func verdictOf(v *attack.Verdict) Verdict {
	out := Verdict{Notes: cleanAll(v.Notes), Reasons: cleanAll(v.Reasons)}
	if !v.Judged() {
		return out
	}
	out.Headline, out.LimitedBy, out.Trust = optional(v.Headline), optional(v.LimitedBy), optional(v.Trust)
	out.Valid = new(v.Valid())
	if v.Trust == attack.TrustLimited && v.Error > 0 {
		out.ErrorMS = millis(float64(v.Error))
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

// untrusted reports whether the figures are known not to be trusted at all.
func (v *Verdict) untrusted() bool { return v.Trust != nil && *v.Trust == attack.TrustNone }

// limit is what bounded the load, empty where nobody judged.
func (v *Verdict) limit() string {
	if v.LimitedBy == nil {
		return ""
	}
	return *v.LimitedBy
}

// derive fills in what earlier versions did not write: their first reason was
// the headline, and what was not valid was not trusted. Results, of which they
// wrote valid, were never judged.
func (v *Verdict) derive(rebuilt bool) {
	v.Notes, v.Reasons = notNil(v.Notes), notNil(v.Reasons)
	switch {
	case v.Judged() || v.Valid == nil:
	case rebuilt && len(v.Reasons) > 0 && strings.HasPrefix(v.Reasons[0], notJudged+": "):
		*v = Verdict{Notes: []string{}, Reasons: []string{strings.TrimPrefix(v.Reasons[0], notJudged+": ")}}
	default:
		v.Trust = new(attack.TrustFull)
		if !*v.Valid {
			v.Trust = new(attack.TrustNone)
		}
		if len(v.Reasons) > 0 {
			v.Headline = new(v.Reasons[0])
		}
		v.leadOnce()
	}
}

// endpointWords say what the endpoint did and what bounded the load, in one
// sentence without a full stop; "not judged" where nobody looked.
func (v *Verdict) endpointWords() string {
	if !v.Judged() {
		return notJudged
	}
	words := limitWords(v.limit())
	if v.Headline != nil {
		words = safe(*v.Headline, 240) + ", " + words
	}
	for _, note := range v.Notes[:min(len(v.Notes), maxReasons)] {
		words += "; " + safe(note, 240)
	}
	return words
}

func limitWords(limit string) string {
	switch limit {
	case attack.LimitNone:
		return "limited by nothing"
	case attack.LimitClient:
		return "limited by brunt itself"
	case attack.LimitConnections:
		return "limited by the connections"
	case attack.LimitEndpoint:
		return "limited by the endpoint"
	}
	return "limited by " + safe(limit, 20)
}

// trustWords say how far the figures can be trusted, without the reasons.
func (v *Verdict) trustWords() string {
	switch {
	case !v.Judged():
		return notJudged
	case v.untrusted():
		return "not trusted"
	case v.ErrorMS != nil:
		return "trusted, but times may be up to " + formatMS(*v.ErrorMS) + " too high"
	case *v.Trust == attack.TrustLimited:
		return "trusted in part"
	}
	return "trusted"
}

// maxReasons bounds what a merge of many reports has to say.
const maxReasons = 8

// figuresWords are trustWords with the reasons.
func (v *Verdict) figuresWords() string {
	reasons := []string{}
	for _, reason := range v.Reasons[:min(len(v.Reasons), maxReasons)] {
		reasons = append(reasons, safe(reason, 240))
	}
	if more := len(v.Reasons) - maxReasons; more > 0 {
		reasons = append(reasons, fmt.Sprintf("and %d more", more))
	}
	words := "figures " + v.trustWords()
	if len(reasons) == 0 {
		return words
	}
	return words + ": " + strings.Join(reasons, "; ")
}
